// Results computed from a window's exact state. Each that is not a decimal is the nearest double to the exact rational
// or root, rounded once (SEMANTICS, rule 5).
#pragma once

#include <optional>

#include "edge/aggregate/window_state.h"
#include "edge/value/big_decimal.h"

namespace tidemark {

/// Σvalue / count. Null when empty or the sum is not kept.
std::optional<double> mean(const WindowState& state);

/// Sample variance (n - 1). Null below two readings, when sum and squares are not kept, or beyond the range of a
/// double.
std::optional<double> variance(const WindowState& state);

/// The root of the exact variance, not of its rounded double. Null as for variance.
std::optional<double> stddev(const WindowState& state);

/// max - min, exact. Null when empty or extremes are not kept.
std::optional<BigDecimal> range(const WindowState& state);

/// n·Σm² - (Σm)² as an exact decimal (never negative): what an event carries for the variance. Requires sum and
/// squares.
BigDecimal variance_numerator(const WindowState& state);

/// Σvalue² given count, sum and variance_numerator: the inverse of the above. `count` > 0.
/// Nullopt when no exact decimal Σvalue² gives this numerator (damaged input).
std::optional<ExactSum> squares_from_numerator(std::uint64_t count, const ExactSum& sum, const BigDecimal& numerator);

}  // namespace tidemark
