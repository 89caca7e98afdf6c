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
  clear_for_reuse(seen_);
  clear_for_reuse(order_);
  names_.clear();
  path_.clear();
  named_ = &named;
  each_ = Each::absent;
  failure_ = Rejection::malformed;
  if (!index_.load(payload)) return Rejection::malformed;
  text_ = index_.text();
  at_ = index_.offsets();
  escapes_ = payload.find('\\') != std::string_view::npos;

  slots_.assign(plan_.message_slots() + plan_.record_slots(), JsonValue{});
  const Node& root = plan_.node(plan_.message_root());
  bool good = false;
  if (!plan_.has_each()) {
    good = element(0);
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

// An earlier equal key may have filled the slots below it; they are the later one's now.
void JsonWalk::forget_below(const Node& node) {
  const std::size_t base = node.at_message ? 0 : plan_.message_slots();
  for (std::size_t slot = base + node.first_slot; slot < base + node.end_slot; ++slot) slots_[slot] = JsonValue{};
  if (node.holds_each) {
    each_ = Each::absent;
    elements_.clear();
    found_.clear();
    named_->clear();
  }
}

// The message as the one record, or an element of `each`. One that is neither object nor array has nothing a path could
// lead to: it is a record without findings.
bool JsonWalk::element(std::uint32_t depth) {
  const bool structure = is_container(peek());
  Element& added = elements_.emplace_back();
  added.structure = structure;
  added.object = peek() == '{';
  added.first_reading = static_cast<std::uint32_t>(named_->size());
  if (!structure) return scalar(nullptr, false) != nullptr;

  if (!container(&plan_.node(plan_.record_root()), plan_.fields().empty(), depth)) return false;
  Element& done = elements_.back();
  done.reading_count = static_cast<std::uint32_t>(named_->size()) - done.first_reading;
  if (plan_.has_each()) keep_found(done);
  return true;
}

// An array of a hundred thousand empty objects is a payload, too: only what is there is kept for each.
void JsonWalk::keep_found(Element& element) {
  element.first_found = static_cast<std::uint32_t>(found_.size());
  for (std::size_t slot = plan_.message_slots(); slot < slots_.size(); ++slot) {
    if (slots_[slot].kind != JsonValue::Kind::absent) found_.push_back({slot, slots_[slot]});
  }
  element.found_count = static_cast<std::uint32_t>(found_.size()) - element.first_found;
}

void JsonWalk::select(const Element& element) {
  if (!plan_.has_each()) return;  // there is one, and what it held is still in its slots
  for (std::size_t slot = plan_.message_slots(); slot < slots_.size(); ++slot) slots_[slot] = JsonValue{};
  for (std::uint32_t i = 0; i < element.found_count; ++i) {
    const Found& found = found_[element.first_found + i];
    slots_[found.slot] = found.value;
  }
}

bool JsonWalk::elements_of_each(std::uint32_t depth) {
  each_ = Each::found;
  if (peek() == '{') return element(depth);
  if (depth >= max_depth_) return fail(Rejection::too_deep);
  return items([this, depth](std::uint32_t) { return element(depth + 1); });
}

// An object or array. The recursion through here is bounded by max_depth_.
bool JsonWalk::container(const Node* node, bool naming, std::uint32_t depth) {
  if (node != nullptr) {
    forget_below(*node);
    if (node->wanted) slots_[slot_of(*node)].kind = JsonValue::Kind::structure;
    // `each` at the message's root is reached from outside, its elements' root is another node: this never loops.
    if (node->each) return elements_of_each(depth);
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
  ++at_;
  if (peek() == '}') return ++at_, true;
  while (true) {
    std::string_view name;
    if (!key(name)) return false;
    const Node* const below = node != nullptr ? plan_.child(*node, name, next) : nullptr;
    if (unknown_ == UnknownKeys::must_understand_underscored && below == nullptr && name.ends_with('_') &&
        node == &plan_.node(plan_.record_root())) {
      return fail(Rejection::malformed);
    }
    const auto first = static_cast<std::uint32_t>(named_->size());
    if (!child(below, naming, depth, [this, name] { append_key(path_, name); })) return false;
    if (naming) seen_.push_back({key_prefix(name), name, first, static_cast<std::uint32_t>(named_->size())});
    const char after = peek();
    if (after != ',' && after != '}') return fail(Rejection::malformed);
    ++at_;
    if (after == '}') break;
  }
  if (naming) drop_repeated(first_key);
  return true;
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
    append_step();
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
  JsonValue& value = wanted ? slots_[slot_of(*node)] : unwanted_;
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
  if (node != nullptr && node->each && value.kind != JsonValue::Kind::absent) each_ = Each::wrong_type;
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

// Takes back the readings below keys that a later key of the same object repeats. A few keys are compared with each
// other; many are sorted, so that a hostile object costs n log n.
void JsonWalk::drop_repeated(std::size_t first_key) {
  constexpr std::size_t kFew = 16;
  const auto equal = [](const SeenKey& a, const SeenKey& b) { return a.prefix == b.prefix && a.key == b.key; };
  bool any = false;
  if (seen_.size() - first_key <= kFew) {
    for (std::size_t i = first_key; i < seen_.size(); ++i) {
      for (std::size_t later = i + 1; later < seen_.size(); ++later) {
        if (equal(seen_[i], seen_[later])) any = seen_[i].repeated = true;
      }
    }
  } else {
    order_.clear();
    for (std::size_t i = first_key; i < seen_.size(); ++i) order_.push_back(static_cast<std::uint32_t>(i));
    std::sort(order_.begin(), order_.end(), [this](std::uint32_t a, std::uint32_t b) {
      return std::tie(seen_[a].prefix, seen_[a].key, a) < std::tie(seen_[b].prefix, seen_[b].key, b);
    });
    for (std::size_t i = 0; i + 1 < order_.size(); ++i) {
      if (equal(seen_[order_[i]], seen_[order_[i + 1]])) any = seen_[order_[i]].repeated = true;
    }
  }
  if (any) {
    std::uint32_t kept = seen_[first_key].first_reading;
    for (std::size_t i = first_key; i < seen_.size(); ++i) {
      if (seen_[i].repeated) continue;
      for (std::uint32_t from = seen_[i].first_reading; from < seen_[i].end_reading; ++from) {
        (*named_)[kept++] = (*named_)[from];
      }
    }
    named_->resize(kept);
  }
  seen_.resize(first_key);
}

}  // namespace tidemark
