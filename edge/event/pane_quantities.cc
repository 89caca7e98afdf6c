#include "edge/event/pane_quantities.h"

#include <algorithm>

#include "edge/bytes/assert.h"
#include "edge/event/integer_bytes.h"
#include "edge/value/power_of_ten.h"

namespace tidemark {
namespace {

std::int32_t floor_half(std::int32_t value) {
  return value >> 1;
}

// value / 10^exponent, if that is an int64.
bool align(const Decimal& value, std::int32_t exponent, std::int64_t& aligned) {
  aligned = 0;
  if (value.coefficient == 0) return true;
  const std::int32_t shift = value.exponent - exponent;
  if (shift < 0 || shift > static_cast<std::int32_t>(kMaxPower64)) return false;
  return !__builtin_mul_overflow(value.coefficient, kPowersOfTen[static_cast<std::size_t>(shift)], &aligned);
}

BigInteger align(const BigDecimal& value, std::int32_t exponent) {
  if (value.coefficient == 0) return 0;
  TIDEMARK_ASSERT(value.exponent >= exponent);
  return value.coefficient * power_of_ten(static_cast<std::uint32_t>(value.exponent - exponent));
}

BigInteger align_big(const Decimal& value, std::int32_t exponent) {
  return align(to_big(value), exponent);
}

}  // namespace

PaneQuantities::PaneQuantities(const WindowState& state) : state_(&state) {
  TIDEMARK_ASSERT(!state.empty());
  const auto allow = [this](const Decimal& value) {
    if (value.coefficient != 0) exponent_ = std::min(exponent_, value.exponent);
  };
  const ComponentSet kept = state.kept();
  if (kept.has(Component::extremes)) {
    allow(state.extremes().min);
    allow(state.extremes().max);
  }
  if (kept.has(Component::endpoints)) {
    allow(state.endpoints().first);
    allow(state.endpoints().last);
  }
  if (kept.has(Component::sum)) {
    sum_ = state.sum().decimal();
    if (!state.sum().is_zero()) exponent_ = std::min(exponent_, sum_ ? sum_->exponent : state.sum().exponent());
  }
  if (kept.has(Component::squares)) {
    // The exponent of Σvalue² is asked, not that of the numerator: a reader divides by the count and must find an
    // integer. (1, 1.5, 1.5, 2: the numerator is 2, but Σvalue² is 9.5.)
    if (!state.squares().is_zero()) exponent_ = std::min(exponent_, floor_half(state.squares().exponent()));
    numerator_ = state.squares().times(state.count());
    if (kept.has(Component::sum)) numerator_ = numerator_.minus(state.sum().squared());
    variance_ = numerator_.decimal();
  }
}

std::uint32_t PaneQuantities::widest() const {
  Aligned<std::int64_t> small;
  const std::int32_t exponent = exponent_ == kAnyExponent ? 0 : exponent_;
  if (narrow(exponent, small)) return 8;
  const Aligned<BigInteger> large = wide(exponent);
  std::size_t bytes = 8;
  for (const BigInteger* value : {&large.sum, &large.variance, &large.min, &large.max, &large.first, &large.last}) {
    bytes = std::max(bytes, signed_bytes(*value).size());
  }
  return static_cast<std::uint32_t>(bytes);
}

void PaneQuantities::append(std::int32_t exponent, PaneColumns& columns) const {
  const auto push = [&columns](const auto& values) {
    columns.sum.push(values.sum);
    columns.variance.push(values.variance);
    columns.min.push(values.min);
    columns.max.push(values.max);
    columns.first.push(values.first);
    columns.last.push(values.last);
  };
  Aligned<std::int64_t> small;
  if (narrow(exponent, small)) {
    push(small);
  } else {
    push(wide(exponent));
  }
}

// The usual way, in 64-bit integers. The differences to the extremes are what zstd sees: a window's sum, first and last
// value lie within its extremes, so they take fewer bytes than the values themselves.
bool PaneQuantities::narrow(std::int32_t exponent, Aligned<std::int64_t>& result) const {
  const ComponentSet kept = state_->kept();
  std::int64_t max = 0;
  if (kept.has(Component::extremes)) {
    if (!align(state_->extremes().min, exponent, result.min) || !align(state_->extremes().max, exponent, max) ||
        __builtin_sub_overflow(max, result.min, &result.max)) {
      return false;
    }
  }
  if (kept.has(Component::endpoints)) {
    std::int64_t first = 0, last = 0;
    if (!align(state_->endpoints().first, exponent, first) || !align(state_->endpoints().last, exponent, last)) {
      return false;
    }
    if (__builtin_sub_overflow(first, result.min, &result.first)) return false;
    result.last = last;
    if (kept.has(Component::extremes) && __builtin_sub_overflow(max, last, &result.last)) return false;
  }
  if (kept.has(Component::sum)) {
    std::int64_t sum = 0, least = 0;
    if (!sum_ || !align(*sum_, exponent, sum) ||
        __builtin_mul_overflow(static_cast<std::int64_t>(state_->count()), result.min, &least) ||
        __builtin_sub_overflow(sum, least, &result.sum)) {
      return false;
    }
  }
  return !kept.has(Component::squares) || (variance_ && align(*variance_, 2 * exponent, result.variance));
}

PaneQuantities::Aligned<BigInteger> PaneQuantities::wide(std::int32_t exponent) const {
  const ComponentSet kept = state_->kept();
  Aligned<BigInteger> result;
  BigInteger max;
  if (kept.has(Component::extremes)) {
    result.min = align_big(state_->extremes().min, exponent);
    max = align_big(state_->extremes().max, exponent);
    result.max = max - result.min;
  }
  if (kept.has(Component::endpoints)) {
    result.first = align_big(state_->endpoints().first, exponent) - result.min;
    result.last = align_big(state_->endpoints().last, exponent);
    if (kept.has(Component::extremes)) result.last = max - result.last;
  }
  if (kept.has(Component::sum)) {
    result.sum = align(state_->sum().value(), exponent) - state_->count() * result.min;
  }
  if (kept.has(Component::squares)) result.variance = align(numerator_.value(), 2 * exponent);
  return result;
}

}  // namespace tidemark
