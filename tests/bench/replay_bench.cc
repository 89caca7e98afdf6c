// How fast a log goes into views (budget: 200,000 windows a second): 10,000 series, window after window, in events as
// the appliance writes them and in transactions as `tidemark replay` makes them. The file is a real one, in TMPDIR or
// /tmp. Arguments: the number of panes an event carries, and the KiB of events in a transaction (`tidemark replay`:
// 4,096). What a smaller one would cost is shown by the last one: a window of every series goes to a page of its own.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdio>
#include <deque>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "gateway/replay/views.h"

namespace tidemark {
namespace {

constexpr int kSeries = 10'000;
constexpr int kWindows = 30;

std::vector<LogRow> log_of_plant(std::size_t panes_an_event) {
  std::mt19937 random(1);
  std::deque<SeriesIdentity> series;
  for (int i = 0; i < kSeries; ++i) {
    series.push_back({"climate", 1, "d-" + std::to_string(i), R"({"site":"north"})", "temperature", "Cel",
                      FieldKind::gauge, seconds(10)});
  }
  std::vector<LogRow> rows;
  std::deque<Pane> panes;
  std::vector<SeriesPane> list;
  EventHeader header;
  header.gateway = "plant-7";
  header.epoch = 7;
  const auto write = [&] {
    ++header.sequence;
    rows.push_back({header.sequence, {header.epoch, header.sequence, encode_window_batch(header, list)}});
    header.digest = extend_digest(header.digest, rows.back().event.bytes);
    list.clear();
    panes.clear();
  };
  for (int w = 0; w < kWindows; ++w) {
    const EventTime start{1'700'000'000'000'000'000 + w * seconds(10).ns};
    for (const SeriesIdentity& identity : series) {
      WindowState state(ComponentSet{Parts::kKnown});
      for (int k = 0; k < 10; ++k) {
        state.add(start + milliseconds(1'000 * k), make_decimal(2'000 + static_cast<int>(random() % 500), -2));
      }
      panes.push_back({start, 1, PaneKind::on_time, 0, std::move(state)});
      list.push_back({&identity, &panes.back()});
      if (list.size() == panes_an_event) write();
    }
  }
  if (!list.empty()) write();
  return rows;
}

void into_views(benchmark::State& state) {
  const std::vector<LogRow> rows = log_of_plant(static_cast<std::size_t>(state.range(0)));
  const auto batch_bytes = static_cast<std::uint64_t>(state.range(1)) << 10;
  const auto folder = std::filesystem::temp_directory_path() / ("tidemark-bench-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const std::string path = folder / "views.db";
  for (auto _ : state) {
    state.PauseTiming();
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path + end);
    state.ResumeTiming();
    auto views = Views::open(path, {});
    if (!views) return state.SkipWithError(views.error().context.c_str());
    for (std::size_t from = 0; from < rows.size();) {
      std::size_t end = from;
      for (std::uint64_t bytes = 0; end < rows.size() && bytes < batch_bytes; ++end)
        bytes += rows[end].event.bytes.size();
      const auto folded = (*views)->fold(std::span(rows).subspan(from, end - from));
      if (!folded) return state.SkipWithError(folded.error().context.c_str());
      from = end;
    }
  }
  std::filesystem::remove_all(folder);
  state.SetItemsProcessed(state.iterations() * kSeries * kWindows);
}
BENCHMARK(into_views)
    ->Args({100, 4'096})
    ->Args({1'000, 4'096})
    ->Args({1'000, 256})
    ->Iterations(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tidemark

BENCHMARK_MAIN();
