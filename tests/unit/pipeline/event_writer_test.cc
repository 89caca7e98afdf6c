// The log's events as the pipeline writes them: every one can be read, however long the names in it are.
#include "gateway/pipeline/event_writer.h"

#include <doctest/doctest.h>

#include <deque>
#include <string>
#include <vector>

using namespace tidemark;

namespace {

/// Panes of one reading, each of its own series.
class Panes {
 public:
  void add(std::size_t name_bytes, std::size_t tag_bytes) {
    std::string source = std::to_string(series_.size());
    source.resize(name_bytes, 'x');
    std::string tags = "{\"t\":\"" + source.substr(0, 8);
    tags.resize(tag_bytes - 2, 'y');
    tags += "\"}";
    series_.push_back({"climate", 1, source, tags, source, "Cel", FieldKind::gauge, seconds(10)});
    Pane& pane = panes_.emplace_back();
    pane.revision = 1;
    pane.state = WindowState(ComponentSet(15));
    pane.state.add({1}, Decimal{215, -1});
    all_.push_back({&series_.back(), &pane});
  }
  [[nodiscard]] const std::vector<SeriesPane>& all() const { return all_; }

 private:
  std::deque<SeriesIdentity> series_;
  std::deque<Pane> panes_;
  std::vector<SeriesPane> all_;
};

std::size_t readable_panes(const std::vector<LogEvent>& events) {
  std::size_t panes = 0;
  for (const LogEvent& event : events) {
    const auto read = decode_event(event.bytes);
    REQUIRE(read);
    panes += std::get<WindowBatch>(read->body).panes.size();
  }
  return panes;
}

}  // namespace

TEST_CASE("ordinary panes share an event, up to 4,096 of them") {
  Panes panes;
  for (int i = 0; i < 4097; ++i) panes.add(10, 20);
  EventWriter writer("plant-7", 1, 0, 0);
  std::vector<LogEvent> events;
  writer.window_batches(panes.all(), {}, events);
  CHECK(events.size() == 2);
  CHECK(readable_panes(events) == 4097);
  CHECK(events[1].sequence == 2);
}

TEST_CASE("panes with the longest names that are let in are spread over events that readers take") {
  Panes panes;
  for (int i = 0; i < 4096; ++i) panes.add(256, kMaxTextBytes);
  EventWriter writer("plant-7", 1, 0, 0);
  std::vector<LogEvent> events;
  writer.window_batches(panes.all(), {}, events);
  CHECK(readable_panes(events) == 4096);
  for (const LogEvent& event : events) CHECK(event.bytes.size() < 1'000'000);
}

TEST_CASE("no panes, no event") {
  EventWriter writer("plant-7", 1, 0, 0);
  std::vector<LogEvent> events;
  writer.window_batches({}, {}, events);
  CHECK(events.empty());
}

TEST_CASE("with a limit every event stays below it, and every pane is in one") {
  Panes panes;
  for (int i = 0; i < 3'000; ++i) panes.add(10 + static_cast<std::size_t>(i) % 90, 20);
  for (const std::uint64_t limit : {1'000u, 5'000u, 100'000u}) {
    EventWriter writer("plant-7", 1, 0, 0);
    writer.limit(limit);
    std::vector<LogEvent> events;
    writer.window_batches(panes.all(), {}, events);
    CHECK(readable_panes(events) == 3'000);
    for (std::size_t i = 0; i < events.size(); ++i) {
      CHECK(events[i].bytes.size() <= limit);
      CHECK(events[i].sequence == i + 1);
      if (i > 0)
        CHECK(decode_header(events[i].bytes)->digest ==
              extend_digest(decode_header(events[i - 1].bytes)->digest, events[i - 1].bytes));
    }
  }
}

TEST_CASE("one pane that is larger than the limit is an event all the same") {
  Panes panes;
  panes.add(256, kMaxTextBytes);
  panes.add(256, kMaxTextBytes);
  EventWriter writer("plant-7", 1, 0, 0);
  writer.limit(1'000);
  std::vector<LogEvent> events;
  writer.window_batches(panes.all(), {}, events);
  CHECK(events.size() == 2);
  CHECK(readable_panes(events) == 2);
}

TEST_CASE("a report that is larger than the limit is spread over several, each source in one") {
  SourceReport report;
  for (int i = 0; i < 500; ++i) {
    report.sources.push_back({"climate",
                              1,
                              "d-" + std::to_string(i),
                              0,
                              EventTime{i},
                              EventTime{i},
                              ArrivalTime{i},
                              {},
                              milliseconds(i),
                              {{"received", static_cast<std::uint64_t>(i) + 1}}});
  }
  EventWriter writer("plant-7", 1, 0, 0);
  writer.limit(2'000);
  std::vector<LogEvent> events;
  writer.source_report(report, {}, events);
  std::vector<SourceStanding> sources;
  for (const LogEvent& event : events) {
    CHECK(event.bytes.size() <= 2'000);
    const auto read = decode_event(event.bytes);
    REQUIRE(read);
    const auto& part = std::get<SourceReport>(read->body).sources;
    sources.insert(sources.end(), part.begin(), part.end());
  }
  CHECK(sources == report.sources);
  events.clear();
  writer.source_report({}, {}, events);
  CHECK(events.size() == 1);
}
