// The wall clock of the simulator's host. Only what is sent live asks it; what devices measure depends on the seed
// alone.
#pragma once

#include <cstdint>

namespace firmware_sim {

/// Since 1970, UTC.
std::int64_t wall_clock_ns();

}  // namespace firmware_sim
