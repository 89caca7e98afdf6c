// What a stream wants from its JSON payloads, compiled once: the configured paths merged into a tree of keys and array
// places, so that one walk over a document finds all of them. Each distinct path has a slot for the value found there.
//
// With `each` there are two such trees: the message's (paths with ^, and `each` itself) and the record's (all others,
// beginning at an element). Without it there is one, and ^ changes nothing.
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
    std::uint32_t slot = kNone;                                    // for the value found here, counted in its own tree
    std::uint32_t first_slot = 0;  // slots [first_slot, end_slot) are those at and below this node
    std::uint32_t end_slot = 0;
    bool at_message = false;  // of the message's tree although there is a record's
    bool wanted = false;      // a path ends here
    bool number = false;      // a field's path: its decimal is wanted, not only its text
    bool each = false;        // the elements found here are the records
    bool holds_each = false;  // `each` is at or below this node
  };

  /// On failure the context names the key and says what would be right.
  static Result<JsonPlan, DecoderError> create(const StreamDefinition& definition, const Identity& identity);

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
  [[nodiscard]] bool has_each() const { return record_root_ != 0; }
  [[nodiscard]] std::uint32_t message_root() const { return 0; }
  [[nodiscard]] std::uint32_t record_root() const { return record_root_; }
  [[nodiscard]] std::uint32_t message_slots() const { return has_each() ? nodes_[0].end_slot : 0; }
  [[nodiscard]] std::uint32_t record_slots() const { return nodes_[record_root_].end_slot; }

  /// Nodes of the values. Empty for labels that come from the topic, and for a time or sequence that is not configured.
  [[nodiscard]] std::optional<std::uint32_t> source() const { return source_; }
  [[nodiscard]] const std::vector<std::optional<std::uint32_t>>& tags() const { return tags_; }
  [[nodiscard]] std::optional<std::uint32_t> time() const { return time_; }
  [[nodiscard]] std::optional<std::uint32_t> sequence() const { return sequence_; }
  /// In the order of StreamDefinition::fields. None: every number is a reading, named by its path.
  [[nodiscard]] const std::vector<std::uint32_t>& fields() const { return fields_; }

 private:
  friend class JsonPlanBuilder;

  std::vector<Node> nodes_ = std::vector<Node>(1);
  std::uint32_t record_root_ = 0;
  std::optional<std::uint32_t> source_;
  std::vector<std::optional<std::uint32_t>> tags_;
  std::optional<std::uint32_t> time_;
  std::optional<std::uint32_t> sequence_;
  std::vector<std::uint32_t> fields_;
};

}  // namespace tidemark
