// A value is the decimal number the device wrote: coefficient * 10^exponent (SEMANTICS, rules 1 and 2). Never a double:
// 0.1 is one tenth, and sums of decimals are exact in any order.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace tidemark {

/// Canonical: |coefficient| < 10^18 without trailing zeros; zero is {0, 0}. The exponent lies in [kLeastExponent,
/// kGreatestExponent] (what a double with 18 digits can reach). Canonical decimals are equal exactly when their members
/// are.
struct Decimal {
  std::int64_t coefficient = 0;
  std::int32_t exponent = 0;
  friend constexpr bool operator==(const Decimal&, const Decimal&) = default;
};

inline constexpr std::int32_t kLeastExponent = -341;
inline constexpr std::int32_t kGreatestExponent = 308;

struct ParsedDecimal {
  Decimal value;
  bool inexact = false;  // more than 18 significant digits: rounded to the nearest double first (rule 1)
};

enum class DecimalError : std::uint8_t {
  malformed,     // not a JSON number (RFC 8259 section 6)
  nonfinite,     // NaN, Inf, Infinity in any case, with or without '-'
  out_of_range,  // beyond the range of a double: overflows, or is not zero and rounds to zero
};

/// `text`: the whole number, no white space. Accepts the JSON grammar; a leading '+' or zeros are malformed. Digits are
/// counted without leading and trailing zeros: "1000000000000000000000" has one.
tl::expected<ParsedDecimal, DecimalError> parse_decimal(std::string_view text);

/// {coefficient, exponent} made canonical. Requires that the result is one: |coefficient| < 10^18 after trailing zeros
/// are removed, and the exponent within its bounds.
Decimal make_decimal(std::int64_t coefficient, std::int32_t exponent);

/// The shortest decimal that reads back as the same double. Requires a finite value.
Decimal decimal_from_double(double value);

/// The nearest double, ties to even.
double to_double(const Decimal& value);

namespace detail {
std::strong_ordering compare_unaligned(const Decimal& a, const Decimal& b);
}

/// Numeric order, exact.
inline std::strong_ordering compare(const Decimal& a, const Decimal& b) {
  if (a.exponent == b.exponent) return a.coefficient <=> b.coefficient;
  return detail::compare_unaligned(a, b);
}

/// Plain notation without trailing zeros: "-0.5", "1200", "0".
std::string to_string(const Decimal& value);

}  // namespace tidemark
