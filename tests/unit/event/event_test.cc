#include "edge/event/event.h"

#include <doctest/doctest.h>

#include <limits>
#include <tuple>

#include "schemas/telemetry_generated.h"

using namespace tidemark;

namespace {

EventHeader header() {
  EventHeader h{"plant-7", 0xfedcba9876543210, 42, 7, 99, {}, {1'700'000'000'123'456'789}};
  for (std::size_t i = 0; i < h.digest.size(); ++i) h.digest[i] = static_cast<std::uint8_t>(200 + i);
  return h;
}

auto members(const EventHeader& h) {
  return std::tie(h.gateway, h.epoch, h.sequence, h.previous_epoch, h.previous_sequence, h.digest, h.committed_at);
}

WindowState state_of(std::initializer_list<Decimal> values) {
  WindowState state(ComponentSet(15));
  std::int64_t time = 0;
  for (const Decimal& value : values) state.add({time++}, value);
  return state;
}

const SeriesIdentity kSeries{"climate", 1, "press-1", "{}", "temperature", "Cel", FieldKind::gauge, seconds(10)};

/// One batch of a pane for each state, all of one series.
std::string batch_of(const std::vector<WindowState>& states) {
  std::vector<Pane> panes;
  for (const WindowState& state : states) {
    panes.push_back({{static_cast<std::int64_t>(panes.size()) * 10'000'000'000}, 1, PaneKind::on_time, 0, state});
  }
  std::vector<SeriesPane> list;
  for (const Pane& pane : panes) list.push_back({&kSeries, &pane});
  return encode_window_batch(header(), list);
}

std::size_t groups_of(const std::string& bytes) {
  std::vector<std::uint64_t> aligned((bytes.size() + 7) / 8);
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(aligned.data()));
  return log::GetEvent(aligned.data())->body_as_WindowBatch()->groups()->size();
}

}  // namespace

TEST_CASE("the header comes back, from any alignment") {
  const std::string event = encode_heartbeat(header(), {});
  for (std::size_t shift = 0; shift < 8; ++shift) {
    const std::string shifted = std::string(shift, 'x') + event;
    const Result<EventHeader, EventError> read = decode_header(std::string_view(shifted).substr(shift));
    REQUIRE(read);
    CHECK(members(*read) == members(header()));
  }
}

TEST_CASE("a heartbeat comes back") {
  const Heartbeat heartbeat{"0.1.0", "9f86d081884c7d65", true, std::numeric_limits<std::uint64_t>::max()};
  const Result<Event, EventError> event = decode_event(encode_heartbeat(header(), heartbeat));
  REQUIRE(event);
  CHECK(members(event->header) == members(header()));
  CHECK(std::get<Heartbeat>(event->body) == heartbeat);
}

TEST_CASE("a source report comes back, with what is not known yet and with empty names") {
  SourceReport report;
  report.sources.push_back({"climate",
                            3,
                            "press-1",
                            2,
                            EventTime{-5},
                            EventTime{0},
                            ArrivalTime{17},
                            milliseconds(-250),
                            milliseconds(-7),
                            {{"received", 12}, {"rejected.malformed", std::numeric_limits<std::uint64_t>::max()}}});
  report.sources.push_back(
      {"climate", 3, "", 0, std::nullopt, std::nullopt, std::nullopt, {}, std::nullopt, {{"received", 1}}});
  report.sources.push_back({});
  const Result<Event, EventError> event = decode_event(encode_source_report(header(), report));
  REQUIRE(event);
  CHECK(std::get<SourceReport>(event->body).sources == report.sources);
}

TEST_CASE("a report of no sources is a report") {
  const Result<Event, EventError> event = decode_event(encode_source_report(header(), {}));
  REQUIRE(event);
  CHECK(std::get<SourceReport>(event->body).sources.empty());
}

TEST_CASE("the digest is the first half of SHA-256 over the digest before and the bytes") {
  // printf '%032d' 0 | xxd -r -p | sha256sum, and the same with "abc" after it.
  const Digest empty = extend_digest({}, "");
  const Digest abc = extend_digest({}, "abc");
  const auto hex = [](const Digest& digest) {
    std::string text;
    for (const std::uint8_t byte : digest) {
      for (const int nibble : {byte >> 4, byte & 15}) text.push_back("0123456789abcdef"[nibble]);
    }
    return text;
  };
  CHECK(hex(empty) == "374708fff7719dd5979ec875d56cd228");
  CHECK(hex(abc) == "277e7ff6d232b9763f4a66e8d05d210d");
  CHECK(extend_digest(empty, "abc") != abc);
}

TEST_CASE("an event type of a later version is unknown, not damaged, and its header is read") {
  flatbuffers::FlatBufferBuilder builder;
  const auto body = log::CreateHeartbeat(builder);
  const auto gateway = builder.CreateString("plant-7");
  builder.Finish(log::CreateEvent(builder, gateway, 1, 2, 0, 0, 0, 3, static_cast<log::Body>(200), body.Union()),
                 log::EventIdentifier());
  const std::string bytes(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
  const Result<Event, EventError> event = decode_event(bytes);
  REQUIRE(event);
  CHECK(std::holds_alternative<UnknownEvent>(event->body));
  CHECK(event->header.sequence == 2);
}

TEST_CASE("one value with many digits does not widen the others: it gets a group of its own") {
  std::vector<WindowState> states;
  for (std::int64_t i = 0; i < 500; ++i)
    states.push_back(state_of({{201 + 10 * (i % 7), -1}, {203 + 10 * (i % 5), -1}}));
  const std::size_t plain = batch_of(states).size();
  states.push_back(state_of({{23'400'000'000'000'002, -15}}));
  CHECK(groups_of(batch_of(states)) == 2);
  CHECK(batch_of(states).size() < plain + 300);
}

TEST_CASE("zeros and a few digits more or less share a group") {
  CHECK(groups_of(batch_of({state_of({{1, -6}}), state_of({{5, 0}}), state_of({{}})})) == 1);
  CHECK(groups_of(batch_of({state_of({{1, -7}}), state_of({{5, 0}})})) == 2);
  CHECK(groups_of(batch_of({state_of({{}}), state_of({{}})})) == 1);
}

TEST_CASE("a window with decimals of very different size does not widen the others") {
  std::vector<WindowState> states(200, state_of({{201, -1}, {203, -1}}));
  const std::size_t plain = batch_of(states).size();
  states.push_back(state_of({{1, 300}, {201, -1}}));
  CHECK(groups_of(batch_of(states)) == 2);
  CHECK(batch_of(states).size() < plain + 3'000);
}

TEST_CASE("the squares of 1, 1.5, 1.5 and 2 come back, though sum and numerator are whole numbers") {
  const WindowState state = state_of({{1, 0}, {15, -1}, {15, -1}, {2, 0}});
  const Result<Event, EventError> event = decode_event(batch_of({state}));
  REQUIRE(event);
  CHECK(std::get<WindowBatch>(event->body).panes.at(0).pane.state == state);
}
