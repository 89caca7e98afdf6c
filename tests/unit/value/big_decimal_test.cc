#include "edge/value/big_decimal.h"

#include <doctest/doctest.h>

#include <cfloat>
#include <limits>

using namespace tidemark;

TEST_CASE("make_big_decimal removes trailing zeros, however many") {
  CHECK(make_big_decimal(0, 5) == BigDecimal{0, 0});
  CHECK(make_big_decimal(-1200, -1) == BigDecimal{-12, 1});
  CHECK(make_big_decimal(power_of_ten(500) * 7, -3) == BigDecimal{7, 497});
  CHECK(make_big_decimal(BigInteger(1) << 200, 0) == BigDecimal{BigInteger(1) << 200, 0});
}

TEST_CASE("text is plain") {
  CHECK(to_string(BigDecimal{}) == "0");
  CHECK(to_string(BigDecimal{-5, -1}) == "-0.5");
  CHECK(to_string(BigDecimal{12, 3}) == "12000");
  CHECK(to_string(BigDecimal{12345, -2}) == "123.45");
  CHECK(to_string(to_big({-12345, -7})) == "-0.0012345");
}

TEST_CASE("a tie between two doubles goes to the even one, and the least excess decides it") {
  const BigInteger tie = (BigInteger(1) << 53) + 1;  // between 2^53 and 2^53 + 2
  CHECK(nearest_double(tie, 0, 1) == 9007199254740992.0);
  CHECK(nearest_double(tie + 2, 0, 1) == 9007199254740996.0);
  CHECK(nearest_double(tie * power_of_ten(200) + 1, -200, 1) == 9007199254740994.0);
  CHECK(nearest_double(-tie, 0, 1) == -9007199254740992.0);
}

TEST_CASE("the ends of the range round as IEEE 754 says") {
  const BigInteger greatest = ((BigInteger(1) << 53) - 1) << 971;
  const BigInteger half_unit = BigInteger(1) << 970;
  CHECK(nearest_double(greatest, 0, 1) == DBL_MAX);
  CHECK(nearest_double(greatest + half_unit - 1, 0, 1) == DBL_MAX);
  CHECK(nearest_double(greatest + half_unit, 0, 1) == std::numeric_limits<double>::infinity());
  const BigInteger least = BigInteger(1) << 1074;  // 1 / least is the least subnormal
  CHECK(nearest_double(1, 0, least) == 5e-324);
  CHECK(nearest_double(1, 0, least * 2) == 0);  // a tie between it and zero: zero is even
  CHECK(nearest_double(3, 0, least * 4) == 5e-324);
  CHECK(nearest_double(3, 0, least * 2) == 1e-323);  // a tie between one and two units: two is even
  CHECK(nearest_double(1, 0, least * 1'000'000'000) == 0);
}

TEST_CASE("a root is that of the exact value, not of its nearest double") {
  CHECK(nearest_sqrt(0, 0, 1) == 0);
  CHECK(nearest_sqrt(1, -2, 1) == 0.1);
  CHECK(nearest_sqrt(1, 0, 4) == 0.5);
  CHECK(nearest_sqrt(2, 0, 1) == 1.4142135623730951);
  // The square of the middle between two doubles, a tie to the even one below, and its neighbours.
  const BigInteger middle = (BigInteger(1) << 54) + 2;
  CHECK(nearest_sqrt(middle * middle, 0, 1) == 18014398509481984.0);
  CHECK(nearest_sqrt(middle * middle - 1, 0, 1) == 18014398509481984.0);
  CHECK(nearest_sqrt(middle * middle + 1, 0, 1) == 18014398509481988.0);
  // An excess that is cut off before the root is taken still counts.
  const BigInteger far = power_of_ten(40);
  CHECK(nearest_sqrt(middle * middle * far + 1, 0, far) == 18014398509481988.0);
  CHECK(nearest_sqrt(middle * middle * far - 1, 0, far) == 18014398509481984.0);
  CHECK(nearest_sqrt(1, -682, 1) == 0);       // 1e-341
  CHECK(nearest_sqrt(1, -640, 1) == 1e-320);  // a subnormal
}
