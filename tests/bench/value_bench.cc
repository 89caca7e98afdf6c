// What a reading costs in edge/value and edge/aggregate: its text to a decimal, the decimal into a window, the window
// to bytes and results. No budget of its own; the budget of decode + decide + apply is spent here in part.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "edge/aggregate/results.h"
#include "edge/aggregate/window_state.h"

namespace tidemark {
namespace {

constexpr std::size_t kInputs = 4'096;  // a power of two
constexpr std::size_t kMask = kInputs - 1;
constexpr std::int64_t kStart = 1'700'000'000'000'000'000;
constexpr ComponentSet kAll{Parts::kKnown};

/// Temperatures with none to two places.
std::vector<std::string> sensor_texts() {
  std::mt19937 random(1);
  std::normal_distribution<double> normal(23, 4);
  std::vector<std::string> result;
  char text[32];
  for (std::size_t i = 0; i < kInputs; ++i) {
    std::snprintf(text, sizeof text, "%.*f", static_cast<int>(random() % 3), normal(random));
    result.emplace_back(text);
  }
  return result;
}

std::vector<Decimal> sensor_values() {
  std::vector<Decimal> result;
  for (const std::string& text : sensor_texts()) result.push_back(parse_decimal(text).value().value);
  return result;
}

/// Values that were floats once: 15 to 17 digits.
std::vector<Decimal> float_values() {
  std::mt19937 random(1);
  std::normal_distribution<double> normal(23, 4);
  std::vector<Decimal> result;
  for (std::size_t i = 0; i < kInputs; ++i) {
    result.push_back(decimal_from_double(static_cast<double>(static_cast<float>(normal(random)))));
  }
  return result;
}

WindowState ten_readings() {
  WindowState state(kAll);
  const std::vector<Decimal> values = sensor_values();
  for (std::size_t i = 0; i < 10; ++i) state.add({kStart + static_cast<std::int64_t>(i) * 1'000'000'000}, values[i]);
  return state;
}

void parse(benchmark::State& state) {
  const std::vector<std::string> texts = sensor_texts();
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(parse_decimal(texts[i++ & kMask]));
}
BENCHMARK(parse);

/// Argument: the bits of the components kept.
void add(benchmark::State& state) {
  const std::vector<Decimal> values = sensor_values();
  WindowState window(ComponentSet(static_cast<std::uint32_t>(state.range(0))));
  std::size_t i = 0;
  std::int64_t time = kStart;
  for (auto _ : state) window.add({time += 1'000'000}, values[i++ & kMask]);
  benchmark::DoNotOptimize(window);
}
BENCHMARK(add)->Arg(0)->Arg(1)->Arg(2)->Arg(4)->Arg(8)->Arg(15);

void new_windows_of_ten(benchmark::State& state, const std::vector<Decimal>& values) {
  std::size_t i = 0;
  std::int64_t time = kStart;
  for (auto _ : state) {
    WindowState window(kAll);
    for (int k = 0; k < 10; ++k) window.add({time += 1'000'000}, values[i++ & kMask]);
    benchmark::DoNotOptimize(window);
  }
  state.SetItemsProcessed(state.iterations() * 10);
}
BENCHMARK_CAPTURE(new_windows_of_ten, sensor, sensor_values());
BENCHMARK_CAPTURE(new_windows_of_ten, floats, float_values());

void merge(benchmark::State& state) {
  const WindowState part = ten_readings();
  WindowState all(kAll);
  for (auto _ : state) all.merge(part);
  benchmark::DoNotOptimize(all);
}
BENCHMARK(merge);

void encode(benchmark::State& state) {
  const WindowState window = ten_readings();
  ByteWriter out;
  for (auto _ : state) {
    out.clear();
    window.encode(out);
  }
}
BENCHMARK(encode);

void decode(benchmark::State& state) {
  ByteWriter out;
  ten_readings().encode(out);
  for (auto _ : state) {
    ByteReader in(out.view());
    benchmark::DoNotOptimize(WindowState::decode(in));
  }
}
BENCHMARK(decode);

template <typename Result>
void result(benchmark::State& state, Result of) {
  const WindowState window = ten_readings();
  for (auto _ : state) benchmark::DoNotOptimize(of(window));
}
BENCHMARK_CAPTURE(result, mean, mean);
BENCHMARK_CAPTURE(result, variance, variance);
BENCHMARK_CAPTURE(result, stddev, stddev);
BENCHMARK_CAPTURE(result, variance_numerator, variance_numerator);

}  // namespace
}  // namespace tidemark

BENCHMARK_MAIN();
