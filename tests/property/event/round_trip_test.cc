#include <doctest/doctest.h>

#include <algorithm>
#include <tuple>

#include "tests/property/event/random_panes.h"

using namespace tidemark;
using random_panes::Generator;

namespace {

/// A pane with its series as text and canonical bytes, so that lists of them can be compared in any order.
std::string line(const SeriesIdentity& series, const Pane& pane) {
  ByteWriter out;
  for (const std::string* text : {&series.stream, &series.source, &series.tags, &series.field, &series.unit}) {
    out.bytes(*text);
  }
  out.u32(series.version);
  out.u8(static_cast<std::uint8_t>(series.kind));
  out.i64(series.size.ns);
  out.i64(pane.start.ns);
  out.u32(pane.revision);
  out.u8(static_cast<std::uint8_t>(pane.kind));
  out.u16(pane.flags);
  pane.state.encode(out);
  return out.take();
}

std::vector<std::string> lines(const std::vector<SeriesPane>& panes) {
  std::vector<std::string> result;
  for (const SeriesPane& item : panes) result.push_back(line(*item.series, *item.pane));
  std::sort(result.begin(), result.end());
  return result;
}

std::vector<std::string> lines(const WindowBatch& batch) {
  std::vector<std::string> result;
  for (const DecodedPane& item : batch.panes) result.push_back(line(batch.series[item.series], item.pane));
  std::sort(result.begin(), result.end());
  return result;
}

auto members(const EventHeader& h) {
  return std::tie(h.gateway, h.epoch, h.sequence, h.previous_epoch, h.previous_sequence, h.digest, h.committed_at);
}

}  // namespace

TEST_CASE("every batch of panes comes back exactly, whatever components it keeps") {
  for (std::uint32_t seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    Generator generator(seed);
    random_panes::Shape shape;
    shape.panes = static_cast<int>(generator.below(60)) + 1;
    shape.extreme = seed % 2 == 1;
    shape.components = ComponentSet(seed % 16);
    const random_panes::Panes panes = generator.panes(shape);
    const EventHeader header = generator.header();
    const std::string bytes = encode_window_batch(header, panes.list);
    const Result<Event, EventError> event = decode_event(bytes);
    REQUIRE_MESSAGE(event, event.error().context);
    CHECK(members(event->header) == members(header));
    CHECK(lines(std::get<WindowBatch>(event->body)) == lines(panes.list));
  }
}

TEST_CASE("equal panes in another order give the same bytes") {
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    Generator generator(seed);
    random_panes::Panes panes = generator.panes({40, 10, seed % 2 == 1, ComponentSet(15)});
    // No two panes of one window: which of them comes first would be open.
    std::int64_t start = 0;
    for (Pane& pane : panes.panes) pane.start = {start += seconds(1).ns};
    const EventHeader header = generator.header();
    const std::string bytes = encode_window_batch(header, panes.list);
    std::reverse(panes.list.begin(), panes.list.end());
    CHECK(encode_window_batch(header, panes.list) == bytes);
  }
}
