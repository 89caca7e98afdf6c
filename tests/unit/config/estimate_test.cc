#include "gateway/config/estimate.h"

#include <doctest/doctest.h>

#include <limits>

#include "tests/unit/config/configuration_text.h"

namespace tidemark {
namespace {

Configuration with(const std::string& lines) {
  const LoadResult result = load("[limits]\nmemory = \"1024GiB\"\n" + std::string(kStream) + lines);
  CAPTURE((result ? std::string() : all_problems(result.error())));
  REQUIRE(result);
  return *result;
}

}  // namespace

TEST_CASE("the windows open at once follow from window, lateness and out_of_orderness") {
  // 62 s behind the newest reading: the window it is in and 7 more ends.
  CHECK(estimate_memory(with("")).streams[0].windows == 8);
  CHECK(estimate_memory(with("window = \"1min\"")).streams[0].windows == 3);
  CHECK(estimate_memory(with("lateness = 0\nout_of_orderness = 0")).streams[0].windows == 1);
  CHECK(estimate_memory(with("lateness = \"58s\"")).streams[0].windows == 7);
  CHECK(estimate_memory(with("lateness = \"58.001s\"")).streams[0].windows == 8);
}

TEST_CASE("a window is there only if a reading fell into it") {
  Configuration c = with("window = \"1ms\"\nlateness = \"10s\"\nout_of_orderness = 0");
  CHECK(estimate_memory(c).streams[0].windows == 12);
  c.limits.reading_interval = milliseconds(1);
  CHECK(estimate_memory(c).streams[0].windows == 10'001);
}

TEST_CASE("points are kept for as long as windows, unless duplicates are kept") {
  CHECK(estimate_memory(with("")).streams[0].points == 73);
  CHECK(estimate_memory(with("duplicates = \"keep\"")).streams[0].points == 0);
  Configuration c = with("");
  c.limits.reading_interval = minutes(1);
  CHECK(estimate_memory(c).streams[0].points == 3);
}

TEST_CASE("what a stream does not aggregate takes no memory") {
  const auto bytes = [](const std::string& lines) { return estimate_memory(with(lines)).streams[0].bytes; };
  CHECK(bytes("aggregates = [\"count\"]") < bytes("aggregates = [\"sum\"]"));
  CHECK(bytes("aggregates = [\"sum\"]") < bytes("aggregates = [\"variance\"]"));
  CHECK(bytes("aggregates = [\"variance\"]") < bytes(""));
  CHECK(bytes("sequence = \"n\"") > bytes(""));
}

TEST_CASE("the sum is its terms, and is taken over the largest stream") {
  const MemoryEstimate m = estimate_memory(with("[[stream]]\nname = \"big\"\ntopic = \"b/{c}\"\nlateness = \"1h\"\n"));
  CHECK(m.largest().stream == "big");
  CHECK(m.at(0) == m.program + m.queue + m.payload + m.streams_fixed);
  CHECK(m.at(1000) - m.at(0) == 1000 * m.streams[1].bytes);
  CHECK(m.sum(1000).find("1,000 series of stream \"big\" with 362 open windows") != std::string::npos);
}

TEST_CASE("as many series fit as the budget holds, and not one more") {
  Configuration c = with("");
  c.limits.memory = 64u << 20;
  const MemoryEstimate m = estimate_memory(c);
  const std::uint64_t fit = m.series_that_fit();
  CHECK(m.at(fit) <= c.limits.memory);
  CHECK(m.at(fit + 1) > c.limits.memory);
  c.limits.max_series = 10;
  CHECK(estimate_memory(c).series_that_fit() == 10);
  c.limits.memory = 1u << 20;
  CHECK(estimate_memory(c).series_that_fit() == 0);
}

TEST_CASE("a sum that overflows is the greatest there is") {
  Configuration c = with("window = \"1ms\"\nlateness = \"365d\"\n");
  c.limits.reading_interval = milliseconds(1);
  const MemoryEstimate m = estimate_memory(c);
  CHECK(m.at(10'000'000) == std::numeric_limits<std::uint64_t>::max());
  CHECK(m.series_that_fit() == 0);
}

TEST_CASE("what is written grows with readings, groups and windows") {
  Configuration c = with("");
  const FlashEstimate one = estimate_flash(c, 1);
  // 86,400 readings a day, each a group of its own, and 8,640 windows.
  CHECK(one.log_per_day == 8'640 * 20);
  CHECK(one.written_per_day == 86'400 * (24 + 5'120) + 2 * one.log_per_day);
  // 1,000 readings a second share ten groups a second.
  CHECK(estimate_flash(c, 1000).written_per_day == 86'400'000ull * 24 + 864'000ull * 5'120 + 2ull * 8'640'000 * 20);
  c.store.commit_delay = seconds(1);
  CHECK(estimate_flash(c, 1000).written_per_day == 86'400'000ull * 24 + 86'400ull * 5'120 + 2ull * 8'640'000 * 20);
}

TEST_CASE("at 5,000 readings a second over 5,000 series a reading is within the budget of 40 bytes and its window") {
  const Configuration c = with("");
  const double per_reading = static_cast<double>(estimate_flash(c, 5000).written_per_day) / (5000.0 * 86'400);
  CHECK(per_reading > 20);
  CHECK(per_reading < 50);
}

TEST_CASE("the log lasts until it is full or old, whichever comes first") {
  Configuration c = with("");
  CHECK(estimate_flash(c, 1).log_lasts == days(7));
  CHECK(estimate_flash(c, 0).log_lasts == days(7));
  c.store.max_size = 172'800 * 2;
  CHECK(estimate_flash(c, 1).log_lasts == days(2));
}

TEST_CASE("the estimate is shown for 100, 1,000, 10,000 series and the limit") {
  Configuration c = with("");
  c.limits.memory = 64u << 20;
  const std::string shown = describe_estimate(c);
  CAPTURE(shown);
  for (const std::string word : {"memory", "written a day", " 100 ", " 1,000 ", " 10,000 ", " 100,000 ",
                                 "over limits.memory", "limits.memory (64MiB) holds ", "the state file"}) {
    CHECK(shown.find(word) != std::string::npos);
  }
  c.limits.max_series = 1000;
  CHECK(describe_estimate(c).find("10,000") == std::string::npos);
}

}  // namespace tidemark
