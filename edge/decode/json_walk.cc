#include "edge/decode/json_walk.h"

#include <algorithm>
#include <cstring>
#include <tuple>

#include "edge/decode/json_string.h"
#include "edge/decode/label.h"
#include "edge/decode/reuse.h"

namespace tidemark {
namespace {

constexpr bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
constexpr bool is_container(char c) {
  return c == '{' || c == '[';
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// RFC 8259 section 6, for numbers whose value nobody asked for.
bool is_json_number(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto digits = [&at, end] {
    const char* const first = at;
    while (at != end && is_digit(*at)) ++at;
    return at != first;
  };
  if (at != end && *at == '-') ++at;
  if (at != end && *at == '0') {
    ++at;
  } else if (!digits()) {
    return false;
  }
  if (at != end && *at == '.' && (++at, !digits())) return false;
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != end && (*at == '-' || *at == '+')) ++at;
    if (!digits()) return false;
  }
  return at == end;
}

bool is_reading(const JsonValue& value) {
  return value.kind == JsonValue::Kind::number || value.kind == JsonValue::Kind::nonfinite ||
         value.kind == JsonValue::Kind::boolean;
}

std::uint64_t key_prefix(std::string_view key) {
  std::uint64_t prefix = 0;
  std::memcpy(&prefix, key.data(), std::min<std::size_t>(key.size(), 7));
  return prefix << 8 | (key.size() & 0xff);
}

}  // namespace

std::optional<Rejection> JsonWalk::run(std::string_view payload, std::vector<FieldValue>& named) {
  clear_for_reuse(elements_);
  clear_for_reuse(found_);
  clear_for_reuse(enclosing_);
  clear_for_reuse(seen_);
  clear_for_reuse(order_);
  names_.clear();
  path_.clear();
  named_ = &named;
  selected_ = JsonPlan::kNone;
  failure_ = Rejection::malformed;
  for (Level& level : levels_) level = Level{};
  if (!index_.load(payload)) return Rejection::malformed;
  text_ = index_.text();
  at_ = index_.offsets();
  escapes_ = payload.find('\\') != std::string_view::npos;

  slots_.assign(plan_.slots(), JsonValue{});
  const Node& root = plan_.root(0);
  bool good = false;
  if (plan_.record_level() == 0) {
    good = record(0);
  } else {
    good = is_container(peek()) ? container(&root, false, 0) : scalar(&root, false) != nullptr;
  }
  if (!good) return failure_;
  if (*at_ != payload.size()) return Rejection::malformed;  // something follows the value
  return std::nullopt;
}

// A token ends where the next begins; white space between them is counted to it.
std::string_view JsonWalk::token() const {
  std::uint32_t size = at_[1] - *at_;
  while (size > 0 && is_space(text_[*at_ + size - 1])) --size;
  return {text_ + *at_, size};
}

bool JsonWalk::fail(Rejection reason) {
  failure_ = reason;
  return false;
}

void JsonWalk::empty_slots(std::size_t first, std::size_t end) {
  for (std::size_t slot = first; slot < end; ++slot) slots_[slot] = JsonValue{};
}

// An earlier equal key may have filled the slots below it; they are the later one's now.
void JsonWalk::forget_below(const Node& node) {
  empty_slots(node.first_slot, node.end_slot);
  if (!node.holds_each) return;
  Level& level = levels_[node.level];
  level.each = Each::absent;
  elements_.resize(level.elements);
  enclosing_.resize(level.enclosings);
  found_.resize(level.found);
  named_->resize(level.readings);
}

// An element of `each`. `key`: of the member that it is, if it is one.
bool JsonWalk::element(std::uint32_t level, std::uint32_t depth, std::string_view key) {
  return level == plan_.record_level() ? record(depth) : enclosing(level, depth, key);
}

// The message as the one record, or an element that is one. One that is neither object nor array has nothing a path
// could lead to: it is a record without findings.
bool JsonWalk::record(std::uint32_t depth) {
  Element& added = elements_.emplace_back();
  added.first_reading = static_cast<std::uint32_t>(named_->size());
  if (!levels_.empty()) added.enclosing = levels_.back().enclosing;
  added.object = peek() == '{';
  if (!is_container(peek())) {
    added.rejection = Rejection::wrong_type;
    return scalar(nullptr, false) != nullptr;
  }
  const Node& root = plan_.record_root();
  if (!container(&root, plan_.fields().empty(), depth)) return false;
  Element& done = elements_.back();
  done.reading_count = static_cast<std::uint32_t>(named_->size()) - done.first_reading;
  if (!levels_.empty()) keep_found(root, done);
  return true;
}

// An element in which `each` goes on. Where it leads nowhere, one record is rejected in place of those that are not
// there, so that what is missing shows; the elements beside this one are what they are.
bool JsonWalk::enclosing(std::uint32_t level, std::uint32_t depth, std::string_view key) {
  const auto number = static_cast<std::uint32_t>(enclosing_.size());
  enclosing_.push_back({.outer = levels_[level - 1].enclosing, .first_found = 0, .found_count = 0, .key = key});
  levels_[level] = {.each = Each::absent,
                    .enclosing = number,
                    .elements = elements_.size(),
                    .enclosings = enclosing_.size(),
                    .found = found_.size(),
                    .readings = named_->size()};
  const Node& root = plan_.root(level);
  if (is_container(peek())) {
    if (!container(&root, false, depth)) return false;
  } else {
    if (scalar(&root, false) == nullptr) return false;
    if (!root.each) levels_[level].each = Each::wrong_type;
  }
  if (levels_[level].each != Each::found) {
    Element& none = elements_.emplace_back();
    none.first_reading = static_cast<std::uint32_t>(named_->size());
    none.enclosing = number;
    none.rejection = levels_[level].each == Each::absent ? Rejection::missing_field : Rejection::wrong_type;
  }
  keep_found(root, enclosing_[number]);
  return true;
}

// An array of a hundred thousand empty objects is a payload, too: only what is there is kept for each.
template <typename Holder>
void JsonWalk::keep_found(const Node& root, Holder& holder) {
  holder.first_found = static_cast<std::uint32_t>(found_.size());
  for (std::size_t slot = root.first_slot; slot < root.end_slot; ++slot) {
    if (slots_[slot].kind != JsonValue::Kind::absent) found_.push_back({slot, slots_[slot]});
  }
  holder.found_count = static_cast<std::uint32_t>(found_.size()) - holder.first_found;
}

template <typename Holder>
void JsonWalk::restore(const Holder& holder) {
  for (std::uint32_t i = 0; i < holder.found_count; ++i) {
    const Found& found = found_[holder.first_found + i];
    slots_[found.slot] = found.value;
  }
}

void JsonWalk::select(const Element& element) {
  if (levels_.empty()) return;  // there is one, and what it held is still in its slots
  const Node& root = plan_.record_root();
  if (element.enclosing != selected_) {
    selected_ = element.enclosing;
    empty_slots(plan_.root(0).end_slot, root.first_slot);
    for (std::uint32_t around = selected_; around != JsonPlan::kNone; around = enclosing_[around].outer) {
      restore(enclosing_[around]);
    }
  }
  empty_slots(root.first_slot, root.end_slot);
  restore(element);
}

bool JsonWalk::elements_of_each(const Node& node, std::uint32_t depth) {
  if (node.by_key) return elements_by_key(node, depth);
  const std::uint32_t level = node.level + 1;
  if (node.array_alone && peek() == '{') {
    levels_[node.level].each = Each::wrong_type;
    return container(nullptr, false, depth);
  }
  levels_[node.level].each = Each::found;
  if (peek() == '{') return element(level, depth, {});
  if (depth >= max_depth_) return fail(Rejection::too_deep);
  return items([this, level, depth](std::uint32_t) { return element(level, depth + 1, {}); });
}

// The members of an object, each an element; of equal keys the last counts.
bool JsonWalk::elements_by_key(const Node& node, std::uint32_t depth) {
  if (peek() != '{') {
    levels_[node.level].each = Each::wrong_type;
    return container(nullptr, false, depth);
  }
  levels_[node.level].each = Each::found;
  if (depth >= max_depth_) return fail(Rejection::too_deep);
  const std::size_t first_key = seen_.size();
  const bool good = pairs([this, &node, depth](std::string_view name) {
    const auto first = static_cast<std::uint32_t>(elements_.size());
    if (!element(node.level + 1, depth + 1, name)) return false;
    seen_.push_back({key_prefix(name), name, first, static_cast<std::uint32_t>(elements_.size())});
    return true;
  });
  if (good) drop_repeated(first_key, elements_);
  return good;
}

// An object or array. The recursion through here is bounded by max_depth_.
bool JsonWalk::container(const Node* node, bool naming, std::uint32_t depth) {
  if (node != nullptr) {
    forget_below(*node);
    if (node->wanted) {
      slots_[node->slot].kind = peek() == '{' ? JsonValue::Kind::object : JsonValue::Kind::array;
    }
    // The elements' root is another node, of the next level: this never loops.
    if (node->each) return elements_of_each(*node, depth);
  }
  if (depth >= max_depth_) return fail(Rejection::too_deep);
  if (peek() == '{') return members(node, naming, depth + 1);
  return items([this, node, naming, depth](std::uint32_t place) {
    const Node* const below = node != nullptr ? plan_.child(*node, place) : nullptr;
    return child(below, naming, depth + 1, [this, place] { append_index(path_, place); });
  });
}

bool JsonWalk::members(const Node* node, bool naming, std::uint32_t depth) {
  const std::size_t first_key = seen_.size();
  std::size_t next = 0;
  const bool good = pairs([this, node, naming, depth, &next](std::string_view name) {
    const Node* const below = node != nullptr ? plan_.child(*node, name, next) : nullptr;
    if (unknown_ == UnknownKeys::must_understand_underscored && below == nullptr && name.ends_with('_') &&
        node == &plan_.record_root()) {
      return fail(Rejection::malformed);
    }
    const auto first = static_cast<std::uint32_t>(named_->size());
    if (!child(below, naming, depth, [this, name] { append_key(path_, name); })) return false;
    if (naming) seen_.push_back({key_prefix(name), name, first, static_cast<std::uint32_t>(named_->size())});
    return true;
  });
  if (!good) return false;
  if (naming && (node == nullptr || !keep_values(*node, first_key))) drop_repeated(first_key, *named_);
  return true;
}

// The members of an object, at whose brace we stand.
template <typename Member>
bool JsonWalk::pairs(Member&& member) {
  ++at_;
  if (peek() == '}') return ++at_, true;
  while (true) {
    std::string_view name;
    if (!key(name) || !member(name)) return false;
    const char after = peek();
    if (after != ',' && after != '}') return fail(Rejection::malformed);
    ++at_;
    if (after == '}') return true;
  }
}

// The items of an array, at whose bracket we stand.
template <typename Item>
bool JsonWalk::items(Item&& item) {
  ++at_;
  if (peek() == ']') return ++at_, true;
  for (std::uint32_t place = 0;; ++place) {
    if (!item(place)) return false;
    const char after = peek();
    if (after != ',' && after != ']') return fail(Rejection::malformed);
    ++at_;
    if (after == ']') return true;
  }
}

// The value of a member or item. `append_step` makes path_ lead to it.
template <typename AppendStep>
bool JsonWalk::child(const Node* node, bool naming, std::uint32_t depth, AppendStep&& append_step) {
  if (!naming) {
    return is_container(peek()) ? container(node, false, depth) : scalar(node, false) != nullptr;
  }
  const std::size_t outer = path_.size();
  bool good = false;
  if (is_container(peek())) {
    // Only below a record's root do names begin anew, and there nothing has been appended yet.
    if (node == nullptr || !node->names_begin || peek() != '{') append_step();
    good = container(node, true, depth);
  } else {
    const JsonValue* const value = scalar(node, true);
    good = value != nullptr;
    if (good && is_reading(*value) && (node == nullptr || !node->wanted)) {
      append_step();
      add_reading(path_, *value);
    }
  }
  path_.resize(outer);
  return good;
}

// Any other value, read where it is to stay: copies of what was written a moment ago, piece by piece, would stall.
// nullptr: the document is rejected.
const JsonValue* JsonWalk::scalar(const Node* node, bool naming) {
  const bool wanted = node != nullptr && node->wanted;
  if (node != nullptr) forget_below(*node);
  if (!wanted) unwanted_ = JsonValue{};
  JsonValue& value = wanted ? slots_[node->slot] : unwanted_;
  const char first = peek();
  bool good = true;
  if (first == '"') {
    good = string(wanted, value);
  } else if (is_digit(first) || first == '-') {
    good = number(naming || (node != nullptr && node->number), value);
  } else {
    value.text = token();
    if (value.text == "true" || value.text == "false") {
      value.kind = JsonValue::Kind::boolean;
      value.value.coefficient = value.text == "true" ? 1 : 0;
    } else if (value.text != "null") {
      good = number(true, value);
    }
  }
  if (!good) {
    failure_ = Rejection::malformed;
    return nullptr;
  }
  ++at_;
  if (node != nullptr && node->each && value.kind != JsonValue::Kind::absent) {
    levels_[node->level].each = Each::wrong_type;
  }
  return &value;
}

bool JsonWalk::string(bool wanted, JsonValue& value) {
  // The index has seen that the quotes are closed; what relies on it for memory safety looks again.
  const std::string_view text = token();
  if (text.size() < 2 || text.back() != '"') return false;
  char* const inside = text_ + *at_ + 1;
  value.kind = JsonValue::Kind::string;
  value.text = {inside, text.size() - 2};
  if (!escapes_) return true;
  switch (check_escapes(value.text)) {
    case JsonEscapes::none:
      return true;
    case JsonEscapes::valid:
      if (wanted) value.text = unescape({inside, value.text.size()});
      return true;
    case JsonEscapes::unpaired:
      value.kind = JsonValue::Kind::no_text;
      return true;
    case JsonEscapes::invalid:
      return false;
  }
  return false;
}

// A number, or a name of one that is not finite. `decimal`: its value is wanted.
bool JsonWalk::number(bool decimal, JsonValue& value) {
  value.kind = JsonValue::Kind::number;
  value.text = token();
  if (!decimal && is_json_number(value.text)) return true;
  const auto parsed = parse_decimal(value.text);
  if (parsed) {
    value.value = parsed->value;
    value.inexact = parsed->inexact;
    return true;
  }
  switch (parsed.error()) {
    case DecimalError::malformed:
      return false;
    case DecimalError::nonfinite:
      value.kind = JsonValue::Kind::nonfinite;
      return true;
    case DecimalError::out_of_range:
      value.out_of_range = true;
      return true;
  }
  return false;
}

// A key and its colon.
bool JsonWalk::key(std::string_view& key) {
  JsonValue name;
  if (peek() != '"' || !string(true, name) || name.kind != JsonValue::Kind::string) return fail(Rejection::malformed);
  ++at_;
  if (peek() != ':') return fail(Rejection::malformed);
  ++at_;
  key = name.text;
  return true;
}

void JsonWalk::add_reading(std::string_view name, const JsonValue& value) {
  FieldValue& reading = named_->emplace_back();
  reading.value = value.value;
  reading.inexact = value.inexact;
  if (value.out_of_range) reading.rejection = Rejection::out_of_range;
  if (value.kind == JsonValue::Kind::nonfinite) reading.rejection = Rejection::nonfinite;
  if (is_label(name)) {
    reading.name = names_.keep(name);
  } else {
    reading.rejection = Rejection::malformed;
  }
}

// Marks the keys that a later key of the same object repeats. A few keys are compared with each other; many are sorted,
// so that a hostile object costs n log n.
bool JsonWalk::mark_repeated(std::size_t first_key) {
  constexpr std::size_t kFew = 16;
  const auto equal = [](const SeenKey& a, const SeenKey& b) { return a.prefix == b.prefix && a.key == b.key; };
  bool any = false;
  if (seen_.size() - first_key <= kFew) {
    for (std::size_t i = first_key; i < seen_.size(); ++i) {
      for (std::size_t later = i + 1; later < seen_.size(); ++later) {
        if (equal(seen_[i], seen_[later])) any = seen_[i].repeated = true;
      }
    }
    return any;
  }
  order_.clear();
  for (std::size_t i = first_key; i < seen_.size(); ++i) order_.push_back(static_cast<std::uint32_t>(i));
  std::sort(order_.begin(), order_.end(), [this](std::uint32_t a, std::uint32_t b) {
    return std::tie(seen_[a].prefix, seen_[a].key, a) < std::tie(seen_[b].prefix, seen_[b].key, b);
  });
  for (std::size_t i = 0; i + 1 < order_.size(); ++i) {
    if (equal(seen_[order_[i]], seen_[order_[i + 1]])) any = seen_[order_[i]].repeated = true;
  }
  return any;
}

// Takes back the entries below keys that a later key of the same object repeats.
template <typename Entry>
void JsonWalk::drop_repeated(std::size_t first_key, std::vector<Entry>& entries) {
  if (mark_repeated(first_key)) {
    std::uint32_t kept = seen_[first_key].first;
    for (std::size_t i = first_key; i < seen_.size(); ++i) {
      if (seen_[i].repeated) continue;
      for (std::uint32_t from = seen_[i].first; from < seen_[i].end; ++from) entries[kept++] = entries[from];
    }
    entries.resize(kept);
  }
  seen_.resize(first_key);
}

// Where a record's values are an object of their own, what stands beside it is not telemetry: its readings alone are
// kept, of equal keys the last's. False: it has none, and `seen_` is as it was.
bool JsonWalk::keep_values(const Node& node, std::size_t first_key) {
  if (!plan_.values() || &node != &plan_.record_root()) return false;
  const auto& [name, values] =
      *std::ranges::find(node.keys, *plan_.values(), [](const auto& key) { return key.second; });
  if (value(values).kind != JsonValue::Kind::object) return false;
  std::size_t last = seen_.size() - 1;
  while (seen_[last].key != name) --last;
  std::uint32_t kept = seen_[first_key].first;
  for (std::uint32_t from = seen_[last].first; from < seen_[last].end; ++from) (*named_)[kept++] = (*named_)[from];
  named_->resize(kept);
  seen_.resize(first_key);
  return true;
}

}  // namespace tidemark
