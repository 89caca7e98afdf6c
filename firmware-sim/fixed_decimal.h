// The number a device writes: an integer count of its smallest step, and where the point stands. Devices compute in
// integers, so what they write is exact and the same on every machine. (The appliance's own decimals are not used here:
// the truth must not depend on what it is to judge.)
#pragma once

#include <cstdint>
#include <string>

namespace firmware_sim {

struct FixedDecimal {
  std::int64_t units = 0;
  std::uint32_t decimals = 0;  // at most 9
};

/// As the device prints it, all decimals shown: {-50, 2} is "-0.50".
void append_text(std::string& out, const FixedDecimal& value);

/// Plain notation without trailing zeros, as the appliance exports it: {-50, 2} is "-0.5", {0, 3} is "0".
std::string canonical_text(const FixedDecimal& value);

/// Decimal digits of an integer.
void append_integer(std::string& out, std::int64_t value);

}  // namespace firmware_sim
