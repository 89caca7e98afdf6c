// How far a long run is: a bar that is redrawn on a terminal, a line now and then elsewhere. Written to stderr.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace firmware_sim {

class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  /// `often`: a line every second, not every 10 s, where there is no terminal.
  explicit Progress(bool often);

  /// Whether the time for the next report has come.
  [[nodiscard]] bool due(Clock::time_point now) const { return now >= next_; }

  /// `part`: 0 to 1, negative when unknown.
  void report(Clock::time_point now, double part, const std::string& text);

  /// Ends the bar's line, if there is one.
  void end();

 private:
  const bool terminal_;
  const Clock::duration period_;
  Clock::time_point next_;
  bool drawn_ = false;
};

}  // namespace firmware_sim
