#include "edge/aggregate/results.h"

#include <cmath>

#include "edge/aggregate/squares.h"
#include "edge/bytes/assert.h"

namespace tidemark {
namespace {

bool keeps_moments(const WindowState& state) {
  return state.kept().has(Component::sum) && state.kept().has(Component::squares);
}

/// n(n-1): the sample variance is the numerator divided by it.
BigInteger variance_denominator(const WindowState& state) {
  return BigInteger(state.count()) * (state.count() - 1);
}

}  // namespace

std::optional<double> mean(const WindowState& state) {
  if (state.empty() || !state.kept().has(Component::sum)) return std::nullopt;
  const BigDecimal sum = state.sum().value();
  return nearest_double(sum.coefficient, sum.exponent, state.count());
}

std::optional<double> variance(const WindowState& state) {
  if (state.count() < 2 || !keeps_moments(state)) return std::nullopt;
  const BigDecimal numerator = variance_numerator(state);
  const double nearest = nearest_double(numerator.coefficient, numerator.exponent, variance_denominator(state));
  if (!std::isfinite(nearest)) return std::nullopt;
  return nearest;
}

std::optional<double> stddev(const WindowState& state) {
  if (state.count() < 2 || !keeps_moments(state)) return std::nullopt;
  const BigDecimal numerator = variance_numerator(state);
  // Only a state put together from parts that never were readings has this.
  if (numerator.coefficient < 0) return std::nullopt;
  return nearest_sqrt(numerator.coefficient, numerator.exponent, variance_denominator(state));
}

std::optional<BigDecimal> range(const WindowState& state) {
  if (state.empty() || !state.kept().has(Component::extremes)) return std::nullopt;
  const Extremes extremes = state.extremes();
  return ExactSum(extremes.max).minus(ExactSum(extremes.min)).value();
}

BigDecimal variance_numerator(const WindowState& state) {
  TIDEMARK_ASSERT(keeps_moments(state));
  return Squares::numerator(state.count(), state.sum(), state.squares()).value();
}

std::optional<ExactSum> squares_from_numerator(std::uint64_t count, const ExactSum& sum, const BigDecimal& numerator) {
  TIDEMARK_ASSERT(count > 0);
  if (!ExactSum::holds(numerator) || numerator.coefficient < 0) return std::nullopt;
  return Squares::from_numerator(count, sum, ExactSum::from(numerator));
}

}  // namespace tidemark
