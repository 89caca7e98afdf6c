#include "gateway/uplink/rate_cap.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <deque>

#include "gateway/uplink/statistics.h"

namespace tidemark {
namespace {

constexpr std::uint64_t kRate = 20'480;

MonotonicTime at(std::int64_t ms) {
  return MonotonicTime{} + milliseconds(ms);
}

/// A link and a broker: what is handed over leaves at once, `ratio` of it and `overhead` bytes a record, is
/// acknowledged after `round_trip`, and is measured every 200 ms.
struct Link {
  double ratio = 0.4;
  std::uint64_t overhead = 100;
  std::int64_t round_trip = 50;

  struct Flying {
    std::int64_t back;
    std::uint64_t bytes;
  };
  std::deque<Flying> flying{};
  std::uint64_t sent = 0;
  std::uint64_t most_in_flight = 0;

  /// One step of a millisecond with a backlog of records of `bytes`.
  void step(RateCap& cap, std::int64_t ms, std::uint64_t bytes) {
    while (!flying.empty() && flying.front().back <= ms) {
      cap.acknowledged(flying.front().bytes);
      flying.pop_front();
    }
    if (ms % 200 == 0) cap.measured(sent, at(ms));
    while (cap.wait(at(ms)).ns == 0) {
      cap.handed(bytes);
      sent += static_cast<std::uint64_t>(ratio * static_cast<double>(bytes)) + overhead;
      flying.push_back({ms + round_trip, bytes});
    }
    std::uint64_t in_flight = 0;
    for (const Flying& one : flying) in_flight += one.bytes;
    most_in_flight = std::max(most_in_flight, in_flight);
  }
};

}  // namespace

TEST_CASE("over a drain the bytes on the wire are the cap, whatever the compression, the records and the round trip") {
  for (const double ratio : {0.05, 0.4, 1.0}) {
    for (const std::uint64_t bytes : {300u, 5'000u, 60'000u}) {
      for (const std::int64_t round_trip : {1, 50, 700}) {
        CAPTURE(ratio);
        CAPTURE(bytes);
        CAPTURE(round_trip);
        RateCap cap(kRate, at(0));
        Link link{ratio, 100, round_trip};
        for (std::int64_t ms = 0; ms < 60'000; ++ms) link.step(cap, ms, bytes);
        const auto owed = static_cast<double>(link.sent) - 60.0 * kRate;
        // Half a second at the start, and one record more than the bucket had.
        CHECK(owed < 0.5 * kRate + ratio * static_cast<double>(bytes) + 1'000);
        CHECK(owed > -0.05 * 60 * kRate);
      }
    }
  }
}

TEST_CASE("what is in flight stays small, also when nothing is acknowledged") {
  RateCap cap(kRate, at(0));
  Link link{1.0, 0, 3'600'000};
  for (std::int64_t ms = 0; ms < 60'000; ++ms) link.step(cap, ms, 1'000);
  CHECK(link.most_in_flight <= 2 * kRate + 1'000);
}

TEST_CASE("after a pause half a second's worth leaves at once, and no more") {
  RateCap cap(kRate, at(0));
  Link link{1.0, 0, 10};
  link.step(cap, 3'600'000, 1'000);
  CHECK(link.sent >= kRate / 2);
  CHECK(link.sent <= kRate / 2 + 1'000);
}

TEST_CASE("records do not drip: between two openings a breath is gathered") {
  RateCap cap(kRate, at(0));
  cap.handed(kRate / 2);
  const Duration wait = cap.wait(at(0));
  CHECK(wait >= milliseconds(249));
  CHECK(wait <= milliseconds(251));
  CHECK(cap.wait(at(100)).ns > 0);
  CHECK(cap.wait(at(251)).ns == 0);
}

TEST_CASE("a record larger than the bucket goes, and is paid for afterwards") {
  RateCap cap(kRate, at(0));
  CHECK(cap.wait(at(0)).ns == 0);
  cap.handed(100 * kRate);
  cap.acknowledged(100 * kRate);
  CHECK(cap.measured(10 * kRate, at(1'000)) == 10 * kRate);
  CHECK(cap.wait(at(9'000)).ns > 0);
  CHECK(cap.wait(at(11'000)).ns == 0);
}

TEST_CASE("a producer that ends is charged with what it may have sent, and the next one counts from 0") {
  RateCap cap(kRate, at(0));
  CHECK(cap.measured(5 * kRate, at(0)) == 5 * kRate);
  cap.handed(kRate);
  cap.producer_ended(at(0));
  CHECK(cap.measured(0, at(0)) == 0);
  CHECK(cap.wait(at(5'000)).ns > 0);
  CHECK(cap.wait(at(6'000)).ns == 0);
}

TEST_CASE("librdkafka's statistics are read, and what is none is passed over") {
  CHECK(sent_bytes(R"({"name":"rdkafka#producer-1","tx":3,"tx_bytes":81920,"brokers":{"a":{"txbytes":1}}})") == 81'920);
  for (const char* text : {"", "{}", "[1]", R"({"tx_bytes":"1"})", R"({"tx_bytes":-1})", R"({"tx_bytes":)"}) {
    CAPTURE(text);
    CHECK_FALSE(sent_bytes(text));
  }
}

}  // namespace tidemark
