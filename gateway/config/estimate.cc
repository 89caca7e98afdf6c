#include "gateway/config/estimate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "edge/bytes/assert.h"
#include "gateway/config/units.h"

namespace tidemark {
namespace {

constexpr std::uint64_t kMiB = 1ull << 20;

// Memory. Measured on a 64-bit machine with tests/property/pipeline/estimate_test.cc, which fails where these promise
// too little. The first is DESIGN's budget for an idle appliance and what works beside the series under load.
constexpr std::uint64_t kProgramBytes = 20 * kMiB;  // SQLite's and zstd's memory included
constexpr std::uint64_t kStreamBytes = 64 * 1024;   // decoder, templates, counters
constexpr std::uint64_t kPayloadFactor = 6;         // simdjson: a padded copy and an index of 4 bytes for each byte
constexpr std::uint64_t kSeriesBytes = 720;         // series, a source of its own, look-up, the window at hand
constexpr std::uint64_t kSequenceBytes = 192;       // high mark and a bitmap of 1,024 bits
// Of every other window, as it is encoded: sensors of two to four decimals. Floats in full take up to twice this.
constexpr std::uint64_t kWindowBytes = 20;
constexpr std::uint64_t kPointBytes = 8;
constexpr std::array<std::uint64_t, 4> kComponentBytes = {6, 8, 6, 12};  // sum, squares, extremes, endpoints

// Storage. From tests/bench/end_to_end.py: 512 bytes a reading in groups of ten (100 readings/s), 19 in groups of 1,000
// over 100 series, 33 over 10,000 series, whose state is written, too. A window takes its columns after zstd.
constexpr std::uint64_t kWrittenPerGroup = 5120;
constexpr std::uint64_t kWrittenPerReading = 24;
constexpr std::uint64_t kLogBytesPerWindow = 20;
constexpr std::uint64_t kLogCopies = 2;                     // into the WAL, and by the checkpoint into the file
constexpr std::uint64_t kGreatestJournal = 1'000'000 * 24;  // DESIGN: at most 1,000,000 readings
constexpr std::uint64_t kGreatestWal = 64 * kMiB;

constexpr std::uint64_t kGreatest = std::numeric_limits<std::uint64_t>::max();

std::uint64_t plus(std::uint64_t a, std::uint64_t b) {
  std::uint64_t out = 0;
  return __builtin_add_overflow(a, b, &out) ? kGreatest : out;
}

std::uint64_t times(std::uint64_t a, std::uint64_t b) {
  std::uint64_t out = 0;
  return __builtin_mul_overflow(a, b, &out) ? kGreatest : out;
}

std::uint64_t ceiling_of(Duration part, Duration whole) {
  TIDEMARK_ASSERT(part.ns >= 0 && whole.ns > 0);
  const auto quotient = static_cast<std::uint64_t>(part.ns / whole.ns);
  return part.ns % whole.ns == 0 ? quotient : quotient + 1;
}

StreamMemory memory_of(const StreamDefinition& stream, Duration reading_interval) {
  StreamMemory out;
  out.stream = stream.name;
  // A window is kept until the watermark, out_of_orderness behind the newest reading, passes its end + lateness: so the
  // newest window, and the ends that lie within that span behind its start.
  const Duration held{saturating_add(stream.out_of_orderness.ns, stream.lateness.ns)};
  const Duration span{saturating_add(held.ns, stream.window.ns)};
  const std::uint64_t readings = ceiling_of(span, reading_interval) + 1;
  // A window is there only if a reading fell into it.
  out.windows = std::min(ceiling_of(held, stream.window) + 1, readings);
  if (stream.drop_duplicates) out.points = readings;
  std::uint64_t window = kWindowBytes;
  for (std::size_t i = 0; i < kComponentBytes.size(); ++i) {
    if (stream.components.has(static_cast<Component>(i))) window += kComponentBytes[i];
  }
  out.bytes = plus(kSeriesBytes, times(out.windows, window));
  out.bytes = plus(out.bytes, times(out.points, kPointBytes));
  if (!stream.sequence.empty()) out.bytes = plus(out.bytes, kSequenceBytes);
  return out;
}

std::uint64_t per_day(std::uint64_t count, Duration interval) {
  return times(count, ceiling_of(days(1), interval));
}

// 1,234,567
std::string with_separators(std::uint64_t number) {
  const std::string digits = fmt::format("{}", number);
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

std::string approximate_duration(Duration duration) {
  const double hours = static_cast<double>(duration.ns) / static_cast<double>(tidemark::hours(1).ns);
  return hours < 48 ? fmt::format("{:.1f} h", hours) : fmt::format("{:.1f} d", hours / 24);
}

}  // namespace

const StreamMemory& MemoryEstimate::largest() const {
  TIDEMARK_ASSERT(!streams.empty());
  return *std::ranges::max_element(streams, {}, &StreamMemory::bytes);
}

std::uint64_t MemoryEstimate::at(std::uint64_t series) const {
  return plus(fixed(), times(series, largest().bytes));
}

std::uint64_t MemoryEstimate::series_that_fit() const {
  if (budget <= fixed()) return 0;
  return std::min(max_series, (budget - fixed()) / largest().bytes);
}

std::string MemoryEstimate::sum(std::uint64_t series) const {
  const StreamMemory& one = largest();
  return fmt::format(
      "program {} + queue {} + largest payload {} + streams {} + {} series of stream {} with {} open windows and {} "
      "points "
      "each ({} a series) {}",
      approximate_size(program), approximate_size(queue), approximate_size(payload), approximate_size(streams_fixed),
      with_separators(series), in_quotes(one.stream), with_separators(one.windows), with_separators(one.points),
      approximate_size(one.bytes), approximate_size(times(series, one.bytes)));
}

MemoryEstimate estimate_memory(const Configuration& configuration) {
  TIDEMARK_ASSERT(!configuration.streams.empty());
  MemoryEstimate out;
  out.program = kProgramBytes;
  out.queue = configuration.limits.queue;
  out.payload = kPayloadFactor * configuration.limits.payload.max_bytes;
  out.streams_fixed = kStreamBytes * configuration.streams.size();
  out.max_series = configuration.limits.max_series;
  out.budget = configuration.limits.memory;
  for (const StreamDefinition& stream : configuration.streams) {
    out.streams.push_back(memory_of(stream, configuration.limits.reading_interval));
  }
  return out;
}

FlashEstimate estimate_flash(const Configuration& configuration, std::uint64_t series) {
  FlashEstimate out;
  const StoreConfiguration& store = configuration.store;
  out.greatest_file = plus(plus(store.max_size, configuration.limits.dead_letters), kGreatestJournal + kGreatestWal);
  const std::uint64_t readings = per_day(series, configuration.limits.reading_interval);
  std::uint64_t windows = 0;
  // Series beyond an even share are dealt out one by one, to the first streams.
  const std::uint64_t count = configuration.streams.size();
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t share = series / count + (i < series % count ? 1 : 0);
    // A window that no reading falls into is none.
    const Duration window = std::max(configuration.streams[i].window, configuration.limits.reading_interval);
    windows = plus(windows, per_day(share, window));
  }
  // No more groups than readings, and at most one every commit_delay; natural groups are taken as one every 5 ms.
  const Duration group = store.commit_delay.ns == 0 ? milliseconds(5) : store.commit_delay;
  const std::uint64_t groups = std::min(readings, per_day(1, group));
  out.log_per_day = times(windows, kLogBytesPerWindow);
  out.written_per_day = plus(plus(times(readings, kWrittenPerReading), times(groups, kWrittenPerGroup)),
                             times(out.log_per_day, kLogCopies));
  out.log_lasts = store.retention;
  if (out.log_per_day > 0) {
    const double until_full = static_cast<double>(store.max_size) / static_cast<double>(out.log_per_day);
    const double kept = static_cast<double>(store.retention.ns) / static_cast<double>(days(1).ns);
    if (until_full < kept)
      out.log_lasts = Duration{static_cast<std::int64_t>(until_full * static_cast<double>(days(1).ns))};
  }
  return out;
}

std::string describe_estimate(const Configuration& configuration) {
  const MemoryEstimate memory = estimate_memory(configuration);
  std::string out = fmt::format("estimate, with a reading of each series every {}:\n",
                                format_duration(configuration.limits.reading_interval));
  out += fmt::format("{:>12} {:>12} {:>16} {:>14} {:>10}\n", "series", "memory", "written a day", "log a day",
                     "log lasts");
  std::vector<std::uint64_t> rows = {100, 1'000, 10'000};
  std::erase_if(rows, [&](std::uint64_t row) { return row >= memory.max_series; });
  rows.push_back(memory.max_series);
  for (const std::uint64_t series : rows) {
    const FlashEstimate flash = estimate_flash(configuration, series);
    out += fmt::format("{:>12} {:>12} {:>16} {:>14} {:>10}{}\n", with_separators(series),
                       approximate_size(memory.at(series)), approximate_size(flash.written_per_day),
                       approximate_size(flash.log_per_day), approximate_duration(flash.log_lasts),
                       memory.at(series) > memory.budget ? "   over limits.memory" : "");
  }
  out += fmt::format("limits.memory ({}) holds {} series of the largest stream: {}\n", format_size(memory.budget),
                     with_separators(memory.series_that_fit()), memory.sum(memory.series_that_fit()));
  out += fmt::format("the state file and its WAL take at most about {}\n",
                     approximate_size(estimate_flash(configuration, 1).greatest_file));
  return out;
}

}  // namespace tidemark
