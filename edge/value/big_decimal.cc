#include "edge/value/big_decimal.h"

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>
#include <optional>
#include <utility>

#include "edge/bytes/assert.h"
#include "edge/value/power_of_ten.h"

namespace tidemark {
namespace {

namespace mp = boost::multiprecision;

/// mantissa * 2^exponent rounded once to a double, ties to even; `more`: the exact value lies above by less than one
/// unit of the mantissa. Requires 2^54 <= mantissa < 2^63, so that below the 53 bits there is at least one for the
/// half.
double assemble(std::uint64_t mantissa, std::int64_t exponent, bool more) {
  const std::int64_t top = static_cast<std::int64_t>(std::bit_width(mantissa)) + exponent;  // value < 2^top
  if (top > DBL_MAX_EXP) return HUGE_VAL;
  // The unit in the last place: 53 bits below the top, but never below the least subnormal.
  const std::int64_t unit = std::max<std::int64_t>(top - DBL_MANT_DIG, DBL_MIN_EXP - DBL_MANT_DIG);
  const std::int64_t dropped = unit - exponent;
  if (dropped > 63) return 0;  // below half of the least subnormal
  const std::uint64_t half = std::uint64_t{1} << (dropped - 1);
  const std::uint64_t rest = mantissa & (2 * half - 1);
  std::uint64_t kept = mantissa >> dropped;
  if (rest > half || (rest == half && (more || (kept & 1) != 0))) ++kept;
  return std::ldexp(static_cast<double>(kept), static_cast<int>(unit));  // exact: at most 53 bits, aligned to the unit
}

/// numerator * 10^exponent / denominator as one fraction of integers.
std::pair<BigInteger, BigInteger> fraction(const BigInteger& numerator, std::int32_t exponent,
                                           const BigInteger& denominator) {
  if (exponent >= 0) return {numerator * power_of_ten(static_cast<std::uint32_t>(exponent)), denominator};
  return {numerator, denominator * power_of_ten(static_cast<std::uint32_t>(-exponent))};
}

/// floor(value * 2^shift) for a fraction, and whether something was cut off.
std::pair<BigInteger, bool> scaled(BigInteger numerator, BigInteger denominator, std::int64_t shift) {
  if (shift >= 0) {
    numerator <<= static_cast<std::size_t>(shift);
  } else {
    denominator <<= static_cast<std::size_t>(-shift);
  }
  BigInteger quotient, remainder;
  mp::divide_qr(numerator, denominator, quotient, remainder);
  return {std::move(quotient), remainder != 0};
}

/// What almost every mean and variance is: both terms are exact as doubles, and the one division rounds once.
std::optional<double> quotient_of_exact_doubles(const BigInteger& numerator, std::int32_t exponent,
                                                const BigInteger& denominator) {
  static_assert(FLT_EVAL_METHOD == 0);
  constexpr std::int32_t kMaxPower = 15;  // 10^15 < 2^53
  if (exponent < -kMaxPower || exponent > kMaxPower) return std::nullopt;
  if (bit_length(numerator) > DBL_MANT_DIG || bit_length(denominator) > DBL_MANT_DIG) return std::nullopt;
  auto above = static_cast<std::int64_t>(numerator), below = static_cast<std::int64_t>(denominator);
  std::int64_t& scaled = exponent >= 0 ? above : below;
  const std::int64_t power = kPowersOfTen[static_cast<std::size_t>(exponent >= 0 ? exponent : -exponent)];
  constexpr std::int64_t kExact = std::int64_t{1} << DBL_MANT_DIG;
  if (__builtin_mul_overflow(scaled, power, &scaled) || scaled > kExact || scaled < -kExact) return std::nullopt;
  return static_cast<double>(above) / static_cast<double>(below);
}

}  // namespace

std::int64_t bit_length(const BigInteger& value) {
  // msb refuses zero and negative numbers.
  if (value == 0) return 0;
  return static_cast<std::int64_t>(value < 0 ? mp::msb(BigInteger(-value)) : mp::msb(value)) + 1;
}

BigInteger power_of_ten(std::uint32_t power) {
  if (power <= kMaxPower64) return BigInteger(kPowersOfTen[power]);
  return mp::pow(BigInteger(10), power);
}

BigDecimal make_big_decimal(BigInteger coefficient, std::int32_t exponent) {
  if (coefficient == 0) return {};
  // Zeros go sixteen at a time, then one at a time. 10^k divides only what 2^k divides, which is quick to see.
  for (const std::uint32_t step : {16u, 1u}) {
    const BigInteger unit = power_of_ten(step);
    BigInteger quotient, remainder;
    while (mp::lsb(mp::abs(coefficient)) >= step) {
      mp::divide_qr(coefficient, unit, quotient, remainder);
      if (remainder != 0) break;
      coefficient.swap(quotient);
      exponent += static_cast<std::int32_t>(step);
    }
  }
  return {std::move(coefficient), exponent};
}

BigDecimal to_big(const Decimal& value) {
  return {value.coefficient, value.exponent};
}

std::string to_string(const BigDecimal& value) {
  std::string digits = BigInteger(mp::abs(value.coefficient)).str();
  if (value.exponent >= 0) {
    digits.append(static_cast<std::size_t>(value.exponent), '0');
  } else {
    const auto places = static_cast<std::size_t>(-value.exponent);
    if (digits.size() <= places) digits.insert(0, places - digits.size() + 1, '0');
    digits.insert(digits.size() - places, 1, '.');
  }
  if (value.coefficient < 0) digits.insert(0, 1, '-');
  return digits;
}

double nearest_double(const BigInteger& numerator, std::int32_t exponent, const BigInteger& denominator) {
  TIDEMARK_ASSERT(denominator > 0);
  if (numerator == 0) return 0;
  if (const std::optional<double> nearest = quotient_of_exact_doubles(numerator, exponent, denominator))
    return *nearest;
  const auto [above, below] = fraction(mp::abs(numerator), exponent, denominator);
  // A quotient of 60 or 61 bits.
  const std::int64_t shift = 60 - (bit_length(above) - bit_length(below));
  const auto [quotient, cut] = scaled(above, below, shift);
  const double nearest = assemble(static_cast<std::uint64_t>(quotient), -shift, cut);
  return numerator < 0 ? -nearest : nearest;
}

double nearest_sqrt(const BigInteger& numerator, std::int32_t exponent, const BigInteger& denominator) {
  TIDEMARK_ASSERT(numerator >= 0);
  TIDEMARK_ASSERT(denominator > 0);
  if (numerator == 0) return 0;
  const auto [above, below] = fraction(numerator, exponent, denominator);
  // A quotient of 119 to 121 bits, so a root of 60 or 61; the shift is even, so the root's is whole.
  std::int64_t shift = 120 - (bit_length(above) - bit_length(below));
  shift -= shift & 1;
  const auto [quotient, cut] = scaled(above, below, shift);
  BigInteger rest;
  const BigInteger root = mp::sqrt(quotient, rest);
  return assemble(static_cast<std::uint64_t>(root), -shift / 2, cut || rest != 0);
}

}  // namespace tidemark
