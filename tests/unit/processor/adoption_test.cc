#include "edge/processor/adoption.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "edge/processor/apply.h"

namespace tidemark {
namespace {

constexpr ArrivalTime kNow{1'772'366'400'000'000'000};  // 2026-03-01T12:00:00Z

StreamDefinition climate() {
  StreamDefinition stream;
  stream.name = "climate";
  stream.topic = "plant/{device}";
  stream.source = "{device}";
  stream.components = *components_of("mean");
  return stream;
}

void adopt(State& state, const StreamDefinition& definition) {
  const auto adoption = decide_adoption(state, definition, false, kNow);
  REQUIRE(adoption);
  apply(state, adoption->decision);
}

}  // namespace

TEST_CASE("a stream that is new begins version 1, and as it was configured it is left alone") {
  State state;
  const auto first = decide_adoption(state, climate(), false, kNow);
  REQUIRE(first);
  CHECK(first->decision.version == 1);
  CHECK(first->decision.stream == stream_id(state, "climate"));
  CHECK_FALSE(first->ends_version);
  apply(state, first->decision);
  CHECK_FALSE(decide_adoption(state, climate(), false, kNow));
}

TEST_CASE("what shapes windows ends a version; what only times them does not") {
  struct Row {
    const char* what;
    bool ends;
    std::function<void(StreamDefinition&)> change;
  };
  const Row rows[] = {
      {"size", true, [](StreamDefinition& s) { s.window = seconds(20); }},
      {"offset", true, [](StreamDefinition& s) { s.offset = seconds(1); }},
      {"aggregates", true, [](StreamDefinition& s) { s.aggregates = {"stddev"}; }},
      {"fields", true,
       [](StreamDefinition& s) {
         s.fields = {{"v", "v", "", FieldKind::gauge}};
       }},
      {"watermark", true, [](StreamDefinition& s) { s.watermark_per_series = true; }},
      {"lateness", false, [](StreamDefinition& s) { s.lateness = minutes(2); }},
      {"late_flush", false, [](StreamDefinition& s) { s.late_flush = seconds(1); }},
      {"duplicates", false, [](StreamDefinition& s) { s.drop_duplicates = false; }},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.what));
    State state;
    adopt(state, climate());
    StreamDefinition changed = climate();
    row.change(changed);
    const auto adoption = decide_adoption(state, changed, false, kNow);
    REQUIRE(adoption);
    CHECK(adoption->ends_version == row.ends);
    CHECK(adoption->decision.version == (row.ends ? 2 : 1));
  }
}

TEST_CASE("after a loss of sources no version is used again, also where damage took its number") {
  State state;
  adopt(state, climate());
  const auto next = decide_adoption(state, climate(), true, kNow);
  REQUIRE(next);
  CHECK(next->ends_version);
  CHECK(next->decision.version == 2);
  const State empty;
  const auto unknown = decide_adoption(empty, climate(), true, kNow);
  REQUIRE(unknown);
  CHECK_FALSE(unknown->ends_version);
  CHECK(unknown->decision.version > 3'000'000);  // minutes since 2020
  CHECK(decide_adoption(empty, climate(), true, ArrivalTime{0})->decision.version == 1);
}

}  // namespace tidemark
