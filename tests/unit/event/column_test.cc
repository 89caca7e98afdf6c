#include "edge/event/column.h"

#include <doctest/doctest.h>

#include <limits>

using namespace tidemark;

namespace {

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

Integers integers(const std::vector<std::int64_t>& values) {
  Integers result;
  for (const std::int64_t value : values) result.push(value);
  return result;
}

Integers integers(const std::vector<BigInteger>& values) {
  Integers result;
  for (const BigInteger& value : values) result.push(value);
  return result;
}

bool equal(const Integers& a, const Integers& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a.at(i) != b.at(i)) return false;
  }
  return true;
}

std::string bytes(std::initializer_list<int> values) {
  std::string result;
  for (const int value : values) result.push_back(static_cast<char>(value));
  return result;
}

bool decodes(const std::string& column, std::uint32_t rows) {
  Integers values;
  return decode_column(column, rows, values);
}

}  // namespace

TEST_CASE("a column has the bytes the format says") {
  struct Row {
    std::vector<std::int64_t> values;
    std::string expected;
  };
  const Row rows[] = {
      {{0, 0, 0}, ""},
      {{7, 7}, bytes({0, 1, 7, 1})},
      {{-1}, bytes({0, 1, 0xff, 1})},
      {{128}, bytes({0, 2, 0x80, 0x00, 1})},
      {{-129}, bytes({0, 2, 0x7f, 0xff, 1})},
      {{5, 6, 8}, bytes({1, 1, 5, 1, 0, 1, 3})},
      // The planes: the low byte of every offset, then the high one.
      {{0, 0x0102, 0x0304}, bytes({2, 0, 2, 0, 0x81, 0x82, 0, 0x00, 0x01})},
      // A millisecond clock in nanoseconds: the divisor is 10^6, in LEB128.
      {{0, 1'000'000, 3'000'000}, bytes({1, 0, 0xc0, 0x84, 0x3d, 0, 1, 3})},
  };
  for (const Row& row : rows) {
    CHECK(encode_column(integers(row.values)) == row.expected);
    Integers back;
    REQUIRE(decode_column(row.expected, static_cast<std::uint32_t>(row.values.size()), back));
    CHECK(back.is_narrow());
    CHECK(back.narrow() == row.values);
  }
}

TEST_CASE("a column holds any integers, from end to end of int64 and beyond") {
  const BigInteger huge = BigInteger(1) << 4'000;
  const Integers columns[] = {
      integers(std::vector<std::int64_t>{kMin, kMax}),
      integers(std::vector<std::int64_t>{kMin, 0, kMax, -1, 1}),
      integers(std::vector<std::int64_t>{kMax, kMax}),
      integers(std::vector<std::int64_t>{kMin}),
      integers(std::vector<BigInteger>{BigInteger(kMax) + 1}),
      integers(std::vector<BigInteger>{BigInteger(kMin) - 1, 0}),
      integers(std::vector<BigInteger>{-huge, huge, 0, 1, -1}),
      integers(std::vector<BigInteger>{huge, huge}),
      integers(std::vector<BigInteger>{-huge}),
  };
  for (const Integers& column : columns) {
    Integers back;
    REQUIRE(decode_column(encode_column(column), static_cast<std::uint32_t>(column.size()), back));
    CHECK(equal(back, column));
  }
}

TEST_CASE("one value beyond int64 makes all of a column wide, and they keep their places") {
  Integers values;
  values.push(std::int64_t{1});
  values.push(BigInteger(kMax) * 3);
  values.push(std::int64_t{2});
  CHECK_FALSE(values.is_narrow());
  CHECK(values.size() == 3);
  CHECK(values.at(0) == 1);
  CHECK(values.at(1) == BigInteger(kMax) * 3);
  CHECK(values.at(2) == 2);
}

TEST_CASE("bytes that are not a column of that many rows are refused") {
  CHECK(decodes(bytes({1, 1, 5, 1, 0, 1, 3}), 3));
  CHECK_FALSE(decodes(bytes({1, 1, 5, 1, 0, 1, 3}), 2));  // a row too many
  CHECK_FALSE(decodes(bytes({1, 1, 5, 1, 0, 1, 3}), 4));  // a row too few
  CHECK_FALSE(decodes(bytes({1, 1, 5, 1, 0, 1}), 3));     // cut
  CHECK_FALSE(decodes(bytes({1, 1, 5, 0, 0, 1, 3}), 3));  // scale 0
  CHECK_FALSE(decodes(bytes({1, 9, 5, 1, 0, 1, 3}), 3));  // a base longer than the column
  CHECK_FALSE(decodes(bytes({1}), 3));                    // no base
  CHECK_FALSE(decodes(bytes({0x80, 0x80}), 3));           // an unfinished width
  CHECK_FALSE(decodes(bytes({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0, 1}), 4'000'000'000));
  CHECK_FALSE(decodes(bytes({0x81, 0x05, 0, 1}) + std::string(641, '\x01'), 1));  // wider than any number of the format
  CHECK(decodes(bytes({0x80, 0x05, 0, 1}) + std::string(640, '\x01'), 1));
}

TEST_CASE("a scale that leads beyond int64 still gives the exact value") {
  // base -2^63, scale 2^64 - 1, offset 255.
  const std::string column = bytes({1, 8, 0, 0, 0, 0, 0, 0, 0, 0x80}) +
                             bytes({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0xff});
  Integers values;
  REQUIRE(decode_column(column, 1, values));
  CHECK(values.at(0) == BigInteger(kMin) + ((BigInteger(1) << 64) - 1) * 255);
}
