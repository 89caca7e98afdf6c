#include <doctest/doctest.h>

#include <initializer_list>

#include "edge/window/window_grid.h"

namespace tidemark {

TEST_CASE("a window starts at the grid line at or below the time, below zero too") {
  struct Row {
    std::int64_t size, offset, time, start;
  };
  for (const Row& row :
       {Row{10, 0, 0, 0}, Row{10, 0, 9, 0}, Row{10, 0, 10, 10}, Row{10, 0, -1, -10}, Row{10, 0, -10, -10},
        Row{10, 0, -11, -20}, Row{10, 3, 2, -7}, Row{10, 3, 3, 3}, Row{10, 3, 12, 3}, Row{10, 3, 13, 13},
        Row{10, -3, -4, -13}, Row{10, -3, -3, -3}, Row{1, 0, -5, -5}, Row{10, 25, 0, -5}}) {
    CAPTURE(row.time);
    CAPTURE(row.offset);
    const WindowGrid grid{{row.size}, {row.offset}};
    CHECK(grid.start_of({row.time}).ns == row.start);
    CHECK(grid.end_of({row.start}).ns == row.start + row.size);
  }
}

TEST_CASE("the ends of event time have windows that hold them") {
  const WindowGrid grid{hours(1), minutes(7)};
  for (const EventTime time : {kEarliestEvent, kLatestEvent}) {
    const EventTime start = grid.start_of(time);
    CHECK(start <= time);
    CHECK(time < grid.end_of(start));
  }
}

}  // namespace tidemark
