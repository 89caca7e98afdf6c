// Why the simulator could not do what it was asked.
#pragma once

#include "edge/bytes/result.h"

namespace firmware_sim {

enum class SimError : std::uint8_t {
  bad_option,  // the command line is wrong
  file,        // a file cannot be read or written, or is not what it should be
  broker,      // the broker cannot be reached, or refuses us
};

using tidemark::fail;
using tidemark::Failure;

template <typename T>
using Result = tidemark::Result<T, SimError>;

}  // namespace firmware_sim
