#include "gateway/uplink/segments.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

namespace tidemark {
namespace {

TEST_CASE("rows are sent and acknowledged in order") {
  Segments segments(5);
  CHECK(segments.to_send(4) == 0);
  CHECK(segments.to_send(6) == 5);
  CHECK(segments.run(6) == 2);
  segments.sent(5);
  CHECK(segments.to_send(6) == 6);
  CHECK(segments.first_needed() == 5);
  CHECK(segments.backlog(6) == 2);
  segments.acknowledged(5);
  CHECK(segments.first_needed() == 6);
  CHECK(segments.backlog(6) == 1);
}

TEST_CASE("after a split the new rows go first and the old ones drain behind them") {
  Segments segments(1);
  segments.sent(1);
  segments.sent(2);
  segments.acknowledged(1);
  segments.rewind();
  segments.split(100);
  CHECK(segments.draining());
  CHECK(segments.to_send(99) == 2);
  CHECK(segments.to_send(101) == 100);
  segments.sent(100);
  segments.sent(101);
  CHECK(segments.to_send(101) == 2);
  CHECK(segments.run(101) == 98);
  CHECK(segments.first_needed() == 2);
  segments.acknowledged(101);
  CHECK(segments.text() == "2-100,102-");
  segments.sent(99);
  CHECK(segments.to_send(101) == 0);
  segments.acknowledged(99);
  CHECK_FALSE(segments.draining());
  CHECK(segments.text() == "102-");
}

TEST_CASE("what drains behind a split does not stand before the newest row") {
  Segments segments(1);
  CHECK(segments.newest_backlog(99) == 99);
  segments.split(100);
  CHECK(segments.newest_backlog(99) == 0);
  CHECK(segments.newest_backlog(101) == 2);
  CHECK(segments.backlog(101) == 101);
  segments.acknowledged(100);
  CHECK(segments.newest_backlog(101) == 1);
}

TEST_CASE("a split at the first row that is not acknowledged makes no second segment") {
  Segments segments(7);
  segments.split(7);
  CHECK(segments.text() == "7-");
}

TEST_CASE("text comes back, and what is none is refused") {
  for (const char* text : {"1-", "5-9,12-", "5-9,9-20,20-"}) CHECK(Segments::parse(text).value().text() == text);
  for (const char* text : {"", "-", "1", "1-,", "0-", "5-5,9-", "5-9,8-", "5-9", "a-", "1-2,3-4", "1- "}) {
    CAPTURE(text);
    CHECK_FALSE(Segments::parse(text));
  }
}

TEST_CASE("whatever happens, every row is acknowledged once all are sent, and none before it was sent") {
  std::mt19937 random(3);
  for (int history = 0; history < 300; ++history) {
    Segments segments(1);
    std::uint64_t last = 0;
    std::vector<std::uint64_t> flying;
    std::set<std::uint64_t> acknowledged;
    for (int step = 0; step < 400; ++step) {
      switch (random() % 8) {
        case 0:
        case 1:
          last += random() % 4;
          break;
        case 2:
          if (random() % 6 == 0) {
            flying.clear();
            segments.rewind();
            if (random() % 2 == 0) segments.split(last + 1);
          }
          break;
        case 3:
          if (!flying.empty()) {
            segments.acknowledged(flying.front());
            acknowledged.insert(flying.front());
            flying.erase(flying.begin());
          }
          break;
        case 4: {
          const auto copy = Segments::parse(segments.text());
          REQUIRE(copy);
          CHECK(copy->backlog(last) == segments.backlog(last));
          break;
        }
        default:
          if (const std::uint64_t row = segments.to_send(last); row != 0) {
            CHECK(row <= last);
            CHECK(acknowledged.count(row) == 0);
            CHECK(segments.run(last) >= 1);
            segments.sent(row);
            flying.push_back(row);
          }
      }
      CHECK(segments.backlog(last) == last - acknowledged.size());
      for (std::uint64_t row = 1; row < segments.first_needed(); ++row) CHECK(acknowledged.count(row) == 1);
    }
  }
}

}  // namespace
}  // namespace tidemark
