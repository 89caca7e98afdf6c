// Overlapping topic filters: a broker sends a message once for each subscription that matches it, each stream gets it
// once (gateway/pipeline/subscriptions.h makes the routes).
#include <doctest/doctest.h>

#include <string>

#include "tests/scenario/model_gateway.h"

namespace tidemark::test {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::uint32_t kFirst = 7;
constexpr std::uint32_t kSecondOne = 200'000'000;

/// Without a time of the device nothing can tell two copies from two readings.
StreamDefinition scalar(const std::string& name, const std::string& topic) {
  StreamDefinition definition;
  definition.name = name;
  definition.topic = topic;
  definition.source = "{device}";
  definition.format = PayloadFormat::scalar;
  return definition;
}

struct Gateway {
  Gateway() : model(settings()) { model.start(now()); }

  static ProcessorSettings settings() {
    ProcessorSettings settings;
    settings.streams = {scalar("first", "a/{device}/c"), scalar("second", "a/b/{device}")};
    return settings;
  }
  Now now() const { return {ArrivalTime{1'780'000'000 * kSecond + at * kSecond}, MonotonicTime{at * kSecond}}; }

  void send(std::uint32_t subscription, const std::string& topic = "a/b/c", const std::string& payload = "1",
            bool duplicate = false, std::uint16_t packet_id = 0) {
    Message message;
    message.topic = topic;
    message.payload = payload;
    message.payload_size = payload.size();
    message.subscription = subscription;
    message.packet_id = packet_id != 0 ? packet_id : ++last_id;
    message.duplicate = duplicate;
    message.arrival = now().arrival;
    model.processor().message(message, ++ordinal, now().monotonic);
    at += 1;
  }
  void end() {
    model.end_group(now());
    CHECK(model.broken_law() == "");
  }
  std::uint64_t of(const std::string& stream, Counter counter) const {
    for (const StreamState& state : model.state().streams) {
      if (state.name == stream) return state.total[counter];
    }
    FAIL("no such stream");
    return 0;
  }
  std::uint64_t of_gateway(Counter counter) const { return model.state().gateway[counter]; }

  ModelGateway model;
  std::int64_t at = 0;
  std::uint16_t last_id = 0;
  std::uint64_t ordinal = 0;
};

TEST_CASE("of the copies of a message each stream takes the one its own subscription brought") {
  Gateway gateway;
  gateway.model.processor().route({{kFirst}, {kSecondOne}});
  for (int i = 0; i < 3; ++i) {
    gateway.send(kFirst);
    gateway.send(kSecondOne);
  }
  gateway.send(kFirst, "a/x/c");  // matches one filter only
  gateway.end();
  CHECK(gateway.of("first", Counter::received) == 4);
  CHECK(gateway.of("first", Counter::counted) == 4);
  CHECK(gateway.of("second", Counter::received) == 3);
  CHECK(gateway.of("second", Counter::counted) == 3);
  CHECK(gateway.of_gateway(Counter::received) == 0);
}

TEST_CASE("one copy for all subscriptions goes to every stream that matches, and so does one without identifiers") {
  for (const bool routed : {true, false}) {
    Gateway gateway;
    if (routed) gateway.model.processor().route({{kFirst}, {kSecondOne}});
    gateway.send(0);
    gateway.end();
    CHECK(gateway.of("first", Counter::counted) == 1);
    CHECK(gateway.of("second", Counter::counted) == 1);
  }
}

TEST_CASE("a copy of a subscription that is gone goes to the streams whose own one is new, and else to none") {
  constexpr std::uint32_t kGone = 99;
  Gateway gateway;
  gateway.model.processor().route({{kFirst, false}, {kSecondOne, true}});
  gateway.send(kGone);
  gateway.send(kFirst);  // ours, so not inherited
  gateway.end();
  CHECK(gateway.of("first", Counter::counted) == 1);
  CHECK(gateway.of("second", Counter::counted) == 1);

  // No stream takes it: received and rejected, so that the ledger balances, and acknowledged like any other.
  gateway.model.processor().route({{kFirst, false}, {kSecondOne, false}});
  gateway.send(kGone);
  gateway.end();
  CHECK(gateway.of_gateway(Counter::received) == 1);
  CHECK(gateway.of_gateway(rejected_message(Rejection::unknown_topic)) == 1);
  CHECK(gateway.model.dead_letters().size() == 1);
}

TEST_CASE("a copy that is delivered again counts as redelivered for its own stream only") {
  Gateway gateway;
  gateway.model.processor().route({{kFirst}, {kSecondOne}});
  gateway.send(kFirst, "a/b/c", "1", false, 11);
  gateway.send(kSecondOne, "a/b/c", "1", false, 12);
  gateway.send(kSecondOne, "a/b/c", "1", true, 12);
  gateway.end();
  CHECK(gateway.of("first", Counter::redelivered) == 0);
  CHECK(gateway.of("second", Counter::redelivered) == 1);
  CHECK(gateway.of("second", Counter::received) == 2);
  CHECK(gateway.of("second", Counter::counted) == 1);
}

}  // namespace
}  // namespace tidemark::test
