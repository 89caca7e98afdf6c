#include <doctest/doctest.h>

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
  const Points read = Points::from_packed(points.packed());
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

TEST_CASE("a point of a whole millisecond with a short value takes five bytes at most") {
  Points points;
  points.add(milliseconds(9'876), {2'345, -2});
  CHECK(points.packed().size() == 5);
}

TEST_CASE("damaged points are looked through without reading past their end") {
  for (const std::string_view bytes : {"\xff", "\xff\xff\xff", "\x80", "\x00\x80", "\xfc\x80\x80"}) {
    CHECK_FALSE(Points::from_packed(bytes).contains(seconds(1), {1, 0}));
  }
}

}  // namespace tidemark
