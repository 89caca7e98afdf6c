// The log's events: bytes a window after zstd on recorded data (budget: 20), and how fast a log is decoded and folded
// (budget: 2,000,000 windows a second on one core). The argument is the number of panes an event carries.
#include <benchmark/benchmark.h>
#include <simdjson.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdlib>
#include <ctime>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "edge/event/fold.h"

namespace tidemark {
namespace {

constexpr ComponentSet kAll{Parts::kKnown};
constexpr std::int64_t kStart = 1'700'000'000'000'000'000;

/// Owns what the SeriesPanes point to.
struct Panes {
  std::deque<SeriesIdentity> series;
  std::deque<Pane> panes;
  std::vector<SeriesPane> list;

  void add(const SeriesIdentity& identity, EventTime start, WindowState state) {
    panes.push_back({start, 1, PaneKind::on_time, 0, std::move(state)});
    list.push_back({&identity, &panes.back()});
  }
};

/// 5,000 devices of two fields with 10 s windows of four readings, window after window: what a live log looks like.
const Panes& plant() {
  static const Panes made = [] {
    constexpr int kSeries = 10'000, kWindows = 20;
    Panes result;
    std::mt19937 random(1);
    for (int i = 0; i < kSeries; ++i) {
      result.series.push_back({"climate", 1, "device-" + std::to_string(i / 2), R"({"line":"7","site":"north"})",
                               i % 2 == 0 ? "temperature" : "humidity", "Cel", FieldKind::gauge, seconds(10)});
    }
    for (int w = 0; w < kWindows; ++w) {
      const EventTime start{kStart + w * seconds(10).ns};
      for (int i = 0; i < kSeries; ++i) {
        WindowState state(kAll);
        for (int k = 0; k < 4; ++k) {
          state.add(start + milliseconds(2'500 * k + i % 1'000),
                    make_decimal(2'000 + static_cast<int>(random() % 500), -2));
        }
        result.add(result.series[static_cast<std::size_t>(i)], start, std::move(state));
      }
    }
    return result;
  }();
  return made;
}

/// The folder of recorded data, `nab` or `campusiot` in it; it need not exist.
std::filesystem::path recorded_folder(const char* name) {
  const char* folder = std::getenv("TIDEMARK_DATA");
  return std::filesystem::path(folder != nullptr ? folder : TIDEMARK_SOURCE_DIR "/../shared/data") / name;
}

/// One-hour windows of recorded series, which leave in the order of time.
class Recording {
 public:
  void add(const std::string& source, const std::string& field, EventTime time, const Decimal& value) {
    const EventTime start{time.ns / hours(1).ns * hours(1).ns};
    windows_.try_emplace({start, source, field}, kAll).first->second.add(time, value);
  }

  Panes panes(const std::string& stream) && {
    Panes result;
    std::map<std::pair<std::string, std::string>, const SeriesIdentity*> series;
    for (auto& [key, state] : windows_) {
      const auto& [start, source, field] = key;
      const SeriesIdentity*& identity = series[{source, field}];
      if (identity == nullptr) {
        result.series.push_back({stream, 1, source, "{}", field, "", FieldKind::gauge, hours(1)});
        identity = &result.series.back();
      }
      result.add(*identity, start, std::move(state));
    }
    return result;
  }

 private:
  std::map<std::tuple<EventTime, std::string, std::string>, WindowState> windows_;
};

/// The series of NAB, one field each. Empty where there are none.
const Panes& nab() {
  static const Panes made = [] {
    Recording recording;
    const auto folder = recorded_folder("nab");
    if (!std::filesystem::exists(folder)) return Panes();
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
      if (file.path().extension() != ".csv") continue;
      std::ifstream in(file.path());
      std::string line;
      for (std::getline(in, line); std::getline(in, line);) {
        std::tm parts{};
        const std::size_t comma = line.find(',');
        if (strptime(line.c_str(), "%Y-%m-%d %H:%M:%S", &parts) == nullptr || comma == std::string::npos) continue;
        const auto value = parse_decimal(std::string_view(line).substr(comma + 1));
        const EventTime time{static_cast<std::int64_t>(timegm(&parts)) * 1'000'000'000};
        if (value) recording.add("machine", file.path().stem().string(), time, value->value);
      }
    }
    return std::move(recording).panes("nab");
  }();
  return made;
}

/// What CampusIoT's LoRaWAN devices measured: every number of `object`, by device. Empty where there is none.
const Panes& campusiot() {
  static const Panes made = [] {
    Recording recording;
    const auto folder = recorded_folder("campusiot");
    if (!std::filesystem::exists(folder)) return Panes();
    simdjson::dom::parser parser;
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
      if (file.path().extension() != ".gz") continue;
      const gzFile in = gzopen(file.path().c_str(), "rb");
      std::vector<char> line(1 << 20);
      while (in != nullptr && gzgets(in, line.data(), static_cast<int>(line.size())) != nullptr) {
        simdjson::dom::element message;
        std::string_view device;
        std::int64_t time = 0;
        simdjson::dom::object object;
        if (parser.parse(std::string(line.data())).get(message) != simdjson::SUCCESS) continue;
        if (message["devEUI"].get(device) != simdjson::SUCCESS) continue;
        if (message["_timestamp"].get(time) != simdjson::SUCCESS) continue;
        if (message["object"].get(object) != simdjson::SUCCESS) continue;
        for (const auto& [key, value] : object) {
          if (!value.is_number()) continue;
          const auto decimal = parse_decimal(simdjson::minify(value));
          if (decimal) {
            recording.add(std::string(device), std::string(key), {time * 1'000'000}, decimal->value);
          }
        }
      }
      gzclose(in);
    }
    return std::move(recording).panes("lora");
  }();
  return made;
}

std::vector<std::string> log_of(const Panes& panes, std::size_t panes_an_event) {
  std::vector<std::string> events;
  EventHeader header;
  header.gateway = "plant-7";
  header.epoch = 0x9f86d081884c7d65;
  for (std::size_t i = 0; i < panes.list.size(); i += panes_an_event) {
    const std::span<const SeriesPane> rest = std::span(panes.list).subspan(i);
    ++header.sequence;
    events.push_back(encode_window_batch(header, rest.first(std::min(rest.size(), panes_an_event))));
    header.digest = extend_digest(header.digest, events.back());
  }
  return events;
}

void size_on_recorded_data(benchmark::State& state, const Panes& (*recorded)()) {
  if (recorded().list.empty()) return state.SkipWithError("no recorded data: set TIDEMARK_DATA");
  std::size_t raw = 0, compressed = 0;
  for (auto _ : state) {
    raw = compressed = 0;
    for (const std::string& event : log_of(recorded(), static_cast<std::size_t>(state.range(0)))) {
      std::string out(ZSTD_compressBound(event.size()), '\0');
      raw += event.size();
      compressed += ZSTD_compress(out.data(), out.size(), event.data(), event.size(), 3);
    }
  }
  const auto windows = static_cast<double>(recorded().list.size());
  state.counters["windows"] = windows;
  state.counters["bytes_a_window"] = static_cast<double>(compressed) / windows;
  state.counters["uncompressed"] = static_cast<double>(raw) / windows;
}
BENCHMARK_CAPTURE(size_on_recorded_data, nab, nab)->Arg(10)->Arg(100)->Arg(1'000)->Arg(4'096)->Iterations(1);
BENCHMARK_CAPTURE(size_on_recorded_data, campusiot, campusiot)
    ->Arg(10)
    ->Arg(100)
    ->Arg(1'000)
    ->Arg(4'096)
    ->Iterations(1);

void encode(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(log_of(plant(), static_cast<std::size_t>(state.range(0))));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(plant().list.size()));
}
BENCHMARK(encode)->Arg(10)->Arg(100)->Arg(1'000);

void decode(benchmark::State& state) {
  const std::vector<std::string> events = log_of(plant(), static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    for (const std::string& event : events) benchmark::DoNotOptimize(decode_event(event));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(plant().list.size()));
}
BENCHMARK(decode)->Arg(10)->Arg(100)->Arg(1'000);

void decode_and_fold(benchmark::State& state) {
  const std::vector<std::string> events = log_of(plant(), static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    Fold fold;
    for (const std::string& event : events) benchmark::DoNotOptimize(fold.accept(event));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(plant().list.size()));
}
BENCHMARK(decode_and_fold)->Arg(10)->Arg(100)->Arg(1'000);

}  // namespace
}  // namespace tidemark

BENCHMARK_MAIN();
