#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "edge/value/exact_sum.h"
#include "tests/property/value/oracle.h"

using namespace tidemark;
using oracle::Fields;

namespace {

std::vector<Decimal> decimals(const std::string& text) {
  std::vector<Decimal> values;
  std::istringstream in(text);
  for (Decimal value; in >> value.coefficient >> value.exponent;) values.push_back(value);
  return values;
}

BigDecimal big(const std::string& text) {
  const Fields fields = oracle::split(text, ' ');
  return {BigInteger(fields[0]), std::stoi(fields[1])};
}

std::string bytes(const ExactSum& sum) {
  ByteWriter out;
  sum.encode(out);
  return out.take();
}

/// Sums `values` by a merge tree whose cuts the generator draws.
ExactSum tree(const std::vector<Decimal>& values, std::size_t from, std::size_t to, bool squares,
              std::mt19937& random) {
  ExactSum sum;
  if (to - from <= 2) {
    for (std::size_t i = from; i < to; ++i) squares ? sum.add_square(values[i]) : sum.add(values[i]);
    return sum;
  }
  const std::size_t cut = from + random() % (to - from + 1);
  if (cut == from || cut == to) {
    sum = tree(values, from, to - 1, squares, random);
    squares ? sum.add_square(values[to - 1]) : sum.add(values[to - 1]);
    return sum;
  }
  ExactSum right = tree(values, cut, to, squares, random);
  sum = tree(values, from, cut, squares, random);
  if (random() % 2 == 0) std::swap(sum, right);
  sum.merge(right);
  return sum;
}

}  // namespace

TEST_CASE("sums and sums of squares equal an independent integer arithmetic, in any order and any merge tree") {
  std::mt19937 random(1);
  for (const Fields& fields : oracle::cases("sums", 6'000, 4)) {
    std::vector<Decimal> values = decimals(fields[0]);
    CAPTURE(fields[0]);
    for (const bool squares : {false, true}) {
      const BigDecimal expected = big(fields[squares ? 2 : 1]);
      std::string first;
      for (int round = 0; round < 4; ++round) {
        const ExactSum sum = tree(values, 0, values.size(), squares, random);
        REQUIRE(sum.value() == expected);
        if (first.empty()) first = bytes(sum);
        REQUIRE(bytes(sum) == first);
        std::shuffle(values.begin(), values.end(), random);
      }
      REQUIRE(ExactSum::holds(expected));
      REQUIRE(bytes(ExactSum::from(expected)) == first);
      ByteReader in(first);
      const ExactSum decoded = ExactSum::decode(in);
      REQUIRE(in.ok());
      REQUIRE(in.at_end());
      REQUIRE(decoded == ExactSum::from(expected));
      REQUIRE(bytes(decoded) == first);
    }
  }
}

TEST_CASE("quotients and roots are the nearest doubles, subnormals and infinities included") {
  for (const Fields& fields : oracle::cases("quotients", 20'000, 5)) {
    const Fields terms = oracle::split(fields[0], ' ');
    CAPTURE(fields[0]);
    const BigInteger numerator(terms[0]), denominator(terms[2]);
    const std::int32_t exponent = std::stoi(terms[1]);
    REQUIRE(nearest_double(numerator, exponent, denominator) == oracle::hex_double(fields[1]));
    REQUIRE(nearest_double(-numerator, exponent, denominator) == -oracle::hex_double(fields[1]));
    REQUIRE(nearest_sqrt(numerator, exponent, denominator) == oracle::hex_double(fields[2]));
  }
}
