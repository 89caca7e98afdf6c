#include "edge/decode/json_plan.h"

#include <algorithm>

namespace tidemark {

// Puts paths into the trees one by one. The first failure is kept; what is added after it does not matter.
class JsonPlanBuilder {
 public:
  Result<JsonPlan, DecoderError> build(const StreamDefinition& definition, const Identity& identity) {
    if (!definition.each.empty()) add_each(definition.each);
    plan_.source_ = add_label(identity.source(), DecoderError::bad_source, "source");
    for (std::size_t i = 0; i < identity.tags().size(); ++i) {
      const std::string key = "tags." + identity.tag_names()[i];
      plan_.tags_.push_back(add_label(identity.tags()[i], DecoderError::bad_tag, key));
    }
    plan_.time_ = add_optional(definition.time, DecoderError::bad_time, "time");
    plan_.sequence_ = add_optional(definition.sequence, DecoderError::bad_sequence, "sequence");
    for (std::size_t i = 0; i < definition.fields.size(); ++i) {
      const std::string key = field_key(i);
      const std::uint32_t node = add(definition.fields[i].path, DecoderError::bad_path, key);
      plan_.nodes_[node].number = true;
      plan_.fields_.push_back(node);
    }
    return finished();
  }

  Result<JsonPlan, DecoderError> build_batch(const StreamDefinition& definition, bool by_key) {
    plan_.nodes_[0].each = true;
    plan_.nodes_[0].holds_each = true;
    plan_.nodes_[0].by_key = by_key;
    std::uint32_t record = add_level();
    if (by_key) {
      plan_.nodes_[record].each = true;
      plan_.nodes_[record].holds_each = true;
      // What a device sends for itself, {"ts":..,"values":{..}}, is no map of two devices.
      plan_.nodes_[record].array_alone = true;
      record = add_level();
    }
    plan_.time_ = wanted_below(record, {.key = "ts"});
    const std::uint32_t values = wanted_below(record, {.key = "values"});
    plan_.values_ = values;
    plan_.nodes_[values].names_begin = true;
    for (std::size_t i = 0; i < definition.fields.size(); ++i) add_batch_field(definition.fields[i].path, i, values);
    return finished();
  }

 private:
  static std::string field_key(std::size_t i) { return "field[" + std::to_string(i) + "].path"; }

  void add_each(const std::string& text) {
    auto path = parse_path(text);
    if (!path) return fail_with(DecoderError::bad_each, "each", path.error().context);
    if (path->levels_up > 1) return fail_with(DecoderError::bad_each, "each", "it begins at the message; write one ^");
    if (!path->steps.empty() && path->steps.back().every) {
      return fail_with(DecoderError::bad_each, "each", "its last array is walked anyway; leave out the last []");
    }
    std::uint32_t node = 0;
    plan_.nodes_[node].holds_each = true;
    for (const PathStep& step : path->steps) {
      if (step.every) plan_.nodes_[node].each = true;
      node = step.every ? add_level() : below(node, step);
      plan_.nodes_[node].holds_each = true;
    }
    plan_.nodes_[node].each = true;
    add_level();
  }

  // Returns the root of the new level's tree.
  std::uint32_t add_level() {
    const auto root = static_cast<std::uint32_t>(plan_.nodes_.size());
    plan_.roots_.push_back(root);
    plan_.nodes_.emplace_back().level = plan_.record_level();
    return root;
  }

  // The node at which a path begins, or none if it is wrong.
  std::optional<std::uint32_t> beginning(const Path& path, DecoderError code, std::string_view key) {
    if (path.steps.empty()) {
      fail_with(code, key, "\"^\" is the whole message; write ^.key");
      return std::nullopt;
    }
    if (std::ranges::any_of(path.steps, &PathStep::every)) {
      fail_with(code, key, "[] is for `each` alone; write the place in the array, such as [0]");
      return std::nullopt;
    }
    // Without `each` the record is the message, and ^ changes nothing.
    const std::uint32_t levels = plan_.record_level();
    if (path.levels_up > std::max(levels, 1U)) {
      fail_with(code, key,
                "it leads out of the message; write ^ at most " +
                    (levels < 2 ? std::string("once") : std::to_string(levels) + " times"));
      return std::nullopt;
    }
    return plan_.roots_[levels - std::min(path.levels_up, levels)];
  }

  std::uint32_t add(const Path& path, DecoderError code, std::string_view key) {
    const auto root = beginning(path, code, key);
    if (!root) return 0;
    std::uint32_t node = *root;
    for (const PathStep& step : path.steps) {
      // The elements of `each` are walked with the next level's tree alone.
      if (plan_.nodes_[node].each) {
        fail_with(code, key,
                  path.levels_up == 1 ? "a path with ^ cannot lead into `each`; leave out ^ and begin at its elements"
                                      : "a path with ^ cannot lead into `each`; write one ^ less");
        return 0;
      }
      node = below(node, step);
    }
    plan_.nodes_[node].wanted = true;
    return node;
  }

  std::uint32_t add(std::string_view text, DecoderError code, std::string_view key) {
    auto path = parse_path(text);
    if (path) return add(*path, code, key);
    fail_with(code, key, path.error().context);
    return 0;
  }

  std::optional<std::uint32_t> add_optional(std::string_view text, DecoderError code, std::string_view key) {
    if (text.empty()) return std::nullopt;
    return add(text, code, key);
  }

  std::optional<std::uint32_t> add_label(const LabelOrigin& origin, DecoderError code, std::string_view key) {
    if (!origin.path) return std::nullopt;
    return add(*origin.path, code, key);
  }

  // A field's path begins at the values, wherever they stand.
  void add_batch_field(const std::string& text, std::size_t i, std::uint32_t values) {
    const auto path = parse_path(text);
    if (!path) return fail_with(DecoderError::bad_path, field_key(i), path.error().context);
    if (path->levels_up > 0) {
      return fail_with(DecoderError::bad_path, field_key(i),
                       "the paths of a batch begin at its values; leave out ^, or use format = \"json\"");
    }
    const std::uint32_t plain = add(*path, DecoderError::bad_path, field_key(i));
    std::uint32_t node = values;
    for (const PathStep& step : path->steps) node = below(node, step);
    plan_.nodes_[node].wanted = true;
    for (const std::uint32_t field : {node, plain}) plan_.nodes_[field].number = true;
    plan_.fields_.push_back(node);
    plan_.plain_fields_.push_back(plain);
  }

  std::uint32_t wanted_below(std::uint32_t node, const PathStep& step) {
    const std::uint32_t child = below(node, step);
    plan_.nodes_[child].wanted = true;
    return child;
  }

  std::uint32_t below(std::uint32_t node, const PathStep& step) {
    const auto added = static_cast<std::uint32_t>(plan_.nodes_.size());
    const auto find_or_add = [added](auto& children, const auto& wanted) {
      for (const auto& [known, child] : children) {
        if (known == wanted) return child;
      }
      children.emplace_back(wanted, added);
      return added;
    };
    JsonPlan::Node& parent = plan_.nodes_[node];
    const std::uint32_t level = parent.level;
    const std::uint32_t child =
        step.is_index ? find_or_add(parent.indexes, step.index) : find_or_add(parent.keys, step.key);
    if (child == added) plan_.nodes_.emplace_back().level = level;
    return child;
  }

  Result<JsonPlan, DecoderError> finished() {
    if (failure_) return tl::unexpected(std::move(*failure_));
    std::uint32_t next = 0;
    for (const std::uint32_t root : plan_.roots_) number_slots(root, next);
    return std::move(plan_);
  }

  // Depth first, so that the slots below any node stand together and are emptied together.
  void number_slots(std::uint32_t index, std::uint32_t& next) {
    JsonPlan::Node& node = plan_.nodes_[index];
    node.first_slot = next;
    if (node.wanted) node.slot = next++;
    for (const auto& [key, child] : node.keys) number_slots(child, next);
    for (const auto& [place, child] : node.indexes) number_slots(child, next);
    node.end_slot = next;
  }

  void fail_with(DecoderError code, std::string_view key, std::string_view what) {
    if (!failure_) failure_ = Failure<DecoderError>{code, std::string(key) + ": " + std::string(what)};
  }

  JsonPlan plan_;
  std::optional<Failure<DecoderError>> failure_;
};

Result<JsonPlan, DecoderError> JsonPlan::create(const StreamDefinition& definition, const Identity& identity) {
  return JsonPlanBuilder().build(definition, identity);
}

Result<JsonPlan, DecoderError> JsonPlan::create_batch(const StreamDefinition& definition, bool by_key) {
  return JsonPlanBuilder().build_batch(definition, by_key);
}

}  // namespace tidemark
