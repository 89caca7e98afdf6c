// A gateway that has seen what gateways see: the source of whole plans and shards for what is done to them
// by property tests and fuzz targets.
#pragma once

#include <string>

#include "tests/scenario/model_gateway.h"

namespace tidemark::test {

inline constexpr std::int64_t kBusyBegin_ms = 1'772'366'400'000;

inline Now busy_now(int i) {
  return {ArrivalTime{(kBusyBegin_ms + i * 900) * 1'000'000}, MonotonicTime{(i + 1) * 900'000'000LL}};
}

/// Three sources of two fields with sequence numbers; late readings, duplicates, bad payloads; windows emitted, sealed
/// and corrected by deltas.
inline ModelGateway busy_gateway() {
  ProcessorSettings settings;
  StreamDefinition stream;
  stream.name = "climate";
  stream.topic = "plant/{device}/{room}";
  stream.source = "{device}";
  stream.time = "t";
  stream.sequence = "n";
  stream.lateness = seconds(0);
  stream.components = *components_of("stddev");
  settings.streams.push_back(stream);
  ModelGateway gateway(std::move(settings));
  gateway.start(busy_now(0));
  gateway.processor().session_opened(false);
  for (int i = 1; i < 120; ++i) {
    const std::string topic = "plant/d" + std::to_string(i % 3) + "/kitchen";
    const std::int64_t back = i % 7 == 0 ? 60'000 : 0;
    std::string payload = "{\"t\":" + std::to_string(kBusyBegin_ms + i * 900 - back) +
                          ",\"n\":" + std::to_string(i / 3) + ",\"v\":" + std::to_string(i) + ".25,\"w\":1e-7}";
    if (i % 31 == 0) payload.resize(payload.size() / 2);
    Message message;
    message.topic = topic;
    message.payload = payload;
    message.payload_size = payload.size();
    message.packet_id = static_cast<std::uint16_t>(i);
    message.arrival = busy_now(i).arrival;
    gateway.processor().message(message, static_cast<std::uint64_t>(i), busy_now(i).monotonic);
    if (i % 9 == 0) {
      gateway.end_group(busy_now(i));
      gateway.processor().retire(static_cast<std::uint64_t>(i) - 3);
    }
  }
  gateway.end_group(busy_now(120));
  return gateway;
}

/// What a recovered processor must bear: a start, a message and the ends of two groups, the second a day later.
inline void live_on(Processor& processor) {
  processor.start(busy_now(130));
  const std::string payload = "{\"t\":" + std::to_string(kBusyBegin_ms + 130 * 900) + ",\"n\":50,\"v\":1.5}";
  Message message;
  message.topic = "plant/d0/kitchen";
  message.payload = payload;
  message.payload_size = payload.size();
  message.packet_id = 7;
  message.duplicate = true;
  message.arrival = busy_now(131).arrival;
  processor.message(message, 1, busy_now(131).monotonic);
  processor.end_group(busy_now(131));
  const Now later{busy_now(131).arrival + hours(24), busy_now(131).monotonic + hours(24)};
  processor.end_group(later);
  for (std::uint32_t shard = 0; shard < kShards; ++shard) static_cast<void>(processor.shard(shard));
}

}  // namespace tidemark::test
