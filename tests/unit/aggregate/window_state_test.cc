#include "edge/aggregate/window_state.h"

#include <doctest/doctest.h>

#include "edge/aggregate/results.h"

using namespace tidemark;

namespace {

constexpr ComponentSet kAll{0b1111};

Decimal number(std::string_view text) { return parse_decimal(text).value().value; }

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

}  // namespace

TEST_CASE("one window in memory takes 120 bytes") { CHECK(sizeof(WindowState) == 120); }

TEST_CASE("ten readings of two decimals with every component take at most 30 bytes") {
  const WindowState state =
      of(kAll, {"23.41", "23.52", "23.5", "23.47", "23.60", "23.71", "23.69", "23.55", "23.42", "23.38"});
  CHECK(bytes(state).size() <= 30);
  MESSAGE("bytes: ", bytes(state).size());
  std::string encoded = bytes(state);
  ByteReader in(encoded);
  CHECK(WindowState::decode(in) == state);
  CHECK(in.ok());
  CHECK(in.at_end());
}

TEST_CASE("results") {
  const WindowState state = of(kAll, {"0.1", "0.2", "0.3"});
  CHECK(to_string(state.sum().value()) == "0.6");
  CHECK(mean(state) == 0.2);
  CHECK(variance(state) == 0.01);
  CHECK(stddev(state) == 0.1);
  CHECK(to_string(range(state).value()) == "0.2");
}
