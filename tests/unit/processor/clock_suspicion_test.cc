#include <doctest/doctest.h>

#include <optional>
#include <vector>

#include "edge/decode/decoded.h"
#include "edge/processor/clock_suspicion.h"
#include "edge/processor/clock_watch.h"

namespace tidemark::test {
namespace {

constexpr EventTime kReached{hours(500'000).ns};

/// A message: when it came, after the clock had shown its maximum, and how far its time lay behind its arrival.
struct Sent {
  Duration after;
  Duration lag;
};

/// Whether any of the messages completes a step.
bool steps(const std::vector<Sent>& messages) {
  std::optional<ClockSuspicion> suspicion;
  for (const Sent& sent : messages) {
    const ArrivalTime arrival{(kReached + sent.after).ns};
    ClockSuspicion after;
    if (!look_at_clock(suspicion ? &*suspicion : nullptr, kReached, {kReached + sent.after - sent.lag, arrival},
                       after)) {
      suspicion.reset();
      continue;
    }
    if (shows_step(after)) return true;
    suspicion = after;
  }
  return false;
}

std::vector<Sent> drained(std::int64_t percent_of_real_time, Duration every, std::int64_t messages) {
  std::vector<Sent> sent;
  for (std::int64_t i = 0; i < messages; ++i) {
    const Duration gained{every.ns * i * (percent_of_real_time - 100) / 100};
    sent.push_back({seconds(10) + Duration{every.ns * i}, hours(1) - gained});
  }
  return sent;
}

}  // namespace

TEST_CASE("a clock was set back when its lag is constant within 5 s over 30 s, a minute or more below its maximum") {
  struct Case {
    const char* name;
    bool steps;
    std::vector<Sent> messages;
  };
  const std::vector<Case> cases = {
      {"a lag that grows as time goes", false, {{seconds(1), seconds(61)}, {seconds(31), seconds(91)}}},
      {"constant", true, {{seconds(1), seconds(91)}, {seconds(31), seconds(91)}}},
      {"30 s less a nanosecond", false, {{seconds(1), seconds(91)}, {seconds(31) - nanoseconds(1), seconds(91)}}},
      {"59.999 s below when 30 s are over",
       false,
       {{seconds(0), milliseconds(89'999)}, {seconds(30), milliseconds(89'999)}}},
      {"60 s below when 30 s are over", true, {{seconds(0), seconds(90)}, {seconds(30), seconds(90)}}},
      {"5 s apart", true, {{seconds(1), seconds(91)}, {seconds(31), seconds(96)}}},
      {"5.001 s apart", false, {{seconds(1), seconds(91)}, {seconds(31), milliseconds(96'001)}}},
      {"one on time between", false, {{seconds(1), hours(1)}, {seconds(20), seconds(0)}, {seconds(32), hours(1)}}},
      {"the first came slowly",
       true,
       {{seconds(1), milliseconds(304'900)},
        {seconds(40), seconds(300)},
        {seconds(62), seconds(300)},
        {seconds(93), seconds(300)}}},
      {"our clock was set back between", false, {{seconds(100), hours(1)}, {seconds(60), hours(1)}}},
  };
  for (const Case& one : cases) {
    CAPTURE(one.name);
    CHECK(steps(one.messages) == one.steps);
  }
}

TEST_CASE("a backlog is never a step, however slowly it is drained") {
  for (const std::int64_t percent : {102, 103, 105, 110, 150, 200, 1'000, 100'000}) {
    for (const Duration every : {milliseconds(100), seconds(1), seconds(7), seconds(29), seconds(31)}) {
      CAPTURE(percent);
      CAPTURE(every.ns);
      CHECK_FALSE(steps(drained(percent, every, 400)));
    }
  }
  // Newest first: the lag grows.
  CHECK_FALSE(steps(drained(-100, seconds(1), 400)));
  CHECK_FALSE(steps(drained(0, seconds(6), 400)));
  // At the pace of time it cannot be told from a step.
  CHECK(steps(drained(100, seconds(1), 400)));
}

TEST_CASE("a suspicion is written and read again") {
  const ClockSuspicion suspicion{{5}, {7'000'000'000}, seconds(300), seconds(299), seconds(298), seconds(301)};
  ByteWriter out;
  suspicion.encode(out);
  ByteReader in(out.view());
  CHECK(ClockSuspicion::decode(in) == suspicion);
  CHECK(in.at_end());
}

TEST_CASE("stored readings and records without a time say nothing of a clock") {
  State state;
  state.streams.emplace_back().name = "climate";
  auto made = std::make_unique<Source>();
  made->name = "a";
  made->progress.max_event = kReached;
  state.insert(std::move(made));
  Source& source = *state.sources[0];
  OpenPlan plan(state);
  ClockWatch watch(plan);
  const StreamDefinition definition;
  std::vector<Record> records(1);
  records[0].source = "a";
  const auto look = [&](Duration after, std::optional<Duration> lag, bool historical) {
    records[0].time = lag ? std::optional(kReached + after - *lag) : std::nullopt;
    records[0].historical = historical;
    watch.begin(definition, records);
    watch.look(0, source, ArrivalTime{(kReached + after).ns});
    return watch.step();
  };
  for (std::int64_t s = 1; s < 100; ++s) CHECK_FALSE(look(seconds(s), hours(1), true));
  CHECK(source.suspicion == nullptr);
  for (std::int64_t s = 1; s < 100; ++s) CHECK_FALSE(look(seconds(s), std::nullopt, false));
  CHECK(source.suspicion == nullptr);
  // The same ones, measured now. A stored one between them refutes nothing.
  CHECK_FALSE(look(seconds(100), hours(1), false));
  CHECK_FALSE(look(seconds(110), seconds(0), true));
  CHECK(look(seconds(130), hours(1), false));
  CHECK(source.clock_lag == hours(1));
}

}  // namespace tidemark::test
