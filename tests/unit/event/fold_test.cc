#include "edge/event/fold.h"

#include <doctest/doctest.h>

using namespace tidemark;

namespace {

constexpr ComponentSet kAll{15};

WindowState state_of(std::initializer_list<std::int64_t> values) {
  WindowState state(kAll);
  for (const std::int64_t value : values) state.add({value}, {value, 0});
  return state;
}

Pane whole(std::int64_t start, std::uint32_t revision, std::initializer_list<std::int64_t> values) {
  return {{start}, revision, revision == 1 ? PaneKind::on_time : PaneKind::correction, 0, state_of(values)};
}

Pane delta(std::int64_t start, std::initializer_list<std::int64_t> values) {
  return {{start}, 0, PaneKind::delta, pane_flag::dedup_unknown, state_of(values)};
}

SeriesIdentity series(const char* stream, const char* source, const char* field, std::uint32_t version = 1) {
  return {stream, version, source, "{}", field, "", FieldKind::gauge, {10}};
}

/// Writes a log event by event into a fold.
struct Log {
  Fold fold;
  std::string gateway = "plant-7";
  std::uint64_t sequence = 0;

  void write(const SeriesIdentity& identity, const std::vector<Pane>& panes) {
    std::vector<SeriesPane> list;
    for (const Pane& pane : panes) list.push_back({&identity, &pane});
    EventHeader header;
    header.gateway = gateway;
    header.epoch = 5;
    header.sequence = ++sequence;
    REQUIRE(fold.accept(encode_window_batch(header, list)));
  }
  [[nodiscard]] std::vector<std::string> windows() const {
    std::vector<std::string> result;
    fold.for_each([&](const FoldedWindow& w) {
      result.push_back(
          std::string(w.gateway) + " " + std::string(w.family.stream) + " " + std::to_string(w.family.version) + " " +
          std::string(w.origin.source) + " " + std::string(w.family.field) + " " + std::to_string(w.start.ns) + ": r" +
          std::to_string(w.revision) + " " + std::string(name_of(w.kind)) + " f" + std::to_string(w.flags) + " n" +
          std::to_string(w.state.count()) + " " + to_string(w.state.sum().value()));
    });
    return result;
  }
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("the whole pane of the highest revision stands, whichever comes first") {
  const SeriesIdentity temperature = series("climate", "press-1", "temperature");
  for (const bool ascending : {true, false}) {
    Log log;
    for (const std::uint32_t revision : ascending ? std::vector{1u, 2u, 3u} : std::vector{3u, 2u, 1u}) {
      log.write(temperature, {whole(0, revision, {1, std::int64_t{revision}})});
    }
    CHECK(log.windows() == Lines{"plant-7 climate 1 press-1 temperature 0: r3 correction f0 n2 4"});
    CHECK(log.fold.conflicts() == 0);
    CHECK(log.fold.panes() == 3);
  }
}

TEST_CASE("deltas are added to the whole pane, whichever comes first, and each counts") {
  const SeriesIdentity temperature = series("climate", "press-1", "temperature");
  const Lines expected{"plant-7 climate 1 press-1 temperature 0: r1 on_time f2 n5 118"};
  Log after, before;
  after.write(temperature, {whole(0, 1, {1, 2})});
  after.write(temperature, {delta(0, {100})});
  after.write(temperature, {delta(0, {7, 8})});
  before.write(temperature, {delta(0, {100})});
  before.write(temperature, {delta(0, {7, 8})});
  before.write(temperature, {whole(0, 1, {1, 2})});
  CHECK(after.windows() == expected);
  CHECK(before.windows() == expected);
}

TEST_CASE("a correction does not contain what a delta carried") {
  const SeriesIdentity temperature = series("climate", "press-1", "temperature");
  Log log;
  log.write(temperature, {whole(0, 1, {1})});
  log.write(temperature, {delta(0, {100})});
  log.write(temperature, {whole(0, 2, {1, 2})});
  CHECK(log.windows() == Lines{"plant-7 climate 1 press-1 temperature 0: r2 correction f2 n3 103"});
}

TEST_CASE("a delta without a base starts from empty") {
  Log log;
  log.write(series("climate", "press-1", "temperature"), {delta(0, {7, 8})});
  CHECK(log.windows() == Lines{"plant-7 climate 1 press-1 temperature 0: r0 delta f2 n2 15"});
}

TEST_CASE("windows come in canonical order: gateway, stream, version, source, tags, field, size, start") {
  Log log;
  log.write(series("power", "a", "energy"), {whole(0, 1, {1})});
  log.write(series("climate", "b", "temperature"), {whole(20, 1, {1}), whole(-10, 1, {1})});
  log.write(series("climate", "b", "humidity"), {whole(0, 1, {1})});
  log.write(series("climate", "a", "zinc"), {whole(0, 1, {1})});
  log.write(series("climate", "a", "temperature", 10), {whole(0, 1, {1})});
  log.write(series("climate", "a", "temperature", 2), {whole(0, 1, {1})});
  log.write(series("climate", "b", "temperature"), {whole(10, 1, {1}), whole(0, 1, {1})});
  log.gateway = "plant-10";
  log.sequence = 0;
  log.write(series("power", "a", "energy"), {whole(0, 1, {1})});
  CHECK(log.windows() == Lines{
                             "plant-10 power 1 a energy 0: r1 on_time f0 n1 1",
                             "plant-7 climate 1 a zinc 0: r1 on_time f0 n1 1",
                             "plant-7 climate 1 b humidity 0: r1 on_time f0 n1 1",
                             "plant-7 climate 1 b temperature -10: r1 on_time f0 n1 1",
                             "plant-7 climate 1 b temperature 0: r1 on_time f0 n1 1",
                             "plant-7 climate 1 b temperature 10: r1 on_time f0 n1 1",
                             "plant-7 climate 1 b temperature 20: r1 on_time f0 n1 1",
                             "plant-7 climate 2 a temperature 0: r1 on_time f0 n1 1",
                             "plant-7 climate 10 a temperature 0: r1 on_time f0 n1 1",
                             "plant-7 power 1 a energy 0: r1 on_time f0 n1 1",
                         });
}

TEST_CASE("windows that arrive behind newer ones are found again by corrections and deltas") {
  const SeriesIdentity temperature = series("climate", "press-1", "temperature");
  Log log;
  log.write(temperature, {whole(100, 1, {1})});
  log.write(temperature, {whole(30, 1, {1})});
  log.write(temperature, {whole(20, 1, {1})});
  log.write(temperature, {whole(20, 2, {1, 2}), delta(20, {5})});
  CHECK(log.windows() == Lines{"plant-7 climate 1 press-1 temperature 20: r2 correction f2 n3 8",
                               "plant-7 climate 1 press-1 temperature 30: r1 on_time f0 n1 1",
                               "plant-7 climate 1 press-1 temperature 100: r1 on_time f0 n1 1"});
}

TEST_CASE("a repeated event is skipped") {
  const SeriesIdentity temperature = series("climate", "press-1", "temperature");
  Log log;
  log.write(temperature, {delta(0, {7})});
  log.sequence = 0;
  log.write(temperature, {delta(0, {7})});
  CHECK(log.windows() == Lines{"plant-7 climate 1 press-1 temperature 0: r0 delta f2 n1 7"});
}

TEST_CASE("one revision with two contents is a conflict, and the same one stands in either order") {
  const SeriesIdentity temperature = series("climate", "press-1", "temperature");
  Log one, other;
  one.write(temperature, {whole(0, 1, {1})});
  one.write(temperature, {whole(0, 1, {2})});
  other.write(temperature, {whole(0, 1, {2})});
  other.write(temperature, {whole(0, 1, {1})});
  CHECK(one.fold.conflicts() == 1);
  CHECK(other.fold.conflicts() == 1);
  CHECK(one.windows() == other.windows());
}

TEST_CASE("one revision twice with the same content is no conflict") {
  const SeriesIdentity temperature = series("climate", "press-1", "temperature");
  Log log;
  log.write(temperature, {whole(0, 1, {1})});
  log.write(temperature, {whole(0, 1, {1})});
  CHECK(log.fold.conflicts() == 0);
}

TEST_CASE("the totals are the counts of the fold per gateway, stream and source") {
  Log log;
  log.write(series("climate", "a", "temperature"), {whole(0, 1, {1, 2}), whole(10, 1, {1}), delta(0, {9})});
  log.write(series("climate", "a", "temperature"), {whole(0, 2, {1, 2, 3})});
  log.write(series("climate", "a", "humidity"), {whole(0, 1, {1})});
  log.write(series("climate", "b", "humidity"), {whole(0, 1, {1})});
  const std::vector<SourceTotal> expected{{"plant-7", "climate", "a", 6}, {"plant-7", "climate", "b", 1}};
  CHECK(log.fold.totals() == expected);
}

TEST_CASE("the fold of decoded events is that of their bytes") {
  const SeriesIdentity temperature = series("climate", "press-1", "temperature");
  const Pane panes[] = {whole(0, 1, {1, 2}), delta(0, {3}), whole(10, 2, {4})};
  std::vector<SeriesPane> list;
  for (const Pane& pane : panes) list.push_back({&temperature, &pane});
  EventHeader header;
  header.gateway = "plant-7";
  header.sequence = 1;
  const std::string bytes = encode_window_batch(header, list);
  Log from_bytes, from_event;
  CHECK(from_bytes.fold.accept(bytes) == true);
  CHECK(from_event.fold.accept(*decode_event(bytes)));
  CHECK_FALSE(from_event.fold.accept(*decode_event(bytes)));
  CHECK(from_bytes.windows() == from_event.windows());
}

TEST_CASE("events without windows move the mark and nothing else") {
  EventHeader header;
  header.gateway = "plant-7";
  header.sequence = 1;
  Fold fold;
  CHECK(fold.accept(encode_heartbeat(header, {})) == true);
  CHECK(fold.accept(encode_heartbeat(header, {})) == false);
  CHECK(fold.windows() == 0);
}
