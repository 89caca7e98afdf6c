#include "firmware-sim/random.h"

#include <doctest/doctest.h>

#include <array>

using namespace firmware_sim;

TEST_CASE("the numbers are those of PCG32's published demonstration") {
  // pcg32-demo of the reference implementation: seed 42, sequence 54.
  Pcg32 random(42, 54);
  const std::array<std::uint32_t, 6> expected{0xa15c02b7, 0x7b47f409, 0xba1d3330, 0x83d2f293, 0xbfa4784b, 0xcbed606e};
  for (const std::uint32_t number : expected) CHECK(random.next() == number);
}

TEST_CASE("bounded numbers stay in their bounds and reach both ends") {
  Pcg32 random(1, 1);
  bool low = false;
  bool high = false;
  for (int i = 0; i < 10'000; ++i) {
    const std::int64_t number = random.between(-3, 3);
    REQUIRE(number >= -3);
    REQUIRE(number <= 3);
    low = low || number == -3;
    high = high || number == 3;
    REQUIRE(random.below(1) == 0);
  }
  CHECK(low);
  CHECK(high);
}

TEST_CASE("neighbouring devices draw unrelated numbers") {
  Pcg32 first(mix_seed(7, 1), 1);
  Pcg32 second(mix_seed(7, 2), 1);
  int equal = 0;
  for (int i = 0; i < 1'000; ++i) equal += first.below(16) == second.below(16) ? 1 : 0;
  // One in sixteen by chance: 62 of 1,000, give or take five standard deviations.
  CHECK(equal > 24);
  CHECK(equal < 101);
}
