#include "edge/time/timestamp.h"

#include <doctest/doctest.h>

#include <string>

namespace tidemark {
namespace {

constexpr Duration kSecond = seconds(1);
constexpr Duration kMillisecond = milliseconds(1);
constexpr Duration kMicrosecond = nanoseconds(1000);
constexpr Duration kNanosecond = nanoseconds(1);

// The instant in nanoseconds, or the error's name.
std::string said(const tl::expected<EventTime, TimestampError>& time) {
  if (time) return std::to_string(time->ns);
  return time.error() == TimestampError::malformed ? "malformed" : "out_of_range";
}

std::string epoch(std::string_view text, Duration unit) {
  return said(parse_epoch(text, unit));
}
std::string rfc(std::string_view text) {
  return said(parse_rfc3339(text));
}

}  // namespace

TEST_CASE("an epoch number is read exactly, in any unit") {
  CHECK(epoch("1700000000", kSecond) == "1700000000000000000");
  CHECK(epoch("1700000000123", kMillisecond) == "1700000000123000000");
  CHECK(epoch("1700000000123456", kMicrosecond) == "1700000000123456000");
  CHECK(epoch("1700000000123456789", kNanosecond) == "1700000000123456789");
  CHECK(epoch("0", kSecond) == "0");
  CHECK(epoch("-0", kSecond) == "0");
  CHECK(epoch("-1", kSecond) == "-1000000000");
}

TEST_CASE("a fraction is exact where a double is not") {
  // As doubles these are 1700000000.1234567 and 1700000000123.4567: the last digits would be lost.
  CHECK(epoch("1700000000.123456789", kSecond) == "1700000000123456789");
  CHECK(epoch("1700000000123.456789", kMillisecond) == "1700000000123456789");
  CHECK(epoch("0.1", kSecond) == "100000000");
  CHECK(epoch("1.7e12", kMillisecond) == "1700000000000000000");
  CHECK(epoch("17E+8", kSecond) == "1700000000000000000");
  CHECK(epoch("170000000000e-2", kSecond) == "1700000000000000000");
}

TEST_CASE("what is finer than a nanosecond is floored, also below zero") {
  CHECK(epoch("1.9999999999", kSecond) == "1999999999");
  CHECK(epoch("-1.9999999999", kSecond) == "-2000000000");
  CHECK(epoch("0.9", kNanosecond) == "0");
  CHECK(epoch("-0.1", kNanosecond) == "-1");
  CHECK(epoch("-0.0000", kNanosecond) == "0");
  CHECK(epoch("1e-400", kSecond) == "0");
  CHECK(epoch("-1e-400", kSecond) == "-1");
  CHECK(epoch("1700000000." + std::string(100'000, '9'), kSecond) == "1700000000999999999");
}

TEST_CASE("event time ends at its bounds, to the nanosecond") {
  const std::string latest = std::to_string(kLatestEvent.ns);
  const std::string earliest = std::to_string(kEarliestEvent.ns);
  CHECK(epoch(latest, kNanosecond) == latest);
  CHECK(epoch(std::to_string(kLatestEvent.ns + 1), kNanosecond) == "out_of_range");
  CHECK(epoch(earliest, kNanosecond) == earliest);
  CHECK(epoch(std::to_string(kEarliestEvent.ns - 1), kNanosecond) == "out_of_range");
  CHECK(epoch(earliest + ".5", kNanosecond) == "out_of_range");
  CHECK(epoch("9223372036854775808", kNanosecond) == "out_of_range");
  CHECK(epoch("99999999999999999999999999", kSecond) == "out_of_range");
  CHECK(epoch("7000000000", kSecond) == "out_of_range");  // within int64, but not within event time
  CHECK(epoch("1e400", kSecond) == "out_of_range");
  CHECK(epoch("-1e400", kSecond) == "out_of_range");
  CHECK(epoch("1e99999999999999999999999999", kSecond) == "out_of_range");
  CHECK(epoch("0e99999999999999999999999999", kSecond) == "0");
  CHECK(epoch("1e-99999999999999999999999999", kSecond) == "0");
  CHECK(epoch("0." + std::string(1000, '0') + "17e1010", kSecond) == "1700000000000000000");
}

TEST_CASE("an epoch number is a JSON number and nothing else") {
  for (const char* text : {"",     "-",  "+1", "01",    "-01", "1.",  ".5",       "1e",  "1e+", "1.e5",
                           "0x10", "1 ", " 1", "1_000", "1,5", "NaN", "Infinity", "--1", "1-1", "1e5.5"}) {
    CAPTURE(text);
    CHECK(epoch(text, kSecond) == "malformed");
  }
}

TEST_CASE("RFC 3339: the examples of its section 5.8") {
  CHECK(rfc("1985-04-12T23:20:50.52Z") == "482196050520000000");
  CHECK(rfc("1996-12-19T16:39:57-08:00") == "851042397000000000");
  CHECK(rfc("1990-12-31T23:59:60Z") == "662688000000000000");
  CHECK(rfc("1990-12-31T15:59:60-08:00") == "662688000000000000");
  CHECK(rfc("1937-01-01T12:00:27.87+00:20") == "-1041337172130000000");
}

TEST_CASE("RFC 3339: letters in either case, a space, any fraction") {
  CHECK(rfc("1970-01-01t00:00:01z") == "1000000000");
  CHECK(rfc("1970-01-01 00:00:01Z") == "1000000000");
  CHECK(rfc("1970-01-01T00:00:00.1Z") == "100000000");
  CHECK(rfc("1970-01-01T00:00:00.123456789Z") == "123456789");
  CHECK(rfc("1970-01-01T00:00:00.1234567899999Z") == "123456789");
  CHECK(rfc("1969-12-31T23:59:59.9999999999Z") == "-1");
  CHECK(rfc("1970-01-01T00:00:00-00:00") == "0");
  CHECK(rfc("1970-01-01T23:59:00+23:59") == "0");
  CHECK(rfc("1990-12-31T23:59:60.5Z") == "662688000500000000");
}

TEST_CASE("RFC 3339: dates that do not exist are refused") {
  CHECK(rfc("2024-02-29T00:00:00Z") == "1709164800000000000");
  CHECK(rfc("2000-02-29T00:00:00Z") == "951782400000000000");
  for (const char* text :
       {"2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2023-04-31T00:00:00Z", "2023-00-01T00:00:00Z",
        "2023-13-01T00:00:00Z", "2023-01-00T00:00:00Z", "2023-01-32T00:00:00Z", "2023-01-01T24:00:00Z",
        "2023-01-01T00:60:00Z", "2023-01-01T00:00:61Z", "2023-01-01T00:00:60Z", "2023-01-01T23:59:60+01:00",
        "2023-01-01T00:00:00+24:00", "2023-01-01T00:00:00+00:60"}) {
    CAPTURE(text);
    CHECK(rfc(text) == "malformed");
  }
}

TEST_CASE("RFC 3339: what is not its grammar is refused") {
  for (const char* text : {"",
                           "2023",
                           "2023-01-01",
                           "2023-01-01T00:00Z",
                           "2023-01-01T00:00:00",
                           "2023-01-01T00:00:00.Z",
                           "2023-01-01T00:00:00,5Z",
                           "2023-01-01T00:00:00+0100",
                           "2023-01-01T00:00:00+01",
                           "2023-01-01T00:00:00Z ",
                           " 2023-01-01T00:00:00Z",
                           "23-01-01T00:00:00Z",
                           "2023-1-01T00:00:00Z",
                           "+2023-01-01T00:00:00Z",
                           "2023-01-01X00:00:00Z",
                           "2023-01-01T00:00:00ZZ",
                           "2023/01/01T00:00:00Z",
                           "2023-01-01T0a:00:00Z",
                           "2023-01-01T00:00:00+-1:00",
                           "1700000000"}) {
    CAPTURE(text);
    CHECK(rfc(text) == "malformed");
  }
}

TEST_CASE("RFC 3339: every four-digit year is read or out of range") {
  CHECK(rfc("0000-01-01T00:00:00Z") == "out_of_range");
  CHECK(rfc("1700-01-01T00:00:00Z") == "out_of_range");
  CHECK(rfc("9999-12-31T23:59:59Z") == "out_of_range");
  CHECK(rfc("2100-01-01T00:00:00Z") == "4102444800000000000");
  CHECK(rfc("1776-07-04T00:00:00Z") == "-6106060800000000000");
}

TEST_CASE("a local time is as far from UTC as the caller says, and names no offset itself") {
  const auto local = [](std::string_view text, Duration offset) { return said(parse_iso8601_local(text, offset)); };
  CHECK(local("1970-01-01T02:00:01", hours(2)) == "1000000000");
  CHECK(local("1970-01-01 02:00:01.25", hours(2)) == "1250000000");
  CHECK(local("1970-01-01T02:00", hours(2)) == "0");
  CHECK(local("1969-12-31T20:30:00", minutes(-210)) == "0");
  CHECK(local("2024-02-29T00:00:00", hours(1)) == rfc("2024-02-28T23:00:00Z"));
  // The leap second of 2016 as clocks in Berlin showed it; and one that was none.
  CHECK(local("2017-01-01T00:59:60", hours(1)) == rfc("2016-12-31T23:59:60Z"));
  CHECK(local("2016-12-31T23:59:60", hours(1)) == "malformed");
  for (const char* const text : {"1970-01-01T02:00:01Z", "1970-01-01T02:00:01+02:00", "1970-01-01", "1970-01-01T02",
                                 "1970-01-01T02:00:01.", "1970-01-01T02:00.5", "1970-02-30T02:00:00",
                                 "1970-01-01T24:00:00", "1970-01-01T02:60:00", "1970-01-01T02:00:61", "", "02:00:01"}) {
    CAPTURE(text);
    CHECK(local(text, hours(2)) == "malformed");
  }
  CHECK(local("1775-02-24T00:08:28", hours(2)) == "out_of_range");
  CHECK(local("2164-11-07T01:51:31", hours(2)) == rfc("2164-11-06T23:51:31Z"));
  CHECK(local("9999-12-31T23:59:59", hours(2)) == "out_of_range");
}

}  // namespace tidemark
