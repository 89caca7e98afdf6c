#include "edge/aggregate/window_state.h"

#include <doctest/doctest.h>

#include <string>

using namespace tidemark;

namespace {

constexpr ComponentSet kAll{Parts::kKnown};

Decimal number(std::string_view text) {
  return parse_decimal(text).value().value;
}

WindowState of(ComponentSet kept, std::initializer_list<std::string_view> values) {
  WindowState state(kept);
  std::int64_t time = 1'700'000'000'000'000'000;
  for (const std::string_view value : values) state.add({time += 1'000'000'000}, number(value));
  return state;
}

std::string bytes(const WindowState& state) {
  ByteWriter out;
  state.encode(out);
  return out.take();
}

bool decodes(std::string_view bytes) {
  ByteReader in(bytes);
  (void)WindowState::decode(in);
  return in.ok();
}

}  // namespace

TEST_CASE("one window takes 120 bytes of memory on a 64-bit machine") {
  CHECK(sizeof(WindowState) == 120);
}

TEST_CASE("ten readings of two decimals with every component take 22 bytes") {
  const WindowState state =
      of(kAll, {"23.41", "23.52", "23.5", "23.47", "23.60", "23.71", "23.69", "23.55", "23.42", "23.38"});
  CHECK(bytes(state).size() == 22);
}

TEST_CASE("the example of docs/formats/window-state.md") {
  using namespace std::string_view_literals;
  WindowState state(kAll);
  state.add({1'700'000'000'000'000'000}, number("23.41"));
  state.add({1'700'000'001'500'000'000}, number("23.5"));
  state.add({1'700'000'003'000'000'000}, number("23.38"));
  CHECK(bytes(state) == "\x0f\x03\x03\xea\x6d\x00\xd4\x03\xc4\x24\x18\x03\x80\xc4\x9f\xd5\x0c\x03\x06\x00"sv);
}

TEST_CASE("first and last are by event time, then by value") {
  WindowState state(kAll);
  state.add({20}, number("5"));
  state.add({10}, number("7"));
  state.add({20}, number("9"));
  state.add({10}, number("6"));
  state.add({15}, number("1"));
  const Endpoints ends = state.endpoints();
  CHECK(ends.first_time == EventTime{10});
  CHECK(to_string(ends.first) == "6");
  CHECK(ends.last_time == EventTime{20});
  CHECK(to_string(ends.last) == "9");
}

TEST_CASE("merging with an empty state changes nothing, on either side") {
  const WindowState state = of(kAll, {"1", "-2.5"});
  WindowState left(kAll), right = state;
  left.merge(state);
  right.merge(WindowState(kAll));
  CHECK(left == state);
  CHECK(right == state);
}

TEST_CASE("only the count is kept where nothing else is asked for") {
  const WindowState state = of(ComponentSet(), {"1", "2", "3"});
  CHECK(state.count() == 3);
  CHECK(bytes(state) == std::string("\x00\x03\x00", 3));
}

TEST_CASE("states with different components or counts differ") {
  CHECK_FALSE(WindowState(kAll) == WindowState(ComponentSet()));
  CHECK_FALSE(of(ComponentSet(), {"1"}) == of(ComponentSet(), {"1", "1"}));
  CHECK_FALSE(of(kAll, {"1"}) == of(kAll, {"1.01"}));
}

TEST_CASE("a state built from its parts is the state, and parts that are not kept are ignored") {
  for (std::uint32_t bits = 0; bits <= Parts::kKnown; ++bits) {
    const WindowState all = of(kAll, {"1.5", "2.25", "-3"});
    const WindowState built = WindowState::from_parts(ComponentSet(bits), all.count(), all.sum(), all.squares(),
                                                      all.extremes(), all.endpoints());
    CHECK(built == of(ComponentSet(bits), {"1.5", "2.25", "-3"}));
    CHECK(built.kept() == ComponentSet(bits));
    CHECK(bytes(built) == bytes(of(ComponentSet(bits), {"1.5", "2.25", "-3"})));
  }
  CHECK(WindowState::from_parts(kAll, 0, ExactSum(number("1")), {}, {}, {}) == WindowState(kAll));
}

TEST_CASE("times at the ends of what is accepted survive") {
  for (const EventTime first : {kEarliestEvent, EventTime{-1}, EventTime{0}, EventTime{1'000'000'000}}) {
    WindowState state(kAll);
    state.add(first, number("1"));
    state.add(kLatestEvent, number("2"));
    const std::string encoded = bytes(state);
    ByteReader in(encoded);
    CHECK(WindowState::decode(in) == state);
    CHECK(in.ok());
  }
}

TEST_CASE("bytes that no state has are refused") {
  using namespace std::string_view_literals;
  CHECK(decodes("\x00\x00"sv));          // nothing kept, nothing counted
  CHECK(decodes("\x01\x01\x00\x02"sv));  // a sum of 1
  CHECK_FALSE(decodes(""sv));
  CHECK_FALSE(decodes("\x10\x00"sv));                          // a component that does not exist
  CHECK_FALSE(decodes("\x80\x00\x00"sv));                      // a superfluous byte in the component set
  CHECK_FALSE(decodes("\x01\x81\x00\x00\x02"sv));              // in the count
  CHECK_FALSE(decodes("\x01\x01\x00"sv));                      // no sum
  CHECK_FALSE(decodes("\x01\x01\x00\x14"sv));                  // ten at exponent 0: the exponent should be 1
  CHECK_FALSE(decodes("\x01\x01\x02\x00"sv));                  // zero at exponent 1
  CHECK_FALSE(decodes("\x03\x02\x00\x06\x00\x01"sv));          // a negative variance
  CHECK_FALSE(decodes("\x03\x03\x00\x02\x00\x00"sv));          // squares of one third
  CHECK_FALSE(decodes("\x04\x01\x00\x02\x01"sv));              // a maximum below the minimum
  CHECK_FALSE(decodes("\x08\x01\x00\x04\x02\x02\x02\x02"sv));  // a unit beyond seconds
  CHECK_FALSE(decodes("\x01\x01\xf0\xff\xff\xff\x0f\x02"sv));  // an exponent beyond all bounds
}

TEST_CASE("every aggregate of the table has its components, and no other name has any") {
  CHECK(components_of("count") == ComponentSet());
  CHECK(components_of("sum") == ComponentSet(0b0001));
  CHECK(components_of("mean") == ComponentSet(0b0001));
  CHECK(components_of("variance") == ComponentSet(0b0011));
  CHECK(components_of("stddev") == ComponentSet(0b0011));
  for (const char* name : {"min", "max", "range"}) CHECK(components_of(name) == ComponentSet(0b0100));
  for (const char* name : {"first", "last"}) CHECK(components_of(name) == ComponentSet(0b1000));
  for (const Aggregate& aggregate : aggregates()) CHECK(components_of(aggregate.name) == aggregate.needs);
  for (const char* name : {"", "Count", "avg", "p95", "mean "}) CHECK_FALSE(components_of(name));
}
