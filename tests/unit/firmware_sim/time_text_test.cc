#include "firmware-sim/time_text.h"

#include <doctest/doctest.h>

using namespace firmware_sim;

TEST_CASE("durations carry their unit") {
  CHECK(parse_duration_us("1s") == 1'000'000);
  CHECK(parse_duration_us("250ms") == 250'000);
  CHECK(parse_duration_us("1.5s") == 1'500'000);
  CHECK(parse_duration_us("0.0000005h") == 1'800);
  CHECK(parse_duration_us("2min") == 120'000'000);
  CHECK(parse_duration_us("0") == 0);
  CHECK(parse_duration_us("0s") == 0);
  for (const char* wrong : {"", "1", "s", "-1s", "1 s", "1.s", "1d", "1e3s", "99999999999h", "1.5.5s", "1ss"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_duration_us(wrong));
  }
}

TEST_CASE("times are RFC 3339 in UTC or milliseconds") {
  CHECK(parse_time_ms("1970-01-01T00:00:00Z") == 0);
  CHECK(parse_time_ms("2026-03-01T12:30:05Z") == 1'772'368'205'000);
  CHECK(parse_time_ms("2024-02-29T23:59:59.250Z") == 1'709'251'199'250);
  CHECK(parse_time_ms("1700000000000") == 1'700'000'000'000);
  for (const char* wrong : {"", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z",
                            "2026-01-01T00:00:00", "2026-01-01T00:00:00+01:00", "2026-01-01 00:00:00Z", "now", "1.5",
                            "-1", "1969-12-31T23:59:59Z", "9999-01-01T00:00:00Z", "9223372036854775807"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_time_ms(wrong));
  }
}
