// Who passes the log on: hears of every commit, says what may be trimmed, and keeps its place in the state file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "edge/store/store.h"

namespace tidemark {

/// All calls come from the pipeline's thread; all but `finish` return at once.
class LogFollower {
 public:
  virtual ~LogFollower() = default;

  /// These events were committed, the first as row `first_row`.
  virtual void committed(std::uint64_t first_row, std::span<const LogEvent> events) = 0;

  /// Rows from here on are still needed.
  [[nodiscard]] virtual std::uint64_t first_needed() const = 0;

  /// How many rows are not passed on.
  [[nodiscard]] virtual std::uint64_t backlog() const = 0;

  /// The last commit was made: waits at most `limit` for it to be passed on. What it has learned then goes into the
  /// state file with changed_settings().
  virtual void finish(Duration limit) = 0;

  /// Settings that have changed since the last call, to be written with the next commit.
  virtual std::vector<std::pair<std::string, std::string>> changed_settings() = 0;
};

}  // namespace tidemark
