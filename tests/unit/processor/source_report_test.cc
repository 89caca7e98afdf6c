#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "tests/scenario/model_gateway.h"

namespace tidemark::test {
namespace {

Message message_of(std::string_view topic, std::string_view payload, ArrivalTime arrival) {
  Message message;
  message.topic = topic;
  message.payload = payload;
  message.payload_size = payload.size();
  message.arrival = arrival;
  return message;
}

TEST_CASE("a report carries a known source whose message could not be read, and the sum of its parts balances") {
  ProcessorSettings settings;
  StreamDefinition definition;
  definition.name = "climate";
  definition.topic = "plant/{device}";
  definition.source = "{device}";
  settings.streams = {definition};
  ModelGateway gateway(std::move(settings));
  const Now now{ArrivalTime{1'780'000'000'000'000'000}, MonotonicTime{1}};
  gateway.start(now);
  Processor& processor = gateway.processor();
  processor.message(message_of("plant/a", R"({"v":1})", now.arrival), 0, now.monotonic);
  gateway.end_group(now);
  (void)processor.report(100);
  REQUIRE_FALSE(processor.reports_due());

  processor.message(message_of("plant/a", "nonsense", now.arrival), 0, now.monotonic);
  for (int i = 0; i < 1000; ++i) {
    processor.message(message_of("plant/hostile" + std::to_string(i), "nonsense", now.arrival), 0, now.monotonic);
  }
  gateway.end_group(now);
  CHECK(gateway.broken_law() == "");
  CHECK(gateway.state().source_index.size() == 1);
  CHECK(processor.reports_due());
  const SourceReport report = processor.report(100);
  const auto counted = [&](std::string_view stream, std::string_view source, std::string_view counter) {
    for (const SourceStanding& standing : report.sources) {
      if (standing.stream != stream || standing.source != source) continue;
      for (const LedgerEntry& entry : standing.ledger) {
        if (entry.counter == counter) return entry.value;
      }
    }
    return std::uint64_t{0};
  };
  CHECK(counted("climate", "a", "messages.received") == 2);
  CHECK(counted("climate", "a", "messages.decoded") == 1);
  CHECK(counted("climate", "a", "messages.rejected.malformed") == 1);
  CHECK(counted("climate", "", "messages.received") == 1000);
  CHECK(counted("climate", "", "messages.rejected.malformed") == 1000);
}

TEST_CASE("a report says how a source's clock stands: its offset, how far behind it is, and its generation") {
  ProcessorSettings settings;
  StreamDefinition definition;
  definition.name = "climate";
  definition.topic = "plant/{device}";
  definition.source = "{device}";
  definition.time = "t";
  definition.clock_offset = hours(1);
  definition.clock_offsets = {{"a", seconds(-10)}};
  definition.bad_clock = BadClock::accept;
  settings.streams = {definition};
  ModelGateway gateway(std::move(settings));
  const Now now{ArrivalTime{1'780'000'000'000'000'000}, MonotonicTime{1}};
  gateway.start(now);
  Processor& processor = gateway.processor();
  const auto standing_of = [&](std::string_view source) {
    gateway.end_group(now);
    const SourceReport report = processor.report(100);
    const auto at = std::find_if(report.sources.begin(), report.sources.end(),
                                 [&](const SourceStanding& standing) { return standing.source == source; });
    REQUIRE(at != report.sources.end());
    return *at;
  };
  processor.message(message_of("plant/a", R"({"t":1779999997500,"v":1})", now.arrival), 0, now.monotonic);
  SourceStanding standing = standing_of("a");
  CHECK(standing.clock_offset == seconds(-10));
  CHECK(standing.clock_lag == milliseconds(12'500));
  CHECK(standing.generation == 0);
  // Also of a clock that nobody trusts.
  processor.message(message_of("plant/b", R"({"t":1880000000000,"v":1})", now.arrival), 0, now.monotonic);
  standing = standing_of("b");
  CHECK(standing.clock_offset == hours(1));
  CHECK(standing.clock_lag == seconds(-100'003'600));
}

}  // namespace
}  // namespace tidemark::test
