// What the first contact with Kafka found, and how far the log there had come: kept in the state file, and held against
// what a later contact finds. A cluster, topic or log that is not the one that acknowledged our events must not be
// taken for it: what it has never seen would be trimmed here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/uplink/kafka_producer.h"

namespace tidemark {

struct Contact {
  std::string cluster;
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t last_offset = -1;    // the highest that was acknowledged; -1: none
  std::uint64_t last_epoch = 0;     // of the event there; 0: not known, as earlier versions did not keep it
  std::uint64_t last_sequence = 0;  // of the event there
  friend bool operator==(const Contact&, const Contact&) = default;

  /// Six lines, for the state file. Of an earlier version the last two are missing.
  [[nodiscard]] std::string text() const;
  static std::optional<Contact> parse(std::string_view text);
};

/// Why events must not go there until a person consents; empty: they may. `end`: the log's end in the partition.
std::string objection(const Contact& known, const std::string& topic, const TopicFacts& found, std::int64_t end);

}  // namespace tidemark
