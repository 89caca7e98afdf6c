#include "edge/aggregate/results.h"

#include <doctest/doctest.h>

#include <string>

using namespace tidemark;

namespace {

constexpr ComponentSet kAll{Parts::kKnown};

WindowState of(ComponentSet kept, std::initializer_list<std::string_view> values) {
  WindowState state(kept);
  for (const std::string_view value : values) state.add({0}, parse_decimal(value).value().value);
  return state;
}

}  // namespace

TEST_CASE("results are the exact values rounded once") {
  const WindowState state = of(kAll, {"0.1", "0.2", "0.3"});
  CHECK(mean(state) == 0.2);
  CHECK(variance(state) == 0.01);
  CHECK(stddev(state) == 0.1);
  CHECK(to_string(range(state).value()) == "0.2");
  CHECK(to_string(variance_numerator(state)) == "0.06");
}

TEST_CASE("readings far from zero keep their variance") {
  // As doubles, which are 2 apart here, these would differ by 0 or 2.
  CHECK(variance(of(kAll, {"10000000000000000.1", "10000000000000001.1"})) == 0.5);
}

TEST_CASE("an empty window has no results, one reading no variance") {
  CHECK_FALSE(mean(WindowState(kAll)));
  CHECK_FALSE(range(WindowState(kAll)));
  CHECK_FALSE(variance(WindowState(kAll)));
  const WindowState one = of(kAll, {"5"});
  CHECK(mean(one) == 5);
  CHECK(to_string(range(one).value()) == "0");
  CHECK_FALSE(variance(one));
  CHECK_FALSE(stddev(one));
}

TEST_CASE("what is not kept has no result") {
  const WindowState state = of(ComponentSet(), {"1", "2"});
  CHECK_FALSE(mean(state));
  CHECK_FALSE(variance(state));
  CHECK_FALSE(stddev(state));
  CHECK_FALSE(range(state));
  CHECK_FALSE(variance(of(ComponentSet().with(Component::sum), {"1", "2"})));
  CHECK_FALSE(variance(of(ComponentSet().with(Component::squares), {"1", "2"})));
}

TEST_CASE("a variance beyond the range of a double is null, its root is not") {
  const WindowState state = of(kAll, {"1e300", "-1e300"});
  CHECK_FALSE(variance(state));
  CHECK(stddev(state) == 1.4142135623730951e300);
  CHECK(mean(state) == 0);
}

TEST_CASE("a numerator that no readings have gives no squares") {
  const ExactSum one(Decimal{1, 0});
  CHECK(squares_from_numerator(2, one, {1, 0}) == one);
  CHECK_FALSE(squares_from_numerator(3, one, {1, 0}));   // 2/3
  CHECK_FALSE(squares_from_numerator(2, one, {-1, 0}));  // negative
  CHECK_FALSE(squares_from_numerator(2, one, {1, 2'000'000'000}));
}
