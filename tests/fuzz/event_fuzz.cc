// Fuzz entry for the reader of events: any bytes, read every way there is, and what was read written again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "edge/bytes/assert.h"
#include "edge/event/fold.h"
#include "edge/event/tombstone.h"
#include "tests/fuzz/seeds.h"

namespace tidemark::test {

std::vector<std::string> fuzz_seeds() {
  EventHeader header;
  header.gateway = "plant-7";
  header.epoch = 0x9f86d081884c7d65;
  header.sequence = 1;
  std::vector<std::string> seeds;
  Heartbeat heartbeat;
  heartbeat.version = "0.1.0";
  heartbeat.configuration = "00ff";
  seeds.push_back(encode_heartbeat(header, heartbeat));
  SourceReport report;
  report.sources.push_back({"climate",
                            1,
                            "d-1",
                            2,
                            EventTime{5},
                            EventTime{4},
                            ArrivalTime{6},
                            seconds(1),
                            std::nullopt,
                            {{"received", 9}}});
  report.sources.emplace_back();
  seeds.push_back(encode_source_report(header, report));

  // Two families, series of both, windows of one and of many readings, with every component and with none, small values
  // and such as need 128 bits.
  const SeriesIdentity series[] = {
      {"climate", 1, "d-1", R"({"site":"north"})", "temperature", "Cel", FieldKind::gauge, seconds(10)},
      {"climate", 1, "d-2", "{}", "temperature", "Cel", FieldKind::gauge, seconds(10)},
      {"power", 3, "d-1", "{}", "energy", "", FieldKind::counter, hours(1)}};
  std::vector<Pane> panes;
  for (int i = 0; i < 12; ++i) {
    const EventTime start{1'700'000'000'000'000'000 + i * seconds(10).ns};
    WindowState state(ComponentSet{i % 3 == 2 ? 0 : Parts::kKnown});
    for (int k = 0; k <= i; ++k) {
      const std::int64_t value = i % 4 == 3 ? 999'999'999'999'999'999 / (k + 1) : 2'000 + k * 7;
      state.add(start + milliseconds(k), make_decimal(value, -i % 4));
    }
    panes.push_back({start, static_cast<std::uint32_t>(1 + i % 2), i % 5 == 4 ? PaneKind::delta : PaneKind::on_time,
                     static_cast<std::uint16_t>(i % 3), std::move(state)});
  }
  std::vector<SeriesPane> list;
  for (std::size_t i = 0; i < panes.size(); ++i) list.push_back({&series[i % 3], &panes[i]});
  seeds.push_back(encode_window_batch(header, list));
  seeds.push_back(*tombstone_of(seeds.back()));
  list.resize(1);
  seeds.push_back(encode_window_batch(header, list));
  return seeds;
}

}  // namespace tidemark::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemark;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Result<Event, EventError> event = decode_event(bytes);
  Fold fold(Fold::Digests::check);
  const Result<bool, EventError> taken = fold.accept(bytes);
  if (!event) return 0;
  // What can be read can be parked, a tombstone apart.
  const Result<std::string, EventError> tombstone = tombstone_of(bytes);
  TIDEMARK_ASSERT(tombstone.has_value() != std::holds_alternative<Tombstone>(event->body));
  if (tombstone) TIDEMARK_ASSERT(decode_event(*tombstone).has_value());
  const WindowBatch* const batch = std::get_if<WindowBatch>(&event->body);
  if (batch == nullptr) return 0;
  TIDEMARK_ASSERT(taken.has_value());
  std::vector<SeriesPane> panes;
  for (const DecodedPane& decoded : batch->panes) panes.push_back({&batch->series[decoded.series], &decoded.pane});
  const Result<Event, EventError> again = decode_event(encode_window_batch(event->header, panes));
  TIDEMARK_ASSERT(again.has_value());
  TIDEMARK_ASSERT(std::get<WindowBatch>(again->body).panes.size() == panes.size());
  return 0;
}
