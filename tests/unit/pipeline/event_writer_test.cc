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
