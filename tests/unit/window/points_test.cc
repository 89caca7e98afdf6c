#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "edge/window/points.h"

namespace tidemark {
namespace {

struct Point {
  Duration time;
  Decimal value;
};

}  // namespace

TEST_CASE("a window holds the points that were added, and no others") {
  const std::vector<Duration> times = {{0},
                                       {1},
                                       {127},
                                       {128},
                                       {1'000},
                                       {1'001},
                                       milliseconds(1),
                                       milliseconds(1'500),
                                       seconds(9),
                                       {9'999'999'999},
                                       nanoseconds(86'399'999'999'999)};
  const std::vector<Decimal> values = {{0, 0},
                                       {1, 0},
                                       {-1, 0},
                                       {5, -1},
                                       {63, 0},
                                       {64, 0},
                                       {1, 30},
                                       {1, 31},
                                       {1, -32},
                                       {1, -33},
                                       {1, 308},
                                       {1, -341},
                                       {999'999'999'999'999'999, 0},
                                       {-999'999'999'999'999'999, -10}};
  std::vector<Point> all;
  for (const Duration time : times) {
    for (const Decimal& value : values) all.push_back({time, value});
  }
  Points points;
  // Every second one in, so that bytes of a neighbour could be taken for one that is not there.
  for (std::size_t i = 0; i < all.size(); i += 2) points.add(all[i].time, all[i].value);
  ByteWriter out;
  points.encode(out);
  ByteReader in(out.view());
  const Points read = Points::decode(in);
  CHECK(in.ok());
  CHECK(in.at_end());
  for (std::size_t i = 0; i < all.size(); ++i) {
    CAPTURE(i);
    CHECK(points.contains(all[i].time, all[i].value) == (i % 2 == 0));
    CHECK(read.contains(all[i].time, all[i].value) == (i % 2 == 0));
  }
}

TEST_CASE("equal time with another value is another point") {
  Points points;
  points.add(seconds(1), {1, 0});
  CHECK_FALSE(points.contains(seconds(1), {2, 0}));
  CHECK_FALSE(points.contains(seconds(2), {1, 0}));
  CHECK(points.contains(seconds(1), {1, 0}));
}

std::string encoded(const Points& points) {
  ByteWriter out;
  points.encode(out);
  return out.take();
}

TEST_CASE("a reading every second that changes little takes two bytes") {
  Points points;
  for (int i = 0; i < 10; ++i) points.add(seconds(i), {2'345 + i % 3, -2});
  CHECK(encoded(points).size() <= 1 + 6 + 9 * 2);
}

TEST_CASE("encoded points come back in their order, whatever they hold") {
  std::mt19937_64 random(11);
  for (int round = 0; round < 500; ++round) {
    Points points;
    for (std::uint64_t n = random() % 20; n > 0; --n) {
      const Duration time{static_cast<std::int64_t>(random() >> (1 + random() % 62))};
      const auto coefficient = static_cast<std::int64_t>(random()) >> (random() % 64);
      points.add(time, {coefficient, static_cast<std::int32_t>(random() % 700) - 340});
    }
    const std::string bytes = encoded(points);
    ByteReader in(bytes);
    CHECK(Points::decode(in) == points);
    CHECK(in.ok());
  }
}

TEST_CASE("bytes that are no points mark the reader damaged") {
  // Lengths first: an unfinished varint, an exponent of 2^40, a time below the window's start, a jitter that overflows.
  const std::vector<std::string> damaged = {
      std::string("\x01\x00", 2), std::string("\x02\x0c\xff", 3), std::string("\x07\x04\x80\x80\x80\x80\x80\x40", 8),
      std::string("\x02\x08\x01", 3), std::string("\x0b\x0b\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12)};
  for (const std::string& bytes : damaged) {
    CAPTURE(bytes.size());
    ByteReader in(bytes);
    Points::decode(in);
    CHECK_FALSE(in.ok());
  }
}

}  // namespace tidemark
