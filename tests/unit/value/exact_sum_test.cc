#include "edge/value/exact_sum.h"

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <utility>

using namespace tidemark;

namespace {

Decimal number(std::string_view text) {
  return parse_decimal(text).value().value;
}

ExactSum sum_of(std::initializer_list<std::string_view> texts) {
  ExactSum sum;
  for (const std::string_view text : texts) sum.add(number(text));
  return sum;
}

std::string text(const ExactSum& sum) {
  return to_string(sum.value());
}

std::string bytes(const ExactSum& sum) {
  ByteWriter out;
  sum.encode(out);
  return out.take();
}

bool decodes(std::string_view bytes) {
  ByteReader in(bytes);
  (void)ExactSum::decode(in);
  return in.ok() && in.at_end();
}

/// Beyond 128 bits, so that the sum is a big integer.
ExactSum wide() {
  return sum_of({"1e300", "1e-300"});
}

}  // namespace

TEST_CASE("0.1 + 0.2 is 0.3") {
  CHECK(text(sum_of({"0.1", "0.2"})) == "0.3");
}

TEST_CASE("the smallest exponent seen never costs a digit of what came before") {
  CHECK(text(sum_of({"5", "0.25", "1e3", "-0.25"})) == "1005");
  CHECK(text(sum_of({"1e18", "1e-18"})) == "1000000000000000000.000000000000000001");
  CHECK(text(sum_of({"-0.001", "0"})) == "-0.001");
}

TEST_CASE("a sum beyond 128 bits goes over to a big integer, and its value comes back") {
  ExactSum sum;
  for (int i = 0; i < 2'000; ++i) sum.add(number("999999999999999999e280"));
  sum.add(number("1e-30"));
  CHECK(text(sum) == "1999999999999999998" + std::string(283, '0') + "." + std::string(29, '0') + "1");
  for (int i = 0; i < 2'000; ++i) sum.add(number("-999999999999999999e280"));
  CHECK(text(sum) == "0." + std::string(29, '0') + "1");
  CHECK(bytes(sum) == bytes(sum_of({"1e-30"})));
  CHECK(sum == sum_of({"1e-30"}));
}

TEST_CASE("squares overflow 128 bits only in the integer, never in the value") {
  ExactSum squares;
  for (int i = 0; i < 1'000; ++i) squares.add_square(number("999999999999999999"));
  CHECK(text(squares) == "999999999999999998000000000000000001000");
  squares = ExactSum();
  for (int i = 0; i < 4; ++i) squares.add_square(number("-0.5"));
  CHECK(text(squares) == "1");
}

TEST_CASE("squares go on exactly from a sum whose exponent is odd") {
  ExactSum squares = ExactSum::from({125, -3});
  squares.add_square(number("0.5"));
  CHECK(text(squares) == "0.375");
  squares = ExactSum::from({5, 3});
  squares.add_square(number("200"));
  CHECK(text(squares) == "45000");
}

TEST_CASE("copies are independent and moves leave something usable, in both representations") {
  for (const ExactSum& original : {wide(), sum_of({"1.5"})}) {
    const std::string before = text(original);
    ExactSum copy(original);
    copy.add(number("1"));
    CHECK(text(original) == before);
    CHECK_FALSE(copy == original);
    ExactSum target = wide();
    target = original;
    CHECK(target == original);
    target = *&target;  // assignment to itself
    CHECK(target == original);
    ExactSum moved(std::move(target));
    CHECK(moved == original);
    target = std::move(moved);
    CHECK(target == original);
    moved = ExactSum();
    CHECK(moved.is_zero());
  }
}

TEST_CASE("merging a sum into itself doubles it") {
  ExactSum sum = wide();
  sum.merge(sum);
  CHECK(text(sum) == "2" + std::string(300, '0') + "." + std::string(299, '0') + "2");
}

TEST_CASE("derived values are exact") {
  CHECK(text(sum_of({"1.5"}).minus(sum_of({"2.25"}))) == "-0.75");
  CHECK(text(sum_of({"1.5"}).times(18'446'744'073'709'551'615u)) == "27670116110564327422.5");
  CHECK(text(sum_of({"-1.5"}).squared()) == "2.25");
  CHECK(text(sum_of({"1"}).divided_by(8).value()) == "0.125");
  CHECK(text(sum_of({"0.3"}).divided_by(3).value()) == "0.1");
  CHECK(text(sum_of({"2.4"}).divided_by(60).value()) == "0.04");
  CHECK_FALSE(sum_of({"1"}).divided_by(3));
  CHECK_FALSE(sum_of({"1"}).divided_by(7 * 1'000'000));
  CHECK(sum_of({"1", "-1"}).divided_by(3).value().is_zero());
  CHECK(sum_of({"-1e-30"}).is_negative());
  CHECK_FALSE(sum_of({"0.1", "-0.1"}).is_negative());
}

TEST_CASE("a sum is a Decimal only within a Decimal's bounds") {
  CHECK(sum_of({"0.5", "0.5"}).decimal() == Decimal{1, 0});
  CHECK(sum_of({"999999999999999999"}).decimal() == Decimal{999999999999999999, 0});
  CHECK_FALSE(sum_of({"999999999999999999", "2"}).decimal());
  CHECK(sum_of({"999999999999999999", "1"}).decimal() == Decimal{1, 18});
  CHECK_FALSE(wide().decimal());
}

TEST_CASE("equal sums have equal bytes whatever exponents and representations they passed through") {
  ExactSum detour = wide();
  detour.merge(sum_of({"-1e300"}));
  detour.merge(sum_of({"-1e-300", "12.5"}));
  CHECK(bytes(detour) == bytes(sum_of({"12.50"})));
  CHECK(bytes(sum_of({"1e5", "-1e5"})) == bytes(ExactSum()));
  CHECK(bytes(sum_of({"234.56"})).size() == 4);
}

TEST_CASE("bytes that no sum has are refused") {
  using namespace std::string_view_literals;
  CHECK(decodes("\x00\x00"sv));                                          // zero
  CHECK(decodes("\x03\x02"sv));                                          // 1e-2
  CHECK_FALSE(decodes(""sv));                                            // nothing
  CHECK_FALSE(decodes("\x03"sv));                                        // no integer
  CHECK_FALSE(decodes("\x03\x82"sv));                                    // a cut integer
  CHECK_FALSE(decodes("\x03\x14"sv));                                    // 10e-2: a trailing zero
  CHECK_FALSE(decodes("\x03\x00"sv));                                    // zero with an exponent
  CHECK_FALSE(decodes("\x03\x82\x00"sv));                                // a superfluous byte
  CHECK_FALSE(decodes("\xd9\x0a\x02"sv));                                // exponent -685, below any square's
  CHECK_FALSE(decodes("\xa0\x1f\x02"sv));                                // exponent 2,000
  CHECK_FALSE(decodes("\x00" + std::string(700, '\xff') + "\x01"));      // more than kMaxBytes
  CHECK_FALSE(decodes("\xf0\x0a" + std::string(300, '\xff') + "\x01"));  // digits and exponent beyond any sum
  CHECK_FALSE(decodes("\x00" + std::string(100'000, '\xff')));
}

TEST_CASE("the largest and smallest readings together stay within what is held") {
  ExactSum squares;
  for (const std::string_view extreme : {"1.7976931348623157e308", "2.47032822920623273e-324", "-1e308"}) {
    squares.add_square(number(extreme));
  }
  const ExactSum numerator = squares.times(UINT64_MAX).times(UINT64_MAX);
  CHECK(ExactSum::holds(numerator.value()));
  CHECK(decodes(bytes(numerator)));
}

TEST_CASE("a value that no sum can reach is not held") {
  CHECK(ExactSum::holds({1, 635}));
  CHECK_FALSE(ExactSum::holds({1, ExactSum::kLeastSumExponent - 1}));
  CHECK_FALSE(ExactSum::holds({1, 2'000'000'000}));
  CHECK_FALSE(ExactSum::holds({power_of_ten(100), 650}));
  CHECK_FALSE(ExactSum::holds({power_of_ten(1'500), -680}));
}
