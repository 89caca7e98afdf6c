// What a configuration will take: memory by the number of series, and what is written to storage. Computed from the
// configuration alone, so that `check` can say it and a start that cannot succeed is refused before it begins.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/config/configuration.h"

namespace tidemark {

/// The least number of series for which the memory must suffice when limits.max_series is not given.
inline constexpr std::uint64_t kLeastSeries = 100;

struct StreamMemory {
  std::string stream;
  std::uint64_t windows = 0;  // open at once, of one series, at most
  std::uint64_t points = 0;   // kept for the look-up of exact duplicates, of one series, at limits.reading_interval
  std::uint64_t bytes = 0;    // of one series with these
};

/// All sums are held at the greatest value instead of overflowing.
struct MemoryEstimate {
  std::uint64_t program = 0;  // the process itself, libraries and SQLite's cache included
  std::uint64_t queue = 0;    // limits.queue
  std::uint64_t payload = 0;  // what decoding one payload of the greatest size takes
  std::uint64_t streams_fixed = 0;
  std::vector<StreamMemory> streams;
  std::uint64_t max_series = 0;
  std::uint64_t budget = 0;

  [[nodiscard]] std::uint64_t fixed() const { return program + queue + payload + streams_fixed; }

  /// The stream whose series take the most.
  [[nodiscard]] const StreamMemory& largest() const;

  /// With `series` series, all of the largest stream.
  [[nodiscard]] std::uint64_t at(std::uint64_t series) const;

  /// How many series the budget holds, at most max_series.
  [[nodiscard]] std::uint64_t series_that_fit() const;

  /// The terms of `at(series)`, for a message.
  [[nodiscard]] std::string sum(std::uint64_t series) const;
};

MemoryEstimate estimate_memory(const Configuration& configuration);

struct FlashEstimate {
  std::uint64_t greatest_file = 0;    // the state file and its WAL, at their bounds
  std::uint64_t written_per_day = 0;  // bytes handed to the file system
  std::uint64_t log_per_day = 0;      // bytes by which the log grows
  Duration log_lasts{};               // until max_size or retention trims it
};

/// With `series` series spread evenly over the streams, each with a reading every limits.reading_interval.
FlashEstimate estimate_flash(const Configuration& configuration, std::uint64_t series);

/// Some lines of text for people: both estimates for 100, 1,000, 10,000 and max_series series.
std::string describe_estimate(const Configuration& configuration);

}  // namespace tidemark
