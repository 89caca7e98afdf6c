// A window computed by the code that 32-bit ARM compiles (no __int128), in a namespace of its own beside the native
// one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace portable {

struct Reading {
  std::int64_t time;
  std::int64_t coefficient;
  std::int32_t exponent;
};

/// The bytes of the state of all `readings`, merged from two states cut at `cut`, then read and written once more.
std::string window_bytes(std::uint32_t kept, const std::vector<Reading>& readings, std::size_t cut);

}  // namespace portable
