#include "firmware-sim/waveform.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

using namespace firmware_sim;

TEST_CASE("the integer sine is within a fifth of a percent of the real one") {
  for (std::int64_t t = 0; t < 10'000; ++t) {
    const double real = 1e6 * std::sin(2 * std::numbers::pi * static_cast<double>(t) / 10'000);
    REQUIRE(std::abs(static_cast<double>(sine(t, 10'000, 1'000'000)) - real) < 2'000);
  }
  CHECK(sine(2'500, 10'000, 1'000) == 1'000);
  CHECK(sine(7'500, 10'000, 1'000) == -1'000);
  CHECK(sine(12'500, 10'000, 1'000) == 1'000);
}

TEST_CASE("the integer root is the greatest whose square fits") {
  for (std::uint64_t value = 0; value < 20'000; ++value) {
    const std::uint64_t root = integer_root(value);
    REQUIRE(root * root <= value);
    REQUIRE((root + 1) * (root + 1) > value);
  }
  CHECK(integer_root(~std::uint64_t{0}) == 4'294'967'295ULL);
}

TEST_CASE("division rounds down below zero") {
  CHECK(floor_divide(-1, 5) == -1);
  CHECK(floor_divide(-5, 5) == -1);
  CHECK(floor_divide(-6, 5) == -2);
  CHECK(floor_divide(6, 5) == 1);
}
