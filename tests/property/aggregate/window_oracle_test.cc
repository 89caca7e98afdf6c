#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "edge/aggregate/results.h"
#include "edge/aggregate/window_state.h"
#include "tests/property/aggregate/portable_window.h"
#include "tests/property/value/oracle.h"

using namespace tidemark;
using oracle::Fields;

namespace {

struct Reading {
  EventTime time;
  Decimal value;
};

std::vector<Reading> readings(const std::string& text) {
  std::vector<Reading> result;
  std::istringstream in(text);
  for (Reading r; in >> r.time.ns >> r.value.coefficient >> r.value.exponent;) result.push_back(r);
  return result;
}

std::string bytes(const WindowState& state) {
  ByteWriter out;
  state.encode(out);
  return out.take();
}

WindowState aggregate(ComponentSet kept, const std::vector<Reading>& input, std::size_t from, std::size_t to) {
  WindowState state(kept);
  for (std::size_t i = from; i < to; ++i) state.add(input[i].time, input[i].value);
  return state;
}

/// A merge tree whose cuts the generator draws; parts may be empty.
WindowState tree(ComponentSet kept, const std::vector<Reading>& input, std::size_t from, std::size_t to, int depth,
                 std::mt19937& random) {
  if (depth == 0) return aggregate(kept, input, from, to);
  const std::size_t cut = from + random() % (to - from + 1);
  WindowState left = tree(kept, input, from, cut, depth - 1, random);
  WindowState right = tree(kept, input, cut, to, depth - 1, random);
  if (random() % 2 == 0) std::swap(left, right);
  left.merge(right);
  return left;
}

bool same(const std::optional<double>& value, const std::string& expected) {
  if (expected == "null") return !value;
  return value && *value == oracle::hex_double(expected);
}

constexpr ComponentSet kAll{Parts::kKnown};

}  // namespace

TEST_CASE("every result of a window is the exact one, rounded once") {
  for (const Fields& f : oracle::cases("windows", 12'000, 6)) {
    CAPTURE(f[0]);
    const std::vector<Reading> input = readings(f[0]);
    const WindowState state = aggregate(kAll, input, 0, input.size());
    REQUIRE(std::to_string(state.count()) == f[1]);
    REQUIRE(to_string(state.sum().value()) == f[2]);
    REQUIRE(to_string(variance_numerator(state)) == f[3]);
    REQUIRE(same(mean(state), f[4]));
    REQUIRE(same(variance(state), f[5]));
    REQUIRE(same(stddev(state), f[6]));
    REQUIRE(to_string(state.extremes().min) == f[7]);
    REQUIRE(to_string(state.extremes().max) == f[8]);
    REQUIRE(to_string(range(state).value()) == f[9]);
    REQUIRE(std::to_string(state.endpoints().first_time.ns) == f[10]);
    REQUIRE(to_string(state.endpoints().first) == f[11]);
    REQUIRE(std::to_string(state.endpoints().last_time.ns) == f[12]);
    REQUIRE(to_string(state.endpoints().last) == f[13]);

    // What an event carries is enough to build the state again.
    const auto squares = squares_from_numerator(state.count(), state.sum(), variance_numerator(state));
    REQUIRE(squares);
    REQUIRE(*squares == state.squares());
    REQUIRE(WindowState::from_parts(kAll, state.count(), ExactSum::from(state.sum().value()), *squares,
                                    state.extremes(), state.endpoints()) == state);
  }
}

TEST_CASE("any order and any merge tree give the same bytes, whichever components are kept") {
  std::mt19937 random(2);
  for (const Fields& f : oracle::cases("windows", 3'000, 7)) {
    std::vector<Reading> input = readings(f[0]);
    CAPTURE(f[0]);
    const ComponentSet kept(random() % (Parts::kKnown + 1));
    const WindowState whole = aggregate(kept, input, 0, input.size());
    const std::string expected = bytes(whole);
    for (int round = 0; round < 6; ++round) {
      std::shuffle(input.begin(), input.end(), random);
      const WindowState merged = tree(kept, input, 0, input.size(), round % 4, random);
      REQUIRE(merged == whole);
      REQUIRE(bytes(merged) == expected);
    }
    ByteReader in(expected);
    const WindowState decoded = WindowState::decode(in);
    REQUIRE(in.ok());
    REQUIRE(in.at_end());
    REQUIRE(decoded == whole);
    REQUIRE(bytes(decoded) == expected);
  }
}

TEST_CASE("a state that went through its bytes between any two readings goes on as if it had not") {
  std::mt19937 random(6);
  for (const Fields& f : oracle::cases("windows", 2'000, 11)) {
    CAPTURE(f[0]);
    const std::vector<Reading> input = readings(f[0]);
    WindowState state(kAll);
    for (const Reading& reading : input) {
      if (random() % 2 == 0) {
        const std::string stored = bytes(state);
        ByteReader in(stored);
        state = WindowState::decode(in);
        REQUIRE(in.ok());
      }
      state.add(reading.time, reading.value);
    }
    REQUIRE(bytes(state) == bytes(aggregate(kAll, input, 0, input.size())));
  }
}

TEST_CASE("a machine without 128-bit integers writes the same bytes") {
  std::mt19937 random(5);
  for (const Fields& f : oracle::cases("windows", 4'000, 10)) {
    CAPTURE(f[0]);
    const std::vector<Reading> input = readings(f[0]);
    const std::uint32_t kept = random() % (Parts::kKnown + 1);
    std::vector<portable::Reading> same;
    for (const Reading& r : input) same.push_back({r.time.ns, r.value.coefficient, r.value.exponent});
    REQUIRE(portable::window_bytes(kept, same, random() % (input.size() + 1)) ==
            bytes(aggregate(ComponentSet(kept), input, 0, input.size())));
  }
}

TEST_CASE("roll-up law: for a divisor chain, merged base windows have the bytes of the raw readings' aggregate") {
  std::mt19937 random(3);
  constexpr std::int64_t kSizes[] = {1, 5, 10, 30};  // each divides the next
  for (const Fields& f : oracle::cases("windows", 1'000, 8)) {
    std::vector<Reading> input = readings(f[0]);
    // Spread over 0 to 29, so that every level has several windows.
    for (Reading& reading : input) reading.time = {static_cast<std::int64_t>(random() % 30)};
    std::vector<WindowState> level(30, WindowState(kAll));
    for (const Reading& reading : input)
      level[static_cast<std::size_t>(reading.time.ns)].add(reading.time, reading.value);
    for (std::size_t step = 1; step < std::size(kSizes); ++step) {
      const auto parts = static_cast<std::size_t>(kSizes[step] / kSizes[step - 1]);
      std::vector<WindowState> next;
      for (std::size_t i = 0; i < level.size(); i += parts) {
        WindowState merged(kAll);
        for (std::size_t k = i; k < i + parts; ++k) merged.merge(level[k]);
        WindowState raw(kAll);
        for (const Reading& reading : input) {
          if (reading.time.ns / kSizes[step] == static_cast<std::int64_t>(i / parts))
            raw.add(reading.time, reading.value);
        }
        REQUIRE(bytes(merged) == bytes(raw));
        next.push_back(std::move(merged));
      }
      level = std::move(next);
    }
    REQUIRE(level.size() == 1);
  }
}

TEST_CASE("damaged bytes are marked, or are the canonical bytes of some other state") {
  std::mt19937 random(4);
  for (const Fields& f : oracle::cases("windows", 2'000, 9)) {
    const std::vector<Reading> input = readings(f[0]);
    const std::string good = bytes(aggregate(ComponentSet(random() % (Parts::kKnown + 1)), input, 0, input.size()));
    for (int round = 0; round < 30; ++round) {
      std::string bad = good;
      const std::size_t at = random() % bad.size();
      switch (random() % 4) {
        case 0:
          bad[at] = static_cast<char>(random());
          break;
        case 1:
          bad.resize(at);
          break;
        case 2:
          bad.insert(at, 1, static_cast<char>(random()));
          break;
        default:
          bad[at] = static_cast<char>(bad[at] ^ (1 << (random() % 8)));
          break;
      }
      ByteReader in(bad);
      WindowState state = WindowState::decode(in);
      if (!in.ok()) {
        REQUIRE(state == WindowState());
        continue;
      }
      REQUIRE(bytes(state) == bad.substr(0, bad.size() - in.remaining()));
      // And what was let in can be worked with.
      state.merge(WindowState(state));
      (void)variance(state);
      (void)stddev(state);
      (void)mean(state);
      (void)range(state);
    }
  }
}
