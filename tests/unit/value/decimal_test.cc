#include "edge/value/decimal.h"

#include <doctest/doctest.h>

#include <cfloat>
#include <limits>
#include <string>

#include "edge/value/power_of_ten.h"

using namespace tidemark;

namespace {

struct Accepted {
  std::string_view text;
  std::int64_t coefficient;
  std::int32_t exponent;
  bool inexact = false;
};

constexpr Accepted kAccepted[] = {
    {"0", 0, 0},
    {"-0", 0, 0},
    {"-0.000", 0, 0},
    {"0e999999999999999999999", 0, 0},
    {"1", 1, 0},
    {"-1", -1, 0},
    {"100", 1, 2},
    {"23.50", 235, -1},
    {"0.1", 1, -1},
    {"0.0010", 1, -3},
    {"10.01", 1001, -2},
    {"1e3", 1, 3},
    {"1E+3", 1, 3},
    {"1e-3", 1, -3},
    {"1200e-2", 12, 0},
    {"123456789012345678", 123456789012345678, 0},
    {"-999999999999999999", -999999999999999999, 0},
    {"1000000000000000000000", 1, 21},  // 22 digits, one significant
    {"0.0000000000000000000000123456789012345678", 123456789012345678, -40},
    {"123456789012345678000000", 123456789012345678, 6},
    {"9223372036854775807", 9223372036854776, 3, true},  // 19 digits: through the double
    {"1234567890123456789", 12345678901234568, 2, true},
    {"0.1000000000000000055511151231257827", 1, -1, true},  // the double 0.1 in full
    {"1000000000000000000000000000001", 1, 30, true},
    {"5e-324", 5, -324},
    {"2.5e-324", 25, -325},  // rounds up to the least subnormal
    {"2.47032822920623273e-324", 247032822920623273, -341},
    {"1.7976931348623157e308", 17976931348623157, 292},
    {"1.79769313486231580e308", 17976931348623158, 292},  // rounds down to the greatest double
    {"0.000000001e317", 1, 308},
    {"300000000e-332", 3, -324},
};

struct Refused {
  std::string_view text;
  DecimalError error;
};

constexpr DecimalError kMalformed = DecimalError::malformed, kNonfinite = DecimalError::nonfinite,
                       kOutOfRange = DecimalError::out_of_range;

constexpr Refused kRefused[] = {
    {"", kMalformed},
    {"-", kMalformed},
    {"+1", kMalformed},
    {"01", kMalformed},
    {"-01", kMalformed},
    {"00", kMalformed},
    {".5", kMalformed},
    {"1.", kMalformed},
    {"1.e3", kMalformed},
    {"1e", kMalformed},
    {"1e+", kMalformed},
    {"1e-", kMalformed},
    {"1e3.5", kMalformed},
    {"1 ", kMalformed},
    {" 1", kMalformed},
    {"1,5", kMalformed},
    {"0x10", kMalformed},
    {"1_000", kMalformed},
    {"--1", kMalformed},
    {"1-", kMalformed},
    {"true", kMalformed},
    {"nano", kMalformed},
    {"na", kMalformed},
    {"infinit", kMalformed},
    {"+inf", kMalformed},
    {"1.5.2", kMalformed},
    {"12345678901234567890x", kMalformed},
    {"NaN", kNonfinite},
    {"nan", kNonfinite},
    {"Infinity", kNonfinite},
    {"-Infinity", kNonfinite},
    {"inf", kNonfinite},
    {"-INF", kNonfinite},
    {"-nan", kNonfinite},
    {"1e400", kOutOfRange},
    {"-1e309", kOutOfRange},
    {"1.7976931348623159e308", kOutOfRange},
    {"1.79769313486231580794e308", kOutOfRange},  // more digits, above the half-way point
    {"2.47032822920623272e-324", kOutOfRange},    // below half of the least subnormal
    {"2.4703282292062327208e-324", kOutOfRange},
    {"1e-400", kOutOfRange},
    {"1e99999999999999999999", kOutOfRange},
    {"1e-99999999999999999999", kOutOfRange},
    {"12345678901234567890e99999999999999999999", kOutOfRange},
    {"12345678901234567890e-99999999999999999999", kOutOfRange},
};

}  // namespace

TEST_CASE("a number is exactly what was written, without trailing zeros") {
  for (const Accepted& expected : kAccepted) {
    CAPTURE(expected.text);
    const auto parsed = parse_decimal(expected.text);
    REQUIRE(parsed);
    CHECK(parsed->value.coefficient == expected.coefficient);
    CHECK(parsed->value.exponent == expected.exponent);
    CHECK(parsed->inexact == expected.inexact);
  }
}

TEST_CASE("what is not a JSON number, not finite or beyond a double is refused with its reason") {
  for (const Refused& expected : kRefused) {
    CAPTURE(expected.text);
    const auto parsed = parse_decimal(expected.text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error() == expected.error);
  }
}

TEST_CASE("a long text costs no more than its length and keeps its value") {
  const std::string zeros(100'000, '0');
  CHECK(parse_decimal("1" + zeros + "e-100000")->value == Decimal{1, 0});
  CHECK(parse_decimal("0." + zeros + "1e100001")->value == Decimal{1, 0});
  CHECK(parse_decimal("0." + zeros)->value == Decimal{});
  const auto third = parse_decimal("0." + std::string(200'000, '3'));
  CHECK(third->inexact);
  CHECK(third->value == Decimal{3333333333333333, -16});
}

TEST_CASE("an embedded zero byte is malformed") {
  CHECK_FALSE(parse_decimal(std::string_view("1\0002", 3)));
}

TEST_CASE("make_decimal removes trailing zeros, at the bounds of int64 too") {
  CHECK(make_decimal(0, 17) == Decimal{0, 0});
  CHECK(make_decimal(-1200, -1) == Decimal{-12, 1});
  CHECK(make_decimal(9'000'000'000'000'000'000, 0) == Decimal{9, 18});
}

TEST_CASE("to_double and decimal_from_double are inverse at the ends of the range") {
  for (const double value :
       {0.1, -0.1, 1.0, 1e22, 1e23, 5e-324, -5e-324, DBL_MIN, DBL_MAX, -DBL_MAX, 0.30000000000000004,
        123456789.123456789, 9007199254740993.0, 4.35, 2.2250738585072011e-308}) {
    CHECK(to_double(decimal_from_double(value)) == value);
  }
  CHECK(decimal_from_double(-0.0) == Decimal{});
  CHECK(decimal_from_double(1e23) == Decimal{1, 23});
  CHECK(to_double({9007199254740993, 0}) == 9007199254740992.0);  // 2^53 + 1: a tie, to even
  CHECK(to_double({9007199254740995, 0}) == 9007199254740996.0);
}

TEST_CASE("what lies below the least double is zero, what lies above the greatest infinite") {
  CHECK(to_double({1, kLeastExponent}) == 0);
  CHECK(to_double({999999999999999999, kGreatestExponent}) == std::numeric_limits<double>::infinity());
  CHECK(to_double({-999999999999999999, kGreatestExponent}) == -std::numeric_limits<double>::infinity());
}

TEST_CASE("order is numeric whatever the exponents") {
  constexpr Decimal kAscending[] = {{-1, 308},
                                    {-101, 0},
                                    {-1, 2},
                                    {-99, 0},
                                    {-1, -341},
                                    {0, 0},
                                    {1, -341},
                                    {1, -1},
                                    {12, -2},
                                    {1, 0},
                                    {999999999999999999, -17},
                                    {1, 1},
                                    {101, -1},
                                    {99, 0},
                                    {1, 2},
                                    {101, 0},
                                    {1, 308}};
  for (const Decimal& a : kAscending) {
    for (const Decimal& b : kAscending) CHECK(compare(a, b) == (&a <=> &b));
  }
}

TEST_CASE("text is plain and without trailing zeros") {
  CHECK(to_string(Decimal{}) == "0");
  CHECK(to_string(Decimal{-5, -1}) == "-0.5");
  CHECK(to_string(Decimal{12, 2}) == "1200");
  CHECK(to_string(Decimal{12345, -3}) == "12.345");
  CHECK(to_string(Decimal{-12345, -5}) == "-0.12345");
  CHECK(to_string(Decimal{12345, -7}) == "0.0012345");
}

TEST_CASE("decimal_digits counts at every power of ten") {
  CHECK(decimal_digits(0) == 0);
  for (std::uint32_t power = 1; power <= kMaxPower64; ++power) {
    const auto unit = static_cast<std::uint64_t>(kPowersOfTen[power]);
    CHECK(decimal_digits(unit - 1) == static_cast<std::int32_t>(power));
    CHECK(decimal_digits(unit) == static_cast<std::int32_t>(power) + 1);
  }
}
