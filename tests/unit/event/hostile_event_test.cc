#include <doctest/doctest.h>

#include <functional>

#include "edge/event/column.h"
#include "edge/event/event.h"
#include "edge/event/fold.h"
#include "schemas/telemetry_generated.h"

using namespace tidemark;

namespace {

/// One batch as a stranger might write it: sound as it stands, and each test spoils one thing.
struct Batch {
  std::string gateway = "plant-7";
  std::vector<std::uint8_t> digest = std::vector<std::uint8_t>(16, 1);
  std::vector<std::string> sources{"press-1"};
  std::vector<std::string> tags{"{}"};
  std::string stream = "climate", field = "temperature", unit = "Cel";
  log::FieldKind kind = log::FieldKind::gauge;
  std::int64_t size = 10'000'000'000;
  std::uint32_t components = 15;
  std::int32_t exponent = -1;
  std::uint32_t panes = 2;
  int groups = 1;
  // Two windows: 20.1 and 20.3; 20.2.
  std::vector<std::int64_t> origin{0, 0}, start{0, 10'000'000'000}, revision{1, 1}, pane_kind{0, 0}, flags{0, 0};
  std::vector<std::int64_t> count{2, 1}, sum{2, 0}, variance{4, 0}, min{201, 202}, max{2, 0}, first{0, 0}, last{0, 0};
  std::vector<std::int64_t> first_time{0, 0}, last_time{5, 0};
  std::string raw_min;  // instead of `min`

  [[nodiscard]] std::string bytes() const {
    flatbuffers::FlatBufferBuilder b;
    const auto column = [&b](const std::vector<std::int64_t>& values) {
      Integers integers;
      for (const std::int64_t value : values) integers.push(value);
      const std::string packed = encode_column(integers);
      return b.CreateVector(reinterpret_cast<const std::uint8_t*>(packed.data()), packed.size());
    };
    std::vector<flatbuffers::Offset<log::PaneGroup>> list;
    for (int i = 0; i < groups; ++i) {
      const auto s = b.CreateString(stream), f = b.CreateString(field), u = b.CreateString(unit);
      const auto least = raw_min.empty()
                             ? column(min)
                             : b.CreateVector(reinterpret_cast<const std::uint8_t*>(raw_min.data()), raw_min.size());
      const auto c0 = column(origin), c1 = column(start), c2 = column(revision), c3 = column(pane_kind);
      const auto c4 = column(flags), c5 = column(count), c6 = column(sum), c7 = column(variance), c8 = column(max);
      const auto c9 = column(first), c10 = column(last), c11 = column(first_time), c12 = column(last_time);
      list.push_back(log::CreatePaneGroup(b, s, 1, f, u, kind, size, components, exponent, panes, c0, c1, c2, c3, c4,
                                          c5, c6, c7, least, c8, c9, c10, c11, c12));
    }
    const auto sources_at = b.CreateVectorOfStrings(sources), tags_at = b.CreateVectorOfStrings(tags);
    const auto groups_at = b.CreateVector(list);
    const auto body = log::CreateWindowBatch(b, sources_at, tags_at, groups_at);
    const auto name = b.CreateString(gateway);
    const auto digest_at = b.CreateVector(digest);
    log::FinishEventBuffer(b,
                           log::CreateEvent(b, name, 1, 1, 0, 0, digest_at, 0, log::Body::WindowBatch, body.Union()));
    return {reinterpret_cast<const char*>(b.GetBufferPointer()), b.GetSize()};
  }
};

/// The error, or nothing if it is read. The fold's reader must be of the same mind, and take nothing in.
std::optional<EventError> error_of(const std::string& bytes) {
  const Result<Event, EventError> event = decode_event(bytes);
  Fold fold;
  const Result<bool, EventError> taken = fold.accept(bytes);
  CHECK(event.has_value() == taken.has_value());
  if (event) return std::nullopt;
  CHECK(taken.error().code == event.error().code);
  CHECK(fold.windows() == 0);
  CHECK_FALSE(event.error().context.empty());
  return event.error().code;
}

}  // namespace

TEST_CASE("the batch that the others spoil is sound") {
  const Result<Event, EventError> event = decode_event(Batch().bytes());
  REQUIRE(event);
  const WindowBatch& batch = std::get<WindowBatch>(event->body);
  REQUIRE(batch.panes.size() == 2);
  WindowState expected(ComponentSet(15));
  expected.add({0}, {201, -1});
  expected.add({5}, {203, -1});
  CHECK(batch.panes[0].pane.state == expected);
}

TEST_CASE("a claim that no gateway makes is damage") {
  const struct {
    const char* what;
    std::function<void(Batch&)> spoil;
  } rows[] = {
      {"an origin beyond the dictionary",
       [](Batch& b) {
         b.origin = {0, 1};
       }},
      {"a negative origin",
       [](Batch& b) {
         b.origin = {-1, 0};
       }},
      {"no origins at all", [](Batch& b) { b.sources.clear(), b.tags.clear(); }},
      {"a source without tags", [](Batch& b) { b.sources.push_back("press-2"); }},
      {"a source that is not UTF-8", [](Batch& b) { b.sources[0] = "\xff"; }},
      {"tags that are not UTF-8", [](Batch& b) { b.tags[0] = "{\xc3}"; }},
      {"a source over 4 KiB", [](Batch& b) { b.sources[0] = std::string(4097, 'a'); }},
      {"a stream that is not UTF-8", [](Batch& b) { b.stream = "\x80"; }},
      {"a field over 4 KiB", [](Batch& b) { b.field = std::string(4097, 'a'); }},
      {"a unit that is not UTF-8",
       [](Batch& b) {
         b.unit =
             "\xb0"
             "C";
       }},
      {"a gateway that is not UTF-8", [](Batch& b) { b.gateway = "\xff"; }},
      {"a digest of 15 bytes", [](Batch& b) { b.digest.pop_back(); }},
      {"a window without a size", [](Batch& b) { b.size = 0; }},
      {"a window of negative size", [](Batch& b) { b.size = -1; }},
      {"an exponent no decimal has", [](Batch& b) { b.exponent = -342; }},
      {"an exponent no decimal has, above", [](Batch& b) { b.exponent = 309; }},
      {"an exponent near the end of int32", [](Batch& b) { b.exponent = INT32_MAX; }},
      {"no panes", [](Batch& b) { b.panes = 0; }},
      {"fewer panes than a column holds", [](Batch& b) { b.panes = 1; }},
      {"more panes than a column holds", [](Batch& b) { b.panes = 3; }},
      {"a negative revision",
       [](Batch& b) {
         b.revision = {-1, 1};
       }},
      {"a revision beyond 32 bits",
       [](Batch& b) {
         b.revision = {1, std::int64_t{1} << 32};
       }},
      {"a kind of pane beyond a byte",
       [](Batch& b) {
         b.pane_kind = {0, 256};
       }},
      {"flags beyond 16 bits",
       [](Batch& b) {
         b.flags = {0, 65'536};
       }},
      {"a window of no readings",
       [](Batch& b) {
         b.count = {2, 0};
       }},
      {"a negative count",
       [](Batch& b) {
         b.count = {-2, 1};
       }},
      {"a maximum below the minimum",
       [](Batch& b) {
         b.max = {-1, 0};
       }},
      {"a first value below the minimum",
       [](Batch& b) {
         b.first = {-1, 0};
       }},
      {"a first value above the maximum",
       [](Batch& b) {
         b.first = {3, 0};
       }},
      {"a last value above the maximum",
       [](Batch& b) {
         b.last = {-1, 0};
       }},
      {"a last value below the minimum",
       [](Batch& b) {
         b.last = {0, 1};
       }},
      {"a sum below count times minimum",
       [](Batch& b) {
         b.sum = {-1, 0};
       }},
      {"a sum above count times maximum",
       [](Batch& b) {
         b.sum = {5, 0};
       }},
      {"a negative variance",
       [](Batch& b) {
         b.variance = {-4, 0};
       }},
      {"a variance that no squares have",
       [](Batch& b) {
         b.variance = {5, 0};
       }},
      {"a last reading before the first",
       [](Batch& b) {
         b.last_time = {-1, 0};
       }},
      {"a first reading after the end of time", [](Batch& b) { b.start[1] = b.first_time[1] = INT64_MAX; }},
      {"a last reading after the end of time", [](Batch& b) { b.start[1] = b.last_time[1] = INT64_MAX; }},
      {"a value of 19 digits",
       [](Batch& b) {
         b.min = {1'000'000'000'000'000'001, 202};
       }},
      {"a value beyond every double",
       [](Batch& b) {
         b.exponent = 308, b.min = {1'000'000'000'000'000'000, 202};
       }},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Batch batch;
    row.spoil(batch);
    CHECK(error_of(batch.bytes()) == EventError::damaged);
  }
}

TEST_CASE("what only a later version knows is told apart from damage") {
  Batch component, kind, pane_kind;
  component.components |= 16;
  kind.kind = static_cast<log::FieldKind>(3);
  pane_kind.pane_kind = {0, 4};
  for (const Batch* batch : {&component, &kind, &pane_kind}) CHECK(error_of(batch->bytes()) == EventError::newer);
}

TEST_CASE("columns of components that are not kept are not read") {
  Batch batch;
  batch.components = 0;
  batch.sum = {-1, 0};
  batch.raw_min = "\xff\xff";
  const Result<Event, EventError> event = decode_event(batch.bytes());
  REQUIRE(event);
  CHECK(std::get<WindowBatch>(event->body).panes[0].pane.state.count() == 2);
}

TEST_CASE("columns of equal values take no bytes, and still cannot claim any number of panes") {
  const auto repeat = [](std::uint32_t panes, int groups) {
    Batch batch;
    batch.panes = panes;
    batch.groups = groups;
    batch.revision = batch.count = {1};
    batch.min = {202};
    batch.origin = batch.start = batch.pane_kind = batch.flags = batch.sum = batch.variance = batch.max = {0};
    batch.first = batch.last = batch.first_time = batch.last_time = {0};
    return batch.bytes();
  };
  CHECK(error_of(repeat(kMaxPanesPerEvent, 1)) == std::nullopt);
  CHECK(error_of(repeat(kMaxPanesPerEvent + 1, 1)) == EventError::too_large);
  CHECK(error_of(repeat(UINT32_MAX, 1)) == EventError::too_large);
  CHECK(error_of(repeat(UINT32_MAX, 40)) == EventError::too_large);
  CHECK(error_of(repeat(4096, 17)) == EventError::too_large);
}

TEST_CASE("long names that many panes repeat are bounded") {
  Batch batch;
  batch.panes = 60'000;
  batch.sources.assign(60'000, "s");
  batch.tags.assign(60'000, "{}");
  batch.stream = batch.field = std::string(4096, 'n');
  std::vector<std::int64_t> each;
  for (std::int64_t i = 0; i < 60'000; ++i) each.push_back(i);
  batch.origin = each;
  batch.revision = batch.count = {1};
  batch.min = {202};
  batch.start = batch.pane_kind = batch.flags = batch.sum = batch.variance = batch.max = {0};
  batch.first = batch.last = batch.first_time = batch.last_time = {0};
  const Result<Event, EventError> event = decode_event(batch.bytes());
  REQUIRE_FALSE(event);
  CHECK(event.error().code == EventError::too_large);
}

TEST_CASE("many offsets to one long string are bounded") {
  flatbuffers::FlatBufferBuilder b;
  const auto text = b.CreateString(std::string(4096, 'x'));
  const std::vector<flatbuffers::Offset<flatbuffers::String>> many(60'000, text);
  const auto sources = b.CreateVector(many), tags = b.CreateVector(many);
  const auto groups = b.CreateVector(std::vector<flatbuffers::Offset<log::PaneGroup>>());
  const auto body = log::CreateWindowBatch(b, sources, tags, groups);
  const auto gateway = b.CreateString("plant-7");
  log::FinishEventBuffer(b, log::CreateEvent(b, gateway, 1, 1, 0, 0, 0, 0, log::Body::WindowBatch, body.Union()));
  CHECK(error_of({reinterpret_cast<const char*>(b.GetBufferPointer()), b.GetSize()}) == EventError::damaged);
}

TEST_CASE("an event that names a body and has none is damage") {
  for (const log::Body type : {log::Body::NONE, log::Body::WindowBatch, log::Body::SourceReport, log::Body::Heartbeat,
                               static_cast<log::Body>(200)}) {
    flatbuffers::FlatBufferBuilder b;
    const auto gateway = b.CreateString("plant-7");
    log::FinishEventBuffer(b, log::CreateEvent(b, gateway, 1, 1, 0, 0, 0, 0, type, 0));
    CHECK(error_of({reinterpret_cast<const char*>(b.GetBufferPointer()), b.GetSize()}) == EventError::damaged);
  }
}

TEST_CASE("bytes that are no event are told apart from a damaged one") {
  CHECK(error_of("") == EventError::not_an_event);
  CHECK(error_of("TDMK") == EventError::not_an_event);
  CHECK(error_of(std::string(1000, '\0')) == EventError::not_an_event);
  CHECK(error_of(std::string("\x10\0\0\0TDMK", 8)) == EventError::damaged);
  CHECK(error_of(std::string("\xff\xff\xff\xffTDMK", 8)) == EventError::damaged);
  CHECK(error_of(std::string("\0\0\0\0TDMK", 8) + std::string(kMaxEventBytes, '\0')) == EventError::too_large);
}

TEST_CASE("a source report whose ledger does not match its counters is damage") {
  const auto report = [](std::vector<std::uint32_t> counters, std::vector<std::uint64_t> values, const char* name) {
    flatbuffers::FlatBufferBuilder b;
    const auto names = b.CreateVectorOfStrings({name});
    const auto counters_at = b.CreateVector(counters);
    const auto values_at = b.CreateVector(values);
    const auto standing = log::CreateSourceStanding(b, 0, 1, 0, 0, 0, 0, 0, 0, counters_at, values_at);
    const auto sources = b.CreateVector(&standing, 1);
    const auto body = log::CreateSourceReport(b, names, sources);
    const auto gateway = b.CreateString("plant-7");
    log::FinishEventBuffer(b, log::CreateEvent(b, gateway, 1, 1, 0, 0, 0, 0, log::Body::SourceReport, body.Union()));
    return std::string(reinterpret_cast<const char*>(b.GetBufferPointer()), b.GetSize());
  };
  const auto code = [](const std::string& bytes) -> std::optional<EventError> {
    const Result<Event, EventError> event = decode_event(bytes);
    if (event) return std::nullopt;
    return event.error().code;
  };
  CHECK(code(report({0}, {7}, "received")) == std::nullopt);
  CHECK(code(report({1}, {7}, "received")) == EventError::damaged);
  CHECK(code(report({0, 0}, {7}, "received")) == EventError::damaged);
  CHECK(code(report({0}, {}, "received")) == EventError::damaged);
  CHECK(code(report({0}, {7}, "\xff")) == EventError::damaged);
}
