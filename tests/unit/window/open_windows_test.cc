#include "edge/window/open_windows.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace tidemark {
namespace {

constexpr ComponentSet kAll{Parts::kKnown};

EventTime at_second(std::int64_t s) {
  return EventTime{seconds(s).ns};
}

void add(OpenWindows& windows, std::int64_t start, std::int64_t since, std::int64_t value) {
  OpenWindow& window = windows.at(at_second(start), kAll);
  window.state.add(at_second(start + since), make_decimal(value, 0));
  window.points.add(seconds(since), make_decimal(value, 0));
  window.dirty = true;
}

std::string bytes_of(const OpenWindows& windows) {
  ByteWriter out;
  windows.encode(out);
  return out.take();
}

std::vector<std::int64_t> starts_of(const OpenWindows& windows) {
  std::vector<std::int64_t> starts;
  windows.for_each([&](const OpenWindow& window) { starts.push_back(window.start.ns / seconds(1).ns); });
  return starts;
}

TEST_CASE("a window that was emitted is held, waits for nothing, and still knows its points") {
  OpenWindows windows;
  add(windows, 10, 3, 42);
  CHECK(windows.waits(at_second(10)));
  CHECK(windows.emit(at_second(10)) == 1);
  for (const bool packed : {false, true}) {
    CAPTURE(packed);
    if (packed) add(windows, 20, 0, 1);
    CHECK_FALSE(windows.waits(at_second(10)));
    CHECK(windows.holds(at_second(10)));
    CHECK(windows.contains(at_second(10), seconds(3), make_decimal(42, 0)));
    CHECK_FALSE(windows.contains(at_second(10), seconds(4), make_decimal(42, 0)));
    CHECK_FALSE(windows.contains(at_second(30), seconds(3), make_decimal(42, 0)));
  }
  CHECK_FALSE(windows.waits(at_second(30)));
}

TEST_CASE("a late reading finds the emitted window as it was") {
  OpenWindows windows;
  add(windows, 10, 3, 42);
  windows.emit(at_second(10));
  add(windows, 20, 0, 1);
  add(windows, 10, 4, 1);
  CHECK(windows.waits(at_second(10)));
  CHECK(windows.waits(at_second(20)));
  const OpenWindow window = windows.copy(at_second(10));
  CHECK(window.revision == 1);
  CHECK(window.emitted == 1);
  CHECK(window.state.count() == 2);
  CHECK(windows.emit(at_second(20)) == 1);
  CHECK(windows.emit(at_second(10)) == 1);
  CHECK(windows.copy(at_second(10)).revision == 2);
}

TEST_CASE("a new window does not have the points of the one before it") {
  OpenWindows windows;
  add(windows, 10, 3, 42);
  add(windows, 20, 4, 42);
  CHECK_FALSE(windows.contains(at_second(20), seconds(3), make_decimal(42, 0)));
  windows.erase_through(at_second(20));
  add(windows, 30, 5, 42);
  CHECK_FALSE(windows.contains(at_second(30), seconds(4), make_decimal(42, 0)));
  CHECK(windows.copy(at_second(30)).state.count() == 1);
}

TEST_CASE("windows stay in order of start whatever waits") {
  OpenWindows windows;
  for (const std::int64_t start : {30, 10, 20, 50, 40}) add(windows, start, 0, start);
  for (const std::int64_t start : {40, 20, 30}) windows.emit(at_second(start));
  CHECK(starts_of(windows) == std::vector<std::int64_t>{10, 20, 30, 40, 50});
  CHECK(windows.first_start() == at_second(10));
  CHECK(windows.last_start_until(at_second(45)) == at_second(40));
  CHECK(windows.last_start_until(at_second(9)) == EventTime::earliest());
  CHECK(windows.last_start_until(EventTime::latest()) == at_second(50));
  windows.erase_through(at_second(30));
  CHECK(starts_of(windows) == std::vector<std::int64_t>{40, 50});
  windows.erase_through(EventTime::latest());
  CHECK(windows.empty());
  CHECK(windows.first_start() == EventTime::latest());
}

TEST_CASE("after damage every window waits again, the lost revisions passed over") {
  OpenWindows windows;
  add(windows, 10, 0, 1);
  add(windows, 20, 0, 2);
  windows.emit(at_second(10));
  windows.emit_again(2);
  CHECK(windows.copy(at_second(10)).revision == 3);
  CHECK(windows.copy(at_second(20)).revision == 2);
  CHECK(windows.waits(at_second(10)));
  CHECK(windows.waits(at_second(20)));
  CHECK(windows.emit(at_second(10)) == 0);
  // A pane of a window that does not wait: its readings went with the damage.
  CHECK(windows.emit(at_second(10)) == 0);
  CHECK(windows.copy(at_second(10)).revision == 5);
}

TEST_CASE("a pane's figures may outgrow the bytes they had, between two other windows") {
  OpenWindows windows;
  std::vector<OpenWindow> model(3);
  for (std::size_t i = 0; i < model.size(); ++i) {
    const auto start = static_cast<std::int64_t>(i) * 10;
    for (std::int64_t value = 0; value < 300; ++value) add(windows, start, value % 10, value);
    model[i] = windows.copy(at_second(start));
  }
  // The middle one is packed; its revision passes 63 and 8,191, where its varint grows.
  for (std::uint32_t revision = 1; revision <= 9'000; ++revision) {
    CHECK(windows.emit(at_second(10)) == (revision == 1 ? 300 : 0));
    model[1].revision = revision;
    model[1].emitted = 300;
    model[1].dirty = false;
    if (revision % 4'096 != 64 && revision != 1 && revision != 8'192) continue;
    ByteWriter expected;
    expected.varint(model.size());
    for (const OpenWindow& window : model) window.encode(expected);
    CHECK(bytes_of(windows) == expected.view());
  }
  const OpenWindow pane = windows.without_points(at_second(10));
  CHECK(pane.state == model[1].state);
  CHECK(pane.revision == 9'000);
  CHECK(pane.points.empty());
}

TEST_CASE("decode refuses windows out of order or of other components") {
  OpenWindows windows;
  add(windows, 10, 0, 1);
  add(windows, 20, 0, 2);
  windows.emit(at_second(10));
  const std::string bytes = bytes_of(windows);
  ByteReader good(bytes);
  CHECK(bytes_of(OpenWindows::decode(good, kAll)) == bytes);
  CHECK(good.ok());
  ByteReader other(bytes);
  OpenWindows::decode(other, ComponentSet{});
  CHECK_FALSE(other.ok());
  ByteWriter twice;
  twice.varint(2);
  windows.for_each([&](const OpenWindow& window) {
    if (window.start == at_second(10)) window.encode(twice), window.encode(twice);
  });
  ByteReader disorder(twice.view());
  OpenWindows::decode(disorder, kAll);
  CHECK_FALSE(disorder.ok());
}

// The model keeps every window unpacked, by the plainest means.
TEST_CASE("any history gives the bytes of a plain map of windows") {
  std::mt19937 random(7);
  for (int history = 0; history < 200; ++history) {
    OpenWindows windows;
    std::map<std::int64_t, OpenWindow> model;
    for (int step = 0; step < 120; ++step) {
      const auto start = static_cast<std::int64_t>(random() % 12) * 10 - 50;
      const auto since = static_cast<std::int64_t>(random() % 10);
      const auto value = static_cast<std::int64_t>(random() % 2000) - 1000;
      const auto known = model.find(start);
      switch (random() % 8) {
        case 0:
        case 1:
          if (known == model.end()) break;
          CHECK(windows.emit(at_second(start)) ==
                static_cast<std::int64_t>(known->second.state.count() - known->second.emitted));
          known->second.emitted = known->second.state.count();
          ++known->second.revision;
          known->second.dirty = false;
          break;
        case 2:
          if (random() % 4 != 0) break;
          windows.erase_through(at_second(start));
          std::erase_if(model, [&](const auto& one) { return one.first <= start; });
          break;
        case 3: {
          const std::string bytes = bytes_of(windows);
          ByteReader in(bytes);
          windows = OpenWindows::decode(in, kAll);
          CHECK(in.ok());
          break;
        }
        default: {
          const bool there =
              known != model.end() && known->second.points.contains(seconds(since), make_decimal(value, 0));
          CHECK(windows.contains(at_second(start), seconds(since), make_decimal(value, 0)) == there);
          add(windows, start, since, value);
          OpenWindow& window = model[start];
          if (window.state.empty()) {
            window.start = at_second(start);
            window.state = WindowState(kAll);
          }
          window.state.add(at_second(start + since), make_decimal(value, 0));
          window.points.add(seconds(since), make_decimal(value, 0));
          window.dirty = true;
        }
      }
      CHECK(windows.holds(at_second(start)) == model.contains(start));
    }
    ByteWriter expected;
    expected.varint(model.size());
    for (const auto& [start, window] : model) window.encode(expected);
    CHECK(bytes_of(windows) == expected.view());
    CHECK(windows.size() == model.size());
    for (const auto& [start, window] : model) CHECK(windows.waits(at_second(start)) == window.head().waits());
  }
}

}  // namespace
}  // namespace tidemark
