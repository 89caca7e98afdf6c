// What the uplink is told, and what it asks of others.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "edge/bytes/result.h"
#include "edge/store/store.h"
#include "gateway/uplink/kafka_producer.h"
#include "gateway/uplink/machine.h"

namespace tidemark {

struct UplinkSettings {
  std::string gateway;  // the records' key
  std::string topic;
  std::function<Result<ProducerSettings, KafkaError>()> producer;  // asked anew for every producer: secrets may change
  std::uint64_t long_backlog = 256;    // rows: from there on the newest go first when the link is back
  std::uint64_t memory = 1ull << 20;   // bytes of the newest events kept for sending: seconds of a busy plant
  std::uint64_t max_rate = 0;          // bytes a second on the wire; 0: no cap
  std::int32_t create_partitions = 0;  // 0: a missing topic is waited for, not made
  Duration retry_least = milliseconds(200);
  Duration retry_most = seconds(2);   // the newest state has 5 s from the link's return to be there
  std::vector<std::uint64_t> parked;  // rows that were parked before
  Machine machine;                    // where this runs: a state file of another one is not sent from
  Duration silence = seconds(8);      // without an acknowledgement of what was sent: the link is gone
};

/// What the uplink asks of whoever owns the store. Both return at once; the answer comes later, on another thread, or
/// never if the pipeline has ended.
struct UplinkSource {
  using Rows = std::vector<LogRow>;
  /// The answer is nullopt if the table could not be read: that says nothing of what is in it.
  std::function<void(std::uint64_t from, std::uint64_t max_bytes, std::function<void(std::optional<Rows>)>)> read;
  /// Begins a new epoch; the answer is the row of its first event, which is not committed yet.
  std::function<void(std::function<void(std::uint64_t)>)> begin_epoch;
  /// Keeps a row that Kafka does not take; the answer is whether it is durable.
  std::function<void(LogRow row, std::function<void(bool)>)> park;
};

}  // namespace tidemark
