// Shapes of physical quantities in integers only: no libm, whose results differ between machines.
#pragma once

#include <cstdint>

namespace firmware_sim {

/// A sine of the given amplitude and period, at time `t`; t >= 0, period > 0, any one unit. Bhaskara I's rational
/// approximation (7th century), at most 0.17 % of the amplitude off, evaluated in integers.
std::int64_t sine(std::int64_t t, std::int64_t period, std::int64_t amplitude);

/// The greatest integer whose square is at most `value`.
std::uint64_t integer_root(std::uint64_t value);

/// a / b rounded towards minus infinity; b > 0.
std::int64_t floor_divide(std::int64_t a, std::int64_t b);

}  // namespace firmware_sim
