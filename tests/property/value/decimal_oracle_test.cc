#include <doctest/doctest.h>

#include "edge/value/decimal.h"
#include "tests/property/value/oracle.h"

using namespace tidemark;
using oracle::Fields;

namespace {

Decimal decimal(const std::string& coefficient, const std::string& exponent) {
  return {std::stoll(coefficient), std::stoi(exponent)};
}

std::string outcome(const std::string& text) {
  const auto parsed = parse_decimal(text);
  if (parsed) return "ok";
  constexpr const char* kNames[] = {"malformed", "nonfinite", "out_of_range"};
  return kNames[static_cast<std::size_t>(parsed.error())];
}

}  // namespace

TEST_CASE("texts become the decimals, doubles and refusals that exact arithmetic says") {
  for (const Fields& fields : oracle::cases("parse", 30'000, 1)) {
    CAPTURE(fields[0]);
    const Fields expected = oracle::split(fields[1], ' ');
    REQUIRE(outcome(fields[0]) == expected[0]);
    if (expected[0] != "ok") continue;
    const ParsedDecimal parsed = parse_decimal(fields[0]).value();
    REQUIRE(parsed.value == decimal(expected[1], expected[2]));
    REQUIRE(parsed.inexact == (expected[3] == "1"));
    REQUIRE(to_double(parsed.value) == oracle::hex_double(expected[4]));
    REQUIRE(to_string(parsed.value) == expected[5]);
  }
}

TEST_CASE("a double becomes the shortest decimal that reads back as it") {
  for (const Fields& fields : oracle::cases("doubles", 10'000, 2)) {
    const double value = oracle::hex_double(fields[0]);
    const Fields expected = oracle::split(fields[1], ' ');
    REQUIRE(decimal_from_double(value) == decimal(expected[0], expected[1]));
    REQUIRE(to_double(decimal_from_double(value)) == value);
  }
}

TEST_CASE("decimals are ordered as exact fractions are") {
  for (const Fields& fields : oracle::cases("order", 10'000, 3)) {
    const Fields both = oracle::split(fields[0], ' ');
    const Decimal a = decimal(both[0], both[1]), b = decimal(both[2], both[3]);
    REQUIRE(compare(a, b) == (std::stoi(fields[1]) <=> 0));
    REQUIRE(compare(b, a) == (0 <=> std::stoi(fields[1])));
  }
}
