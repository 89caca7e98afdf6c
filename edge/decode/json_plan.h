// What a stream wants from its JSON payloads, compiled once: the configured paths merged into trees of keys and array
// places, so that one walk over a document finds all of them. Each distinct path has a slot for the value found there.
//
// There is one such tree for each level of the document. Without `each` there is one level, the message, and ^ changes
// nothing. Each array that `each` goes into makes one more: with `nodes[].readings` level 0 is the message, level 1 an
// element of nodes, level 2, whose elements are the records, one of readings. A path begins at the record, and each ^
// takes it one level up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edge/bytes/result.h"
#include "edge/decode/decoder.h"
#include "edge/decode/identity.h"
#include "edge/decode/path.h"
#include "edge/stream/stream_definition.h"

namespace tidemark {

class JsonPlan {
 public:
  static constexpr std::uint32_t kNone = 0xffff'ffff;

  struct Node {
    std::vector<std::pair<std::string, std::uint32_t>> keys;       // key of an object, node below it
    std::vector<std::pair<std::uint32_t, std::uint32_t>> indexes;  // place in an array, node below it
    std::uint32_t level = 0;
    std::uint32_t slot = kNone;    // for the value found here
    std::uint32_t first_slot = 0;  // slots [first_slot, end_slot) are those at and below this node
    std::uint32_t end_slot = 0;
    bool wanted = false;       // a path ends here
    bool number = false;       // a field's path: its decimal is wanted, not only its text
    bool each = false;         // the elements found here are the next level
    bool by_key = false;       // so are the members of the object found here; their keys are wanted
    bool array_alone = false;  // an object found here is not taken for the one element
    bool holds_each = false;   // `each` is at or below this node
    bool names_begin = false;  // of an object found here, readings are named from its members on
  };

  /// For the paths of a stream of format json. On failure the context names the key and says what would be right.
  static Result<JsonPlan, DecoderError> create(const StreamDefinition& definition, const Identity& identity);

  /// For ThingsBoard's telemetry (batch_decoder.h): records with a time and an object of values, or with their values
  /// alone. time(), values(), fields() and plain_fields() are set. `by_key`: the message is an object whose members are
  /// arrays of records; else it is a record or an array of them.
  static Result<JsonPlan, DecoderError> create_batch(const StreamDefinition& definition, bool by_key);

  [[nodiscard]] const Node& node(std::uint32_t index) const { return nodes_[index]; }
  /// What is wanted at a place or key of `parent`, or nullptr. `next`: where in parent.keys to look first, and where to
  /// look the next time; devices write their keys in one order.
  [[nodiscard]] const Node* child(const Node& parent, std::uint32_t place) const {
    for (const auto& [known, below] : parent.indexes) {
      if (known == place) return &nodes_[below];
    }
    return nullptr;
  }
  [[nodiscard]] const Node* child(const Node& parent, std::string_view key, std::size_t& next) const {
    const std::size_t count = parent.keys.size();
    for (std::size_t tried = 0; tried < count; ++tried) {
      if (next >= count) next = 0;
      const auto& [known, below] = parent.keys[next++];
      if (known == key) return &nodes_[below];
    }
    return nullptr;
  }
  /// The level of the records; 0: the message is the record.
  [[nodiscard]] std::uint32_t record_level() const { return static_cast<std::uint32_t>(roots_.size() - 1); }
  [[nodiscard]] const Node& root(std::uint32_t level) const { return nodes_[roots_[level]]; }
  [[nodiscard]] const Node& record_root() const { return nodes_[roots_.back()]; }
  /// Levels have their slots one after the other, the message's first.
  [[nodiscard]] std::uint32_t slots() const { return record_root().end_slot; }

  /// Nodes of the values. Empty for labels that come from the topic, and for a time or sequence that is not configured.
  [[nodiscard]] std::optional<std::uint32_t> source() const { return source_; }
  [[nodiscard]] const std::vector<std::optional<std::uint32_t>>& tags() const { return tags_; }
  [[nodiscard]] std::optional<std::uint32_t> time() const { return time_; }
  [[nodiscard]] std::optional<std::uint32_t> sequence() const { return sequence_; }
  /// In the order of StreamDefinition::fields. None: every number is a reading, named by its path.
  [[nodiscard]] const std::vector<std::uint32_t>& fields() const { return fields_; }

  /// Of a batch: the object of values, in which fields() are; and the fields of a record without one.
  [[nodiscard]] std::optional<std::uint32_t> values() const { return values_; }
  [[nodiscard]] const std::vector<std::uint32_t>& plain_fields() const { return plain_fields_; }

 private:
  friend class JsonPlanBuilder;

  std::vector<Node> nodes_ = std::vector<Node>(1);
  std::vector<std::uint32_t> roots_ = {0};
  std::optional<std::uint32_t> source_;
  std::vector<std::optional<std::uint32_t>> tags_;
  std::optional<std::uint32_t> time_;
  std::optional<std::uint32_t> sequence_;
  std::vector<std::uint32_t> fields_;
  std::optional<std::uint32_t> values_;
  std::vector<std::uint32_t> plain_fields_;
};

}  // namespace tidemark
