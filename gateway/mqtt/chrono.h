// Between the core's types of time and the standard library's clocks.
#pragma once

#include <chrono>

#include "edge/time/instant.h"

namespace tidemark {

constexpr std::chrono::nanoseconds to_chrono(Duration duration) {
  return std::chrono::nanoseconds(duration.ns);
}

inline MonotonicTime to_monotonic(std::chrono::steady_clock::time_point at) {
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count()};
}

inline ArrivalTime wall_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(now).count()};
}

}  // namespace tidemark
