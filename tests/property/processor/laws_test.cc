// The laws of the processor over random streams of messages: order, recovery, the ledger, revisions. The model gateway
// holds ledger, revisions and marks against the laws after every group.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "edge/processor/shard.h"
#include "tests/scenario/model_gateway.h"
#include "tests/support/seeded_random.h"

namespace tidemark::test {
namespace {

constexpr std::int64_t kBegin = 1'772'366'400'000;  // ms; 2026-03-01T12:00:00Z

StreamDefinition climate() {
  StreamDefinition stream;
  stream.name = "climate";
  stream.topic = "plant/{device}/climate";
  stream.source = "{device}";
  stream.time = "t";
  stream.fields = {{"v", "v", "", FieldKind::gauge}, {"w", "w", "", FieldKind::gauge}};
  for (const Aggregate& aggregate : aggregates()) {
    stream.aggregates.emplace_back(aggregate.name);
    stream.components = ComponentSet(stream.components.bits() | aggregate.needs.bits());
  }
  return stream;
}

Now at(std::int64_t ms) {
  return {ArrivalTime{ms * 1'000'000}, MonotonicTime{(ms - kBegin + 1'000'000) * 1'000'000}};
}

struct Publish {
  std::string topic;
  std::string payload;
  std::uint16_t packet_id = 0;
  bool duplicate = false;
  bool retained = false;
};

void send(ModelGateway& gateway, const Publish& publish, std::int64_t ms, std::uint64_t ordinal) {
  Message message;
  message.topic = publish.topic;
  message.payload = publish.payload;
  message.payload_size = publish.payload.size();
  message.packet_id = publish.packet_id;
  message.duplicate = publish.duplicate;
  message.retained = publish.retained;
  message.arrival = at(ms).arrival;
  gateway.processor().message(message, ordinal, at(ms).monotonic);
}

/// How far the clocks of the devices were set back, in ms.
using SetBack = std::array<std::int64_t, 70>;

/// Any message: good, late, ahead, repeated, malformed, of no stream.
Publish any_publish(SeededRandom& random, std::int64_t ms, const SetBack& set_back) {
  static const std::vector<std::string> garbage = {
      "",
      "{",
      "{\"t\":1}",
      "[]",
      "{\"t\":\"x\",\"v\":1}",
      "{\"v\":1}",
      "{\"t\":1e99,\"v\":1}",
      "nan",
      "{\"t\":0,\"v\":{}}",
  };
  Publish publish;
  const std::uint64_t device = random.below(set_back.size());
  publish.topic = "plant/d" + std::to_string(device) + "/climate";
  if (random.chance(1, 30)) publish.topic = "elsewhere";
  if (random.chance(1, 10)) {
    publish.payload = garbage[random.below(garbage.size())];
  } else {
    std::int64_t time = ms - set_back[device] - static_cast<std::int64_t>(random.below(4'000));
    if (random.chance(1, 10)) time -= static_cast<std::int64_t>(random.below(200'000));
    if (random.chance(1, 50)) time += static_cast<std::int64_t>(random.below(900'000));
    if (random.chance(1, 100)) time = static_cast<std::int64_t>(random.below(1000));
    // Coarse times and few values: exact duplicates come about by themselves.
    time -= time % 500;
    const std::string value = std::to_string(random.below(5)) + "." + std::to_string(random.below(3));
    publish.payload = "{\"t\":" + std::to_string(time) + ",\"v\":" + value;
    if (random.chance(1, 3)) publish.payload += ",\"w\":" + (random.chance(1, 9) ? std::string("\"x\"") : value);
    if (random.chance(1, 2)) publish.payload += ",\"n\":" + std::to_string(random.below(300));
    publish.payload += "}";
  }
  if (random.chance(2, 3)) publish.packet_id = static_cast<std::uint16_t>(1 + random.below(20));
  publish.duplicate = random.chance(1, 4);
  publish.retained = random.chance(1, 40);
  return publish;
}

ProcessorSettings any_settings(SeededRandom& random) {
  ProcessorSettings settings;
  settings.max_series = random.chance(1, 4) ? 60 : 100'000;
  settings.streams.push_back(climate());
  StreamDefinition& stream = settings.streams.back();
  stream.lateness = seconds(static_cast<std::int64_t>(random.below(60)));
  stream.watermark_per_series = random.chance(1, 3);
  stream.drop_duplicates = random.chance(3, 4);
  stream.bad_clock = static_cast<BadClock>(random.below(3));
  stream.evict_after = random.chance(1, 2) ? seconds(20) : hours(1);
  if (random.chance(1, 2)) stream.sequence = "n";
  if (random.chance(1, 2)) stream.sequence_modulus = 256;
  if (random.chance(1, 2)) {
    settings.streams.push_back(climate());
    settings.streams.back().name = "all";
    settings.streams.back().topic = "plant/{device}/{what}";
    settings.streams.back().window = seconds(7);
  }
  return settings;
}

/// Groups, timers, sessions, snapshots and crashes at random; a recovered state is held against the live one all along.
/// Returns how many generations its clocks had.
std::uint32_t live(std::uint64_t seed) {
  SeededRandom random(seed);
  ModelGateway gateway(any_settings(random));
  std::int64_t ms = kBegin;
  std::uint64_t ordinal = 0;
  SetBack set_back{};
  gateway.start(at(ms));
  for (int step = 0; step < 250; ++step) {
    for (std::uint64_t n = random.below(12); n > 0; --n) {
      const Publish publish = any_publish(random, ms, set_back);
      send(gateway, publish, ms, publish.packet_id == 0 ? 0 : ++ordinal);
      ms += static_cast<std::int64_t>(random.below(150));
    }
    if (random.chance(1, 20)) set_back[random.below(4)] += static_cast<std::int64_t>(random.below(600'000));
    if (random.chance(1, 5))
      gateway.processor().retire(ordinal - random.below(std::min<std::uint64_t>(ordinal, 9) + 1));
    if (random.chance(1, 25)) {
      gateway.processor().session_opened(random.chance(2, 3));
      ordinal = 0;
    }
    if (random.chance(1, 30)) ms += static_cast<std::int64_t>(random.below(60'000));
    const bool crash = random.chance(1, 12);
    if (!crash || random.chance(1, 2)) {
      gateway.end_group(at(ms));
      while (random.chance(1, 3)) gateway.snapshot(static_cast<std::uint32_t>(random.below(kShardCount)));
      if (random.chance(1, 8)) {
        const auto other = gateway.recovered();
        other->recovery().finish();
        const auto shard = ModelGateway::first_difference(gateway.state(), other->state());
        CHECK_MESSAGE(!shard,
                      "seed " << seed << ", step " << step << ": shard " << *shard << " was recovered otherwise");
        if (shard) return 0;
      }
    }
    if (crash) {
      if (random.chance(1, 3)) {
        StreamDefinition& stream = gateway.settings().streams[0];
        stream.window = seconds(static_cast<std::int64_t>(5 + random.below(3)));
        stream.late_flush = seconds(static_cast<std::int64_t>(1 + random.below(5)));
        stream.watermark_per_series = random.chance(1, 3);
      }
      gateway.restart(at(ms));
      ordinal = 0;
    }
    CHECK_MESSAGE(gateway.broken_law().empty(), "seed " << seed << ", step " << step << ": " << gateway.broken_law());
    if (!gateway.broken_law().empty()) break;
  }
  std::uint32_t generations = 0;
  for (const auto& source : gateway.state().sources) generations += source ? source->generation : 0;
  return generations;
}

struct Reading {
  std::string device;
  std::int64_t time;
  std::string value;
};

std::string fold_of(const std::vector<Reading>& readings, SeededRandom& random, bool anyhow) {
  ProcessorSettings settings;
  settings.streams.push_back(climate());
  settings.streams[0].lateness = hours(10);
  settings.streams[0].watermark_per_series = anyhow && random.chance(1, 2);
  ModelGateway gateway(std::move(settings));
  std::int64_t ms = kBegin + 600'000;
  gateway.start(at(ms));
  for (const Reading& reading : readings) {
    const std::string payload = "{\"t\":" + std::to_string(reading.time) + ",\"v\":" + reading.value + "}";
    send(gateway, {"plant/" + reading.device + "/climate", payload}, ms, 0);
    if (!anyhow) continue;
    if (random.chance(1, 8)) {
      ms += static_cast<std::int64_t>(random.below(3'000));
      gateway.end_group(at(ms));
      if (random.chance(1, 5)) gateway.snapshot(static_cast<std::uint32_t>(random.below(kShardCount)));
      // At the end of a group: what was not committed would come again from the broker.
      if (random.chance(1, 10)) gateway.restart(at(ms));
    }
  }
  gateway.end_group(at(ms));
  // Everything leaves by silence.
  gateway.end_group(at(ms + 7'200'000));
  CHECK_MESSAGE(gateway.broken_law().empty(), gateway.broken_law());
  for (const auto& series : gateway.state().series) CHECK(series->windows.empty());
  // And after a month of it the series make room: nothing is left to wait for.
  gateway.end_group(at(ms + 31ll * 86'400'000));
  CHECK(gateway.state().series_index.size() == 0);
  CHECK(gateway.processor().next_timer() == MonotonicTime::latest());
  return gateway.fold().canonical();
}

}  // namespace

TEST_CASE("the order, the groups and the restarts do not show in the fold") {
  SeededRandom random(20'260'301);
  std::vector<Reading> readings;
  for (int i = 0; i < 1'500; ++i) {
    const std::int64_t time = kBegin + static_cast<std::int64_t>(random.below(600'000));
    const std::string value = std::to_string(random.below(2'000'000)) + "e-" + std::to_string(random.below(9));
    readings.push_back({"d" + std::to_string(random.below(5)), time, value});
    // Twice the same, and the same time with another value.
    if (random.chance(1, 10)) readings.push_back(readings.back());
    if (random.chance(1, 10)) readings.push_back({readings.back().device, time, "7"});
  }
  const std::string expected = fold_of(readings, random, false);
  CHECK(expected.size() > 10'000);
  for (int order = 0; order < 20; ++order) {
    for (std::size_t i = readings.size(); i > 1; --i) std::swap(readings[i - 1], readings[random.below(i)]);
    CHECK(fold_of(readings, random, true) == expected);
  }
}

TEST_CASE("a recovered state is the live one, byte for byte; ledger, revisions and marks hold after every group") {
  std::uint32_t generations = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) generations += live(seed);
  CHECK(generations > 20);
}

}  // namespace tidemark::test
