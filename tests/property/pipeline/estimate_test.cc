// Whether `check` and `run` promise enough memory: the estimate against what the allocator has handed out.
#include "gateway/config/estimate.h"

#include <doctest/doctest.h>
#include <malloc.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "edge/processor/processor.h"

namespace tidemark {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
constexpr bool kAllocatorCounts = false;  // it has another one
std::uint64_t allocated() {
  return 0;
}
#else
constexpr bool kAllocatorCounts = true;
std::uint64_t allocated() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}
#endif

struct Load {
  int series;
  int fields_a_source;
  Duration interval;
  Duration window;
};

StreamDefinition stream_of(const Load& load) {
  StreamDefinition stream;
  stream.name = "climate";
  stream.topic = "plant/{site}/{device}/climate";
  stream.source = "{device}";
  stream.time = "ts";
  stream.window = load.window;
  stream.components = ComponentSet(Parts::kKnown);
  return stream;
}

/// Bytes a series when the windows of default lateness are open.
double measured(const Load& load) {
  ProcessorSettings settings;
  settings.streams.push_back(stream_of(load));
  auto created = Processor::create(std::move(settings));
  REQUIRE(created);
  Processor& processor = **created;
  constexpr EventTime kStart{1'700'000'000'000'000'000};
  processor.start({{kStart.ns}, {0}});
  const std::uint64_t before = allocated();
  std::uint64_t most = 0;
  std::uint64_t ordinal = 0;
  const Duration span = seconds(75 + load.window.ns / seconds(1).ns);
  for (Duration at{}; at < span; at.ns += load.interval.ns) {
    for (int i = 0; i < load.series / load.fields_a_source; ++i) {
      const std::string topic = "plant/north-" + std::to_string(i % 3) + "/device-" + std::to_string(i) + "/climate";
      std::string payload = "{\"ts\":" + std::to_string((kStart.ns + at.ns) / 1'000'000 + i % 50);
      for (int field = 0; field < load.fields_a_source; ++field) {
        const std::uint64_t value = (ordinal * 2'654'435'761u + static_cast<std::uint64_t>(field) * 40'503u) % 9'973;
        payload += ",\"field-" + std::to_string(field) + "\":" + std::to_string(value / 100) + "." +
                   std::to_string(10 + value % 90);
      }
      payload += "}";
      Message message;
      message.topic = topic;
      message.payload = payload;
      message.payload_size = payload.size();
      message.packet_id = static_cast<std::uint16_t>(1 + ordinal % 4'000);
      message.arrival = {kStart.ns + at.ns};
      processor.message(message, ++ordinal, {at.ns});
      if (ordinal % 100 == 0) {
        processor.end_group({{kStart.ns + at.ns}, {at.ns}});
        processor.retire(ordinal);
      }
    }
    most = std::max(most, allocated());
  }
  return static_cast<double>(most - before) / load.series;
}

TEST_CASE("a series takes no more memory than the estimate says, and no less than half of it") {
  const Load loads[] = {
      {2'000, 1, seconds(1), seconds(10)},        {2'000, 10, seconds(1), seconds(10)},
      {1'000, 1, milliseconds(100), seconds(10)}, {2'000, 1, seconds(10), seconds(10)},
      {500, 1, seconds(1), minutes(10)},          {2'000, 10, seconds(1), seconds(60)},
  };
  if (!kAllocatorCounts) {
    MESSAGE("this allocator does not count: skipped");
    return;
  }
  for (const Load& load : loads) {
    CAPTURE(load.fields_a_source);
    CAPTURE(load.interval.ns);
    CAPTURE(load.window.ns);
    Configuration configuration;
    configuration.streams.push_back(stream_of(load));
    configuration.limits.reading_interval = load.interval;
    const auto promised = static_cast<double>(estimate_memory(configuration).streams[0].bytes);
    const double taken = measured(load);
    CAPTURE(promised);
    CAPTURE(taken);
    CHECK(taken <= promised);
    CHECK(taken >= promised / 2);
  }
}

}  // namespace
}  // namespace tidemark
