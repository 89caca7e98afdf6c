// The portable half of int128.h, as 32-bit ARM compiles it, against the compiler's own __int128 where there is one.
#define TIDEMARK_PORTABLE_INT128
#define tidemark tidemark_portable  // its own namespace: the native half of the same names is linked too
#include "edge/value/int128.h"

#include <doctest/doctest.h>

#include <random>

using namespace tidemark;

#ifdef __SIZEOF_INT128__

namespace {

__extension__ typedef __int128 Native;
__extension__ typedef unsigned __int128 UnsignedNative;

Native native(Int128 value) {
  return static_cast<Native>((static_cast<UnsignedNative>(static_cast<std::uint64_t>(value.high)) << 64) | value.low);
}

Int128 halves(Native value) {
  return {static_cast<std::uint64_t>(value), static_cast<std::int64_t>(value >> 64)};
}

/// Of any width up to 128 bits, often at an edge.
Int128 number(std::mt19937_64& random) {
  const auto shift = random() % 128;
  UnsignedNative bits = ((static_cast<UnsignedNative>(random()) << 64) | random()) >> shift;
  if (random() % 4 == 0) bits = (UnsignedNative{1} << shift) - 1 + random() % 3;
  return halves(static_cast<Native>(random() % 2 == 0 ? bits : 0 - bits));
}

}  // namespace

TEST_CASE("portable 128-bit arithmetic is the compiler's, or says that it does not fit") {
  std::mt19937_64 random(1);
  constexpr Native kLeast = static_cast<Native>(UnsignedNative{1} << 127);
  for (int round = 0; round < 300'000; ++round) {
    const Int128 a = number(random), b = number(random);
    const auto narrow = static_cast<std::int64_t>(b.low);
    if (native(a) == kLeast) continue;

    Native exact = 0;
    Int128 result;
    const bool sum_overflows = __builtin_add_overflow(native(a), native(b), &exact);
    if (add(a, b, result)) {
      REQUIRE_FALSE(sum_overflows);
      REQUIRE(result == halves(exact));
    } else {
      // Only the two ends, where a carry comes after an overflow of the high halves, may be refused needlessly.
      REQUIRE((sum_overflows || (exact >> 126) == 1 || (exact >> 126) == -2));
    }

    const bool product_overflows = __builtin_mul_overflow(native(a), static_cast<Native>(narrow), &exact);
    if (multiply(a, narrow, result)) {
      REQUIRE_FALSE(product_overflows);
      REQUIRE(result == halves(exact));
    } else {
      REQUIRE((product_overflows || exact == kLeast));
    }

    const auto other = static_cast<std::int64_t>(a.low);
    if (other != INT64_MIN || narrow != INT64_MIN) {
      REQUIRE(product(other, narrow) == halves(static_cast<Native>(other) * narrow));
    }

    result = a;
    REQUIRE(divide_by_ten(result) == (native(a) % 10 == 0));
    REQUIRE(result == (native(a) % 10 == 0 ? halves(native(a) / 10) : a));

    REQUIRE((a <=> b) == (native(a) < native(b)   ? std::strong_ordering::less
                          : native(a) > native(b) ? std::strong_ordering::greater
                                                  : std::strong_ordering::equal));
    REQUIRE(fits_int64(a) == (native(a) == static_cast<std::int64_t>(a.low)));
  }
}

TEST_CASE("scaling by a power of ten is exact or refused") {
  Int128 result;
  REQUIRE(scale(int128(-17), 36, result));
  CHECK(native(result) == Native{-17} * 1'000'000'000'000'000'000 * 1'000'000'000'000'000'000);
  CHECK(scale(int128(1), 38, result));
  CHECK_FALSE(scale(int128(2), 38, result));
  CHECK_FALSE(scale(int128(1), 39, result));
  CHECK_FALSE(scale(int128(1), 4'000'000'000, result));
  REQUIRE(scale(int128(0), 4'000'000'000, result));
  CHECK(is_zero(result));
}

#endif
