// One walk over a JSON document: checks the whole of it and picks up what a JsonPlan wants. What the values mean for a
// record is decided by the decoder afterwards, because ^ may stand behind the elements that need it.
//
// RFC 8259, with two liberties of common encoders: NaN, Infinity (Python's json writes them), nan and inf (C's printf
// does), with or without '-', are read as numbers that are not finite; and an escape that names half a surrogate pair
// passes in a string nobody asked for. Of equal keys in one object the last counts, with all that is below it, as in
// Python, JavaScript and Go.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edge/decode/decoded.h"
#include "edge/decode/json_index.h"
#include "edge/decode/json_plan.h"
#include "edge/decode/text_arena.h"
#include "edge/ledger/rejection.h"
#include "edge/value/decimal.h"

namespace tidemark {

struct JsonValue {
  enum class Kind : std::uint8_t {
    absent,     // or null
    string,     // `text`, unescaped
    no_text,    // a string with half a surrogate pair
    number,     // `text` as it stands; of a field also its value
    nonfinite,  // NaN or an infinity
    boolean,    // `text`, and `value` 0 or 1
    object,
    array,
  };
  Kind kind = Kind::absent;
  bool inexact = false;
  bool out_of_range = false;
  Decimal value;
  std::string_view text;
};

class JsonWalk {
  using Node = JsonPlan::Node;  // nullptr: nothing is wanted here or below

 public:
  /// A record's part of the findings: the message, or one element of `each`.
  struct Element {
    std::uint32_t first_reading = 0;  // among the named readings
    std::uint32_t reading_count = 0;
    std::uint32_t first_found = 0;  // among the wanted values
    std::uint32_t found_count = 0;
    std::uint32_t enclosing = JsonPlan::kNone;  // what stands around it; none: the message
    /// wrong_type: not an object or array, so that no path leads into it; or what stands in place of its array is none.
    /// missing_field: of an enclosing element in which `each` leads nowhere.
    std::optional<Rejection> rejection;
    bool object = false;
  };
  enum class Each : std::uint8_t { absent, found, wrong_type };

  /// What a record's key is that no path begins with: passed over, or, if it ends with "_", a reason to reject the
  /// document as malformed (RFC 8428 section 4.4).
  enum class UnknownKeys : std::uint8_t { ignored, must_understand_underscored };

  JsonWalk(JsonPlan plan, std::uint32_t max_depth, UnknownKeys unknown = UnknownKeys::ignored)
      : plan_(std::move(plan)), max_depth_(max_depth), unknown_(unknown), levels_(plan_.record_level()) {}

  [[nodiscard]] const JsonPlan& plan() const { return plan_; }

  /// nullopt, or why the message is rejected: malformed or too_deep. If the plan has no fields, every number and
  /// boolean of a record that no path of the plan leads to is appended to `named`. Findings are views into this object,
  /// until the next run.
  std::optional<Rejection> run(std::string_view payload, std::vector<FieldValue>& named);

  [[nodiscard]] const std::vector<Element>& elements() const { return elements_; }
  /// What the message has at `each`. Requires a plan with a level below it.
  [[nodiscard]] Each each() const { return levels_.front().each; }
  /// Makes value() speak of one of elements() and of what stands around it.
  void select(const Element& element);
  /// What was found for a node of the plan.
  [[nodiscard]] const JsonValue& value(std::uint32_t node) const { return slots_[plan_.node(node).slot]; }
  /// The key under which the object by_key of the plan holds the element.
  [[nodiscard]] std::string_view key_of(const Element& element) const { return enclosing_[element.enclosing].key; }

 private:
  struct Found {
    std::size_t slot;
    JsonValue value;
  };
  // A key of the object at hand or of one around it, and the readings (of an object by_key: elements) below it.
  struct SeenKey {
    std::uint64_t prefix;  // its first bytes and its length: equal keys have equal ones
    std::string_view key;
    std::uint32_t first = 0;
    std::uint32_t end = 0;
    bool repeated = false;  // a later key is equal
  };
  // An element between the message and the records.
  struct Enclosing {
    std::uint32_t outer = JsonPlan::kNone;  // what stands around this one
    std::uint32_t first_found = 0;
    std::uint32_t found_count = 0;
    std::string_view key;
  };
  // Of a level above the records', the message or the element at hand: what it has at `each`, and how much was there
  // before it, to which everything goes back when a later equal key replaces what holds `each`.
  struct Level {
    Each each = Each::absent;
    std::uint32_t enclosing = JsonPlan::kNone;
    std::size_t elements = 0;
    std::size_t enclosings = 0;
    std::size_t found = 0;
    std::size_t readings = 0;
  };

  bool fail(Rejection reason);
  [[nodiscard]] char peek() const { return text_[*at_]; }
  [[nodiscard]] std::string_view token() const;

  // Each takes one piece of the grammar and moves past it; false: the document is rejected. `depth` counts the
  // containers around it. `naming`: numbers are readings, named by path_ and what stands below it.
  bool element(std::uint32_t level, std::uint32_t depth, std::string_view key);
  bool record(std::uint32_t depth);
  bool enclosing(std::uint32_t level, std::uint32_t depth, std::string_view key);
  bool elements_of_each(const Node& node, std::uint32_t depth);
  bool elements_by_key(const Node& node, std::uint32_t depth);
  bool container(const Node* node, bool naming, std::uint32_t depth);
  bool members(const Node* node, bool naming, std::uint32_t depth);
  template <typename Member>
  bool pairs(Member&& member);
  template <typename Item>
  bool items(Item&& item);
  template <typename AppendStep>
  bool child(const Node* node, bool naming, std::uint32_t depth, AppendStep&& append_step);
  const JsonValue* scalar(const Node* node, bool naming);
  bool string(bool wanted, JsonValue& value);
  bool number(bool decimal, JsonValue& value);
  bool key(std::string_view& key);

  void empty_slots(std::size_t first, std::size_t end);
  void forget_below(const Node& node);
  template <typename Holder>
  void keep_found(const Node& root, Holder& holder);
  template <typename Holder>
  void restore(const Holder& holder);
  void add_reading(std::string_view name, const JsonValue& value);
  bool mark_repeated(std::size_t first_key);
  template <typename Entry>
  void drop_repeated(std::size_t first_key, std::vector<Entry>& entries);
  bool keep_values(const Node& node, std::size_t first_key);

  // Constant after construction.
  JsonPlan plan_;
  std::uint32_t max_depth_;
  UnknownKeys unknown_;

  // Of the document at hand.
  JsonIndex index_;
  char* text_ = nullptr;
  const std::uint32_t* at_ = nullptr;  // the token at hand
  bool escapes_ = false;               // a backslash stands somewhere in it
  Rejection failure_ = Rejection::malformed;
  JsonValue unwanted_;            // the scalar at hand, when no slot is for it
  std::vector<JsonValue> slots_;  // the message's, then those of the elements at hand, level by level
  std::vector<Found> found_;      // what the elements of `each` held: far fewer than slots for each of them
  std::vector<Element> elements_;
  std::vector<Enclosing> enclosing_;
  std::vector<Level> levels_;                 // those above the records'
  std::uint32_t selected_ = JsonPlan::kNone;  // the enclosing element whose findings are in the slots
  std::vector<FieldValue>* named_ = nullptr;
  std::string path_;                  // of the container at hand, where readings are named
  std::vector<SeenKey> seen_;         // a stack of objects' keys, where readings are named
  std::vector<std::uint32_t> order_;  // scratch of mark_repeated
  TextArena names_;
};

}  // namespace tidemark
