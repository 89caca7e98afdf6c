// A run of simulated devices: live to a broker, or into a recorded log.
#pragma once

#include <optional>
#include <string>

#include "firmware-sim/dispatch.h"
#include "firmware-sim/error.h"
#include "firmware-sim/fleet.h"

namespace firmware_sim {

struct RunOptions {
  FleetOptions fleet;
  std::optional<std::int64_t> start_ms;  // of event time; none: now
  std::string truth;                     // path; empty: none is written
  DispatchOptions dispatch;
  bool often = false;  // progress every second
};

/// Publishes in real time until the duration is over or SIGTERM comes, then waits for the last acknowledgement and
/// finishes the truth. True: everything published was acknowledged.
Result<bool> run_live(RunOptions options);

/// Writes what such a run would send, as fast as it goes.
Result<void> run_recording(const RunOptions& options, const std::string& path);

}  // namespace firmware_sim
