// Rule 13 over random clocks: when a generation begins does not depend on how messages are grouped, nor on crashes.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "edge/bytes/byte_writer.h"
#include "edge/processor/shard.h"
#include "tests/scenario/model_gateway.h"
#include "tests/support/seeded_random.h"

namespace tidemark::test {
namespace {

constexpr std::int64_t kBegin = 1'772'366'400'000;  // ms; 2026-03-01T12:00:00Z

struct Sent {
  std::string topic;
  std::string payload;
  std::int64_t at;  // ms, of our clock
};

/// Devices that send in time, late, from a backlog; and whose clocks are set back now and then, and forth again.
std::vector<Sent> any_history(SeededRandom& random) {
  std::array<std::int64_t, 6> behind{};
  std::vector<Sent> history;
  std::int64_t ms = kBegin;
  for (int i = 0; i < 3'000; ++i) {
    ms += static_cast<std::int64_t>(random.below(400));
    if (random.chance(1, 300)) behind[random.below(behind.size())] = static_cast<std::int64_t>(random.below(900'000));
    const std::uint64_t device = random.below(behind.size());
    std::int64_t time = ms - behind[device] - static_cast<std::int64_t>(random.below(device < 3 ? 100 : 5'500));
    if (random.chance(1, 60)) time -= static_cast<std::int64_t>(random.below(300'000));
    history.push_back({"plant/d" + std::to_string(device) + "/climate",
                       "{\"t\":" + std::to_string(time) + ",\"v\":" + std::to_string(i) + "}", ms});
  }
  return history;
}

struct Outcome {
  std::string clocks;  // generation, maximum, watermark and suspicion of every source
  std::string fold;
  std::uint32_t generations = 0;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome outcome_of(const ModelGateway& gateway) {
  Outcome outcome;
  ByteWriter clocks;
  for (const auto& source : gateway.state().sources) {
    clocks.bytes(source->name);
    clocks.varint(source->generation);
    clocks.i64(source->progress.max_event.ns);
    clocks.i64(source->progress.watermark.ns);
    if (source->suspicion) source->suspicion->encode(clocks);
    outcome.generations += source->generation;
  }
  outcome.clocks = clocks.take();
  outcome.fold = gateway.fold().canonical();
  return outcome;
}

Now at(std::int64_t ms) {
  return {ArrivalTime{ms * 1'000'000}, MonotonicTime{(ms - kBegin + 1'000'000) * 1'000'000}};
}

Outcome run(const std::vector<Sent>& history, std::uint64_t group, SeededRandom& random) {
  ProcessorSettings settings;
  StreamDefinition& stream = settings.streams.emplace_back();
  stream.name = "climate";
  stream.topic = "plant/{device}/climate";
  stream.source = "{device}";
  stream.time = "t";
  stream.fields = {{"v", "v", "", FieldKind::gauge}};
  stream.lateness = hours(10);  // what is sealed when depends on the groups, and says delta instead of window
  ModelGateway gateway(std::move(settings));
  gateway.start(at(kBegin));
  std::uint64_t left = 1 + random.below(group);
  for (const Sent& sent : history) {
    Message message;
    message.topic = sent.topic;
    message.payload = sent.payload;
    message.payload_size = sent.payload.size();
    message.arrival = at(sent.at).arrival;
    gateway.processor().message(message, 0, at(sent.at).monotonic);
    if (--left > 0) continue;
    left = 1 + random.below(group);
    gateway.end_group(at(sent.at));
    if (random.chance(1, 4)) gateway.snapshot(static_cast<std::uint32_t>(random.below(kShardCount)));
    if (random.chance(1, 4)) {
      const auto other = gateway.recovered();
      other->recovery().finish();
      CHECK_FALSE(ModelGateway::first_difference(gateway.state(), other->state()));
      gateway.restart(at(sent.at));
    }
  }
  gateway.end_group(at(history.back().at));
  Outcome outcome = outcome_of(gateway);
  gateway.end_group(at(history.back().at + 2 * 3'600'000));
  CHECK_MESSAGE(gateway.broken_law().empty(), gateway.broken_law());
  outcome.fold = gateway.fold().canonical();
  return outcome;
}

}  // namespace

TEST_CASE("a clock's generations are the same whatever the groups and the crashes") {
  std::uint32_t generations = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    SeededRandom random(seed);
    const std::vector<Sent> history = any_history(random);
    const Outcome whole = run(history, history.size(), random);
    generations += whole.generations;
    for (const std::uint64_t group : {std::uint64_t{1}, std::uint64_t{7}, std::uint64_t{200}, std::uint64_t{3'000}}) {
      if (group == 1 && seed > 2) continue;  // every message a group, a recovery after every fourth: two will do
      CAPTURE(seed);
      CAPTURE(group);
      CHECK(run(history, group, random) == whole);
    }
  }
  CHECK(generations > 30);
}

}  // namespace tidemark::test
