// Positions of the log in a sentence.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>

namespace tidemark {

/// "position 3 of the log is" or "positions 3 to 5 of the log are".
inline std::string positions_are(std::uint64_t first, std::uint64_t last) {
  return first == last ? fmt::format("position {} of the log is", first)
                       : fmt::format("positions {} to {} of the log are", first, last);
}

}  // namespace tidemark
