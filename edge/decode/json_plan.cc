#include "edge/decode/json_plan.h"

namespace tidemark {

// Puts paths into the trees one by one. The first failure is kept; what is added after it does not matter.
class JsonPlanBuilder {
 public:
  void add_each(const std::string& text) {
    auto path = parse_path(text);
    if (!path) return fail_with(DecoderError::bad_each, "each", path.error().context);
    std::uint32_t node = 0;
    plan_.nodes_[0].at_message = true;
    plan_.nodes_[0].holds_each = true;
    for (const PathStep& step : path->steps) {
      node = below(node, step);
      plan_.nodes_[node].holds_each = true;
    }
    plan_.nodes_[node].each = true;
    plan_.record_root_ = static_cast<std::uint32_t>(plan_.nodes_.size());
    plan_.nodes_.emplace_back();
  }

  std::uint32_t add(const Path& path, DecoderError code, std::string_view key) {
    if (path.steps.empty()) {
      fail_with(code, key, "\"^\" is the whole message; write ^.key");
      return 0;
    }
    std::uint32_t node = path.at_message ? plan_.message_root() : plan_.record_root();
    for (const PathStep& step : path.steps) {
      // The elements of `each` are walked with the record's tree alone.
      if (plan_.nodes_[node].each) {
        fail_with(code, key, "a path with ^ cannot lead into `each`; leave out ^ and begin at its elements");
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
      const std::string key = "field[" + std::to_string(i) + "].path";
      const std::uint32_t node = add(definition.fields[i].path, DecoderError::bad_path, key);
      plan_.nodes_[node].number = true;
      plan_.fields_.push_back(node);
    }
    if (failure_) return tl::unexpected(std::move(*failure_));

    std::uint32_t next = 0;
    number_slots(plan_.message_root(), next);
    next = 0;
    if (plan_.has_each()) number_slots(plan_.record_root(), next);
    return std::move(plan_);
  }

 private:
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
    const bool at_message = parent.at_message;
    const std::uint32_t child =
        step.is_index ? find_or_add(parent.indexes, step.index) : find_or_add(parent.keys, step.key);
    if (child == added) plan_.nodes_.emplace_back().at_message = at_message;
    return child;
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

}  // namespace tidemark
