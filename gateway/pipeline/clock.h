// The one place where the appliance reads a clock.
#pragma once

#include <algorithm>
#include <chrono>

#include "edge/time/instant.h"

namespace tidemark {

/// CLOCK_REALTIME: steps when it is set.
inline ArrivalTime wall_clock() {
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
              .count()};
}

/// CLOCK_MONOTONIC: the clock of MessageChunk::read_at.
inline MonotonicTime steady_clock() {
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
              .count()};
}

/// The monotonic time of intake (SEMANTICS, rule 17): it never runs ahead of what has been taken from the queue, and
/// stands still while commits are held, so a source whose messages only wait does not look silent.
class IntakeClock {
 public:
  /// `read_at`: of the last chunk taken; `backlog`: more wait behind it.
  MonotonicTime now(MonotonicTime read_at, bool backlog) {
    const MonotonicTime reached = (backlog ? read_at : steady_clock()) - held_;
    last_ = std::max(last_, reached);
    return last_;
  }

  /// Commits were held for this long.
  void hold(Duration held) { held_.ns = saturating_add(held_.ns, held.ns); }

  /// The steady clock's reading when the intake clock will show `time`.
  [[nodiscard]] MonotonicTime steady(MonotonicTime time) const { return time + held_; }

 private:
  Duration held_{};
  MonotonicTime last_ = MonotonicTime::earliest();
};

}  // namespace tidemark
