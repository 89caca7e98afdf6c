#include "gateway/config/units.h"

#include <doctest/doctest.h>

#include <limits>
#include <utility>
#include <vector>

namespace tidemark {

TEST_CASE("durations are read exactly") {
  const std::vector<std::pair<std::string, std::int64_t>> table = {
      {"1ns", 1},
      {"1us", 1'000},
      {"1ms", 1'000'000},
      {"1s", 1'000'000'000},
      {"1min", 60'000'000'000},
      {"1h", 3'600'000'000'000},
      {"1d", 86'400'000'000'000},
      {"1.5s", 1'500'000'000},
      {"0.000000001s", 1},
      {"0.1d", 8'640'000'000'000},
      {"0.00000000000001157407407407407407s", -1},
      {"0", 0},
      {"0.0", 0},
      {"0d", 0},
      {"-2h", -7'200'000'000'000},
      {"007s", 7'000'000'000},
      {"1.50000000000000000000000000s", 1'500'000'000},
      {"106751d", 9'223'286'400'000'000'000},
      {"9223372036854775807ns", std::numeric_limits<std::int64_t>::max()},
      {"9223372036.854775807s", std::numeric_limits<std::int64_t>::max()},
  };
  for (const auto& [text, ns] : table) {
    CAPTURE(text);
    const auto parsed = parse_duration(text);
    CHECK(parsed.has_value() == (ns != -1));
    if (parsed) CHECK(parsed->ns == ns);
  }
}

TEST_CASE("what is no duration is said to be none, with what would be right") {
  const std::vector<std::vector<std::string>> table = {
      {"", "not a duration", "\"10s\""},
      {"s", "not a duration", "number and a unit"},
      {"1.s", "not a duration", ""},
      {".5s", "not a duration", ""},
      {"+1s", "not a duration", ""},
      {"1e3s", "unknown unit \"e3s\"", "ns us ms s min h d"},
      {"--1s", "not a duration", ""},
      {"1 s", "has a space", "together"},
      {"1", "has no unit", "ns us ms s min h d"},
      {"1m", "unknown unit \"m\"", "min for minutes or ms for milliseconds"},
      {"1S", "unknown unit", "write s"},
      {"1µs", "unknown unit", "write us"},
      {"1parsecs", "unknown unit \"parsecs\"", "units of a duration: ns us ms s min h d"},
      {"1MB", "unknown unit \"MB\"", "units of a duration"},
      {"1h30min", "unknown unit \"h30min\"", "units of a duration"},
      {"0.5ns", "finer than 1ns", "whole number of ns"},
      {"0.3333333333333333333s", "finer than 1ns", ""},
      {"106752d", "too large", "at most \"106751d\""},
      {"9223372036854775808ns", "too large", ""},
      {"99999999999999999999999d", "too large", ""},
      {"9223372036.854775808s", "too large", ""},
  };
  for (const auto& row : table) {
    CAPTURE(row[0]);
    const auto parsed = parse_duration(row[0]);
    REQUIRE_FALSE(parsed);
    CAPTURE(parsed.error().wrong);
    CAPTURE(parsed.error().right);
    CHECK(parsed.error().wrong.find(row[1]) != std::string::npos);
    CHECK(parsed.error().right.find(row[2]) != std::string::npos);
  }
}

TEST_CASE("sizes are whole bytes in powers of 1024") {
  CHECK(parse_size("0").value() == 0);
  CHECK(parse_size("1B").value() == 1);
  CHECK(parse_size("256KiB").value() == 262'144);
  CHECK(parse_size("1.5MiB").value() == 1'572'864);
  CHECK(parse_size("1GiB").value() == 1'073'741'824);
  CHECK(parse_size("0.0009765625KiB").value() == 1);
  CHECK(parse_size("8589934591GiB").value() == 8'589'934'591ull << 30);
  CHECK(parse_size("1.5B").error().wrong == "\"1.5B\" is finer than 1B");
  CHECK(parse_size("-1B").error().wrong == "\"-1B\" is negative");
  CHECK(parse_size("1MB").error().right == "write MiB");
  CHECK(parse_size("1s").error().right == "units of a size: B KiB MiB GiB");
  CHECK(parse_size("8589934592GiB").error().wrong == "\"8589934592GiB\" is too large");
  CHECK(parse_size("16").error().wrong == "\"16\" has no unit");
}

TEST_CASE("durations and sizes are written in the largest unit that divides them, and read back") {
  CHECK(format_duration({}) == "0s");
  CHECK(format_duration(milliseconds(1500)) == "1500ms");
  CHECK(format_duration(seconds(60)) == "1min");
  CHECK(format_duration(hours(-48)) == "-2d");
  CHECK(format_duration({1}) == "1ns");
  CHECK(format_duration({std::numeric_limits<std::int64_t>::min()}) == "-9223372036854775808ns");
  CHECK(format_size(0) == "0B");
  CHECK(format_size(1000) == "1000B");
  CHECK(format_size(1024) == "1KiB");
  CHECK(format_size(1536ull << 20) == "1536MiB");
  for (std::int64_t ns = 1; ns > 0 && ns < std::numeric_limits<std::int64_t>::max() / 7; ns = ns * 7 - 3) {
    CHECK(parse_duration(format_duration({ns})).value().ns == ns);
    CHECK(parse_duration(format_duration({-ns})).value().ns == -ns);
    CHECK(parse_size(format_size(static_cast<std::uint64_t>(ns))).value() == static_cast<std::uint64_t>(ns));
  }
}

TEST_CASE("sizes for people have one decimal") {
  CHECK(approximate_size(900) == "900 B");
  CHECK(approximate_size(1024) == "1.0 KiB");
  CHECK(approximate_size(40'265'318) == "38.4 MiB");
  CHECK(approximate_size(3ull << 50) == "3072.0 TiB");
}

}  // namespace tidemark
