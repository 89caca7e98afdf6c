#include "firmware-sim/wall_clock.h"

#include <chrono>

namespace firmware_sim {

std::int64_t wall_clock_ns() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

}  // namespace firmware_sim
