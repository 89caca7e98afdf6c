#include "edge/value/integer_codec.h"

#include <doctest/doctest.h>

#include <string>

using namespace tidemark;

namespace {

constexpr std::uint32_t kLimit = 64;

std::string written(const BigInteger& value) {
  ByteWriter out;
  write_integer(out, value);
  return out.take();
}

BigInteger read(const std::string& bytes) {
  ByteReader in(bytes);
  const auto value = read_integer(in, kLimit);
  REQUIRE(in.ok());
  REQUIRE(in.at_end());
  if (const Int128* small = std::get_if<Int128>(&value)) return to_big(*small);
  return std::get<BigInteger>(value);
}

}  // namespace

TEST_CASE("integers around every power of two survive their bytes, and both forms write the same") {
  for (unsigned bit = 0; bit < 8 * kLimit - 1; ++bit) {
    for (int offset = -2; offset <= 2; ++offset) {
      for (const int sign : {1, -1}) {
        const BigInteger value = ((BigInteger(1) << bit) + offset) * sign;
        const std::string bytes = written(value);
        REQUIRE(read(bytes) == value);
        Int128 small;
        if (!to_int128(value, small)) {
          REQUIRE(bit >= 126);
          continue;
        }
        REQUIRE(to_big(small) == value);
        ByteWriter out;
        write_integer(out, small);
        REQUIRE(out.view() == bytes);
        if (fits_int64(small)) {
          ByteWriter narrow;
          narrow.svarint(static_cast<std::int64_t>(small.low));
          REQUIRE(narrow.view() == bytes);
        }
      }
    }
  }
}

TEST_CASE("an integer beyond the limit, cut off or with a superfluous byte damages the reader") {
  for (const std::string& bytes : {written(BigInteger(1) << (8 * kLimit + 16)), std::string(), std::string("\xff"),
                                   std::string("\x81\x00", 2), std::string(40, '\xff')}) {
    ByteReader in(bytes);
    const auto value = read_integer(in, kLimit);
    CHECK_FALSE(in.ok());
    CHECK(std::get<Int128>(value) == int128(0));
  }
}
