#include "edge/event/integer_bytes.h"

#include <doctest/doctest.h>

#include <limits>

using namespace tidemark;

TEST_CASE("two's complement takes as few bytes as hold the sign") {
  const struct {
    std::int64_t value;
    std::string expected;
  } rows[] = {
      {0, ""},
      {1, std::string("\x01", 1)},
      {127, std::string("\x7f", 1)},
      {128, std::string("\x80\x00", 2)},
      {-1, std::string("\xff", 1)},
      {-128, std::string("\x80", 1)},
      {-129, std::string("\x7f\xff", 2)},
      {32'767, std::string("\xff\x7f", 2)},
      {std::numeric_limits<std::int64_t>::min(), std::string("\0\0\0\0\0\0\0\x80", 8)},
      {std::numeric_limits<std::int64_t>::max(), std::string("\xff\xff\xff\xff\xff\xff\xff\x7f", 8)},
  };
  for (const auto& row : rows) {
    CHECK(signed_bytes(row.value) == row.expected);
    CHECK(signed_bytes(BigInteger(row.value)) == row.expected);
    CHECK(integer_from_signed(row.expected) == row.value);
  }
}

TEST_CASE("integers of any size come back from their bytes") {
  for (int bits = 0; bits < 700; ++bits) {
    for (const int step : {-1, 0, 1}) {
      const BigInteger value = (BigInteger(1) << bits) + step;
      CHECK(integer_from_signed(signed_bytes(value)) == value);
      CHECK(integer_from_signed(signed_bytes(BigInteger(-value))) == -value);
      CHECK(integer_from_unsigned(unsigned_bytes(value)) == value);
    }
  }
}

TEST_CASE("an integer is narrow exactly when it fits an int64") {
  const BigInteger least = std::numeric_limits<std::int64_t>::min(), most = std::numeric_limits<std::int64_t>::max();
  CHECK(narrow_integer(least) == std::numeric_limits<std::int64_t>::min());
  CHECK(narrow_integer(most) == std::numeric_limits<std::int64_t>::max());
  CHECK_FALSE(narrow_integer(least - 1));
  CHECK_FALSE(narrow_integer(most + 1));
}
