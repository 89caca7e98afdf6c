// Reads a partition from an offset to its end, by a consumer that lives only for that. It costs at most what the limits
// say, and two answers of the broker more (32 KiB each, or one batch of records if that is larger).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "gateway/uplink/kafka_producer.h"

namespace tidemark {

struct TailLimits {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  // of records, not compressed
  std::chrono::milliseconds time{};
};

enum class TailEnd : std::uint8_t {
  reached,    // the end as it was asked for; or what was asked for is gone by retention
  cut_short,  // by a limit, or `stop`
  refused,    // this user may write to the topic and not read it
};

/// Records with offsets from `from` to before `end`, in order. `settings`: the producer's, whose security is the
/// consumer's as well. `stop` is asked again and again. An error: librdkafka takes a property for wrong.
Result<TailEnd, KafkaError> read_tail(
    const ProducerSettings& settings, const std::string& topic, std::int32_t partition, std::int64_t from,
    std::int64_t end, const TailLimits& limits, const std::function<bool()>& stop,
    const std::function<void(std::int64_t offset, std::string_view key, std::string_view value)>& take);

}  // namespace tidemark
