// An exact decimal of any size: what sums and their products come out as. Canonical like Decimal, without its bounds.
#pragma once

// GCC 12 takes the growth of Boost's limbs for an overrun where it inlines it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Waggressive-loop-optimizations"
#pragma GCC diagnostic ignored "-Warray-bounds"
#pragma GCC diagnostic ignored "-Wstringop-overflow"
#pragma GCC diagnostic ignored "-Wstringop-overread"
#include <boost/multiprecision/cpp_int.hpp>
#pragma GCC diagnostic pop
#include <cstdint>
#include <string>

#include "edge/value/decimal.h"

namespace tidemark {

using BigInteger = boost::multiprecision::cpp_int;

/// Canonical: no trailing zeros in the coefficient; zero is {0, 0}.
struct BigDecimal {
  BigInteger coefficient;
  std::int32_t exponent = 0;
  friend bool operator==(const BigDecimal&, const BigDecimal&) = default;
};

BigDecimal make_big_decimal(BigInteger coefficient, std::int32_t exponent);
BigDecimal to_big(const Decimal& value);

/// Of the magnitude; 0 for 0.
std::int64_t bit_length(const BigInteger& value);

/// 10^power, power >= 0.
BigInteger power_of_ten(std::uint32_t power);

/// Plain notation without trailing zeros.
std::string to_string(const BigDecimal& value);

/// The double nearest to numerator * 10^exponent / denominator, rounded once, ties to even. denominator > 0.
double nearest_double(const BigInteger& numerator, std::int32_t exponent, const BigInteger& denominator);

/// The double nearest to the square root of the same rational, rounded once: the integer root with a sticky bit
/// (SEMANTICS, rule 5). Requires numerator >= 0, denominator > 0.
double nearest_sqrt(const BigInteger& numerator, std::int32_t exponent, const BigInteger& denominator);

}  // namespace tidemark
