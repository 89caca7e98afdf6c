#include "edge/value/decimal.h"

#include <algorithm>
#include <array>
#include <cfloat>
#include <charconv>
#include <cmath>
#include <limits>

#include "edge/bytes/assert.h"
#include "edge/value/int128.h"
#include "edge/value/power_of_ten.h"

namespace tidemark {
namespace {

constexpr std::int32_t kMaxDigits = 18;

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Of a number's text, in either notation. NaN if it overflows or is not zero and rounds to zero.
double double_of_text(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{}) return value;
  // Libraries differ in what they leave in the value then; the caller knows from the exponent which of the two it is.
  return std::numeric_limits<double>::quiet_NaN();
}

/// "nan", "inf" and "infinity" in any case, after an optional '-'.
bool names_nonfinite(std::string_view text) {
  if (!text.empty() && text.front() == '-') text.remove_prefix(1);
  const auto equals = [text](std::string_view name) {
    return std::equal(text.begin(), text.end(), name.begin(), name.end(),
                      [](char a, char b) { return (a | 0x20) == b; });
  };
  return equals("nan") || equals("inf") || equals("infinity");
}

tl::unexpected<DecimalError> not_a_number(std::string_view text) {
  return tl::unexpected(names_nonfinite(text) ? DecimalError::nonfinite : DecimalError::malformed);
}

/// Collects significant digits: zeros wait until a later digit shows that they count, so the coefficient never has
/// trailing zeros, and nothing is divided.
struct Digits {
  std::uint64_t coefficient = 0;
  std::int64_t significant = 0;
  std::int64_t zeros = 0;  // trailing so far

  void take(char c) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (digit == 0) {
      if (significant != 0) ++zeros;
      return;
    }
    significant += significant == 0 ? 1 : zeros + 1;
    if (significant <= kMaxDigits) {
      coefficient = coefficient * static_cast<std::uint64_t>(kPowersOfTen[static_cast<std::size_t>(zeros) + 1]) + digit;
    }
    zeros = 0;
  }
};

bool in_range(const Decimal& value) {
  if (value.coefficient == 0) return true;
  // The value is at least 10^(order - 1) and less than 10^order. Only the ends need the exact conversion.
  const std::int32_t order = decimal_digits(static_cast<std::uint64_t>(std::abs(value.coefficient))) + value.exponent;
  if (order > -300 && order < 300) return true;
  if (order < -330 || order > 310) return false;
  const double nearest = to_double(value);
  return nearest != 0 && std::isfinite(nearest);
}

}  // namespace

tl::expected<ParsedDecimal, DecimalError> parse_decimal(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = at != end && *at == '-';
  if (negative) ++at;
  if (at == end || !is_digit(*at)) return not_a_number(text);

  Digits digits;
  if (*at == '0') {
    ++at;
  } else {
    do digits.take(*at++);
    while (at != end && is_digit(*at));
  }
  std::int64_t exponent = 0;
  if (at != end && *at == '.') {
    const char* const fraction = ++at;
    while (at != end && is_digit(*at)) digits.take(*at++);
    if (at == fraction) return not_a_number(text);
    exponent = fraction - at;
  }
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    const bool below = at != end && *at == '-';
    if (at != end && (*at == '-' || *at == '+')) ++at;
    if (at == end) return not_a_number(text);
    std::int64_t written = 0;
    for (; at != end && is_digit(*at); ++at) {
      // Held far beyond the length of any text, so it can still not be brought back into range by its digits.
      written = std::min<std::int64_t>(written * 10 + (*at - '0'), std::int64_t{1} << 50);
    }
    if (!is_digit(at[-1])) return not_a_number(text);
    exponent += below ? -written : written;
  }
  if (at != end) return not_a_number(text);

  if (digits.significant == 0) return ParsedDecimal{};
  exponent += digits.zeros;
  if (digits.significant > kMaxDigits) {
    const double nearest = double_of_text(text);
    if (nearest == 0 || !std::isfinite(nearest)) return tl::unexpected(DecimalError::out_of_range);
    return ParsedDecimal{decimal_from_double(nearest), true};
  }
  if (exponent < kLeastExponent || exponent > kGreatestExponent) return tl::unexpected(DecimalError::out_of_range);
  const auto coefficient = static_cast<std::int64_t>(digits.coefficient);
  const Decimal value{negative ? -coefficient : coefficient, static_cast<std::int32_t>(exponent)};
  if (!in_range(value)) return tl::unexpected(DecimalError::out_of_range);
  return ParsedDecimal{value, false};
}

Decimal make_decimal(std::int64_t coefficient, std::int32_t exponent) {
  if (coefficient == 0) return {};
  while (coefficient % 10 == 0) {
    coefficient /= 10;
    ++exponent;
  }
  TIDEMARK_ASSERT(coefficient > -kPowersOfTen[kMaxPower64] && coefficient < kPowersOfTen[kMaxPower64]);
  TIDEMARK_ASSERT(exponent >= kLeastExponent && exponent <= kGreatestExponent);
  return {coefficient, exponent};
}

Decimal decimal_from_double(double value) {
  TIDEMARK_ASSERT(std::isfinite(value));
  // [-]d[.ddd]e[+-]dd, at most 17 digits.
  std::array<char, 32> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific);
  TIDEMARK_ASSERT(error == std::errc{});
  Digits digits;
  const char* at = text.data();
  const bool negative = *at == '-';
  if (negative) ++at;
  std::int32_t exponent = 0;
  for (bool fraction = false; *at != 'e'; ++at) {
    if (*at == '.') {
      fraction = true;
      continue;
    }
    digits.take(*at);
    if (fraction) --exponent;
  }
  if (digits.significant == 0) return {};
  std::int32_t written = 0;
  ++at;
  if (*at == '+') ++at;  // from_chars takes only '-'
  std::from_chars(at, end, written);
  const auto coefficient = static_cast<std::int64_t>(digits.coefficient);
  return {negative ? -coefficient : coefficient, exponent + written + static_cast<std::int32_t>(digits.zeros)};
}

double to_double(const Decimal& value) {
  // Clinger's fast path: both factors are exact doubles, so the one operation rounds once. It needs doubles that are
  // not computed in a wider register.
  static constexpr std::array<double, 23> kExactPowers = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                          1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                          1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  static_assert(FLT_EVAL_METHOD == 0);
  constexpr std::int64_t kExactIntegers = std::int64_t{1} << 53;
  if (value.coefficient >= -kExactIntegers && value.coefficient <= kExactIntegers) {
    const auto coefficient = static_cast<double>(value.coefficient);
    if (value.exponent >= -22 && value.exponent <= 0) {
      return coefficient / kExactPowers[static_cast<std::size_t>(-value.exponent)];
    }
    if (value.exponent > 0 && value.exponent <= 22) {
      return coefficient * kExactPowers[static_cast<std::size_t>(value.exponent)];
    }
  }
  std::array<char, 32> text;
  char* at = std::to_chars(text.data(), text.data() + 21, value.coefficient).ptr;
  *at++ = 'e';
  at = std::to_chars(at, text.data() + text.size(), value.exponent).ptr;
  const double nearest = double_of_text({text.data(), static_cast<std::size_t>(at - text.data())});
  if (!std::isnan(nearest)) return nearest;
  if (value.exponent < 0) return value.coefficient < 0 ? -0.0 : 0.0;
  return value.coefficient < 0 ? -HUGE_VAL : HUGE_VAL;
}

std::strong_ordering detail::compare_unaligned(const Decimal& a, const Decimal& b) {
  constexpr auto kNear = static_cast<std::int32_t>(kMaxPower64);
  const std::int32_t shift = a.exponent - b.exponent;
  if (shift > 0 && shift <= kNear) {
    return product(a.coefficient, kPowersOfTen[static_cast<std::size_t>(shift)]) <=> int128(b.coefficient);
  }
  if (shift < 0 && shift >= -kNear) {
    return int128(a.coefficient) <=> product(b.coefficient, kPowersOfTen[static_cast<std::size_t>(-shift)]);
  }
  // One unit of the greater exponent is above all 18 digits of the other: signs and exponents decide.
  const int sign_a = (a.coefficient > 0) - (a.coefficient < 0), sign_b = (b.coefficient > 0) - (b.coefficient < 0);
  if (sign_a != sign_b || sign_a == 0) return sign_a <=> sign_b;
  return sign_a > 0 ? shift <=> 0 : 0 <=> shift;
}

std::string to_string(const Decimal& value) {
  std::array<char, 21> digits;
  const auto magnitude = static_cast<std::uint64_t>(std::abs(value.coefficient));
  const auto size = static_cast<std::size_t>(
      std::to_chars(digits.data(), digits.data() + digits.size(), magnitude).ptr - digits.data());
  std::string text;
  if (value.coefficient < 0) text.push_back('-');
  if (value.exponent >= 0) {
    text.append(digits.data(), size);
    text.append(static_cast<std::size_t>(value.exponent), '0');
    return text;
  }
  const auto fraction = static_cast<std::size_t>(-value.exponent);
  if (size > fraction) {
    text.append(digits.data(), size - fraction).push_back('.');
    text.append(digits.data() + (size - fraction), fraction);
  } else {
    text.append("0.").append(fraction - size, '0').append(digits.data(), size);
  }
  return text;
}

}  // namespace tidemark
