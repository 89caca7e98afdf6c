// Publishes recorded logs.
#pragma once

#include <string>
#include <vector>

#include "firmware-sim/dispatch.h"
#include "firmware-sim/error.h"

namespace firmware_sim {

struct ReplayOptions {
  std::vector<std::string> files;
  DispatchOptions dispatch;
  double speed = 0;  // 0: as fast as it goes; 1: as it was recorded; 10: ten times as fast
  // Without these two a line is {"topic":..,"payload":..,"at":..}; with either, the whole line is the payload, and they
  // name the members that hold the topic and the time in ms.
  std::string topic_key;
  std::string at_key;
  std::string topic_override;  // publish everything there
  bool often = false;
};

/// True: every line was published and acknowledged. Lines that cannot be read are named, skipped, and make it false.
Result<bool> replay(const ReplayOptions& options);

}  // namespace firmware_sim
