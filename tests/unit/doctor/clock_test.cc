#include "gateway/doctor/clock.h"

#include <doctest/doctest.h>

#include "tests/unit/doctor/judgement.h"

namespace tidemark::doctor {
namespace {

using test::says;
using test::worst;

/// 2026-01-02T03:04:05Z.
constexpr ArrivalTime kNow{1'767'323'045'000'000'000};

ClockFacts well() {
  ClockFacts facts;
  facts.now = kNow;
  facts.kernel_synchronised = true;
  facts.greatest_error = milliseconds(12);
  facts.battery_clock = true;
  facts.program_from = kNow - days(30);
  return facts;
}

TEST_CASE("dates are UTC, also before 1970") {
  CHECK(date_text(kNow) == "2026-01-02 03:04:05 UTC");
  CHECK(date_text(ArrivalTime{0}) == "1970-01-01 00:00:00 UTC");
  CHECK(date_text(ArrivalTime{4'102'444'800'000'000'000}) == "2100-01-01 00:00:00 UTC");
  CHECK(date_text(ArrivalTime{-1}) == "1969-12-31 23:59:59 UTC");
}

TEST_CASE("a synchronised clock is well, and a missing battery is only remarked") {
  CHECK(worst(judge_clock(well(), kNow - seconds(1))) == Level::ok);
  ClockFacts facts = well();
  facts.battery_clock = false;
  says(judge_clock(facts, std::nullopt), Level::ok, {"synchronised", "no real-time clock"});
  // The kernel's mark goes hours after the last answer; that of systemd-timesyncd stays.
  facts.kernel_synchronised = false;
  facts.timesync_marker = true;
  CHECK(worst(judge_clock(facts, std::nullopt)) == Level::ok);
}

TEST_CASE("a clock that nobody keeps is a warning, and one that may not be asked says so") {
  ClockFacts facts = well();
  facts.kernel_synchronised = false;
  says(judge_clock(facts, std::nullopt), Level::warning, {"is not synchronised", "timesyncd"});
  facts.kernel_synchronised.reset();
  says(judge_clock(facts, std::nullopt), Level::warning, {"cannot be asked"});
}

TEST_CASE("a clock before this program or before what was committed is an error, synchronised or not") {
  for (const bool synchronised : {true, false}) {
    CAPTURE(synchronised);
    ClockFacts facts = well();
    facts.kernel_synchronised = synchronised;
    facts.now = ArrivalTime{0};
    Findings found = judge_clock(facts, kNow);
    says(found, Level::error, {"1970-01-01", "this program was made", "set it"});
    test::all_say_what_to_do(found);
    facts.now = kNow;
    found = judge_clock(facts, kNow + hours(1));
    says(found, Level::error, {"04:04:05", "set back"});
    CHECK(exit_status(found) == 2);
    // A step of a few seconds is a time server at work.
    CHECK(worst(judge_clock(facts, kNow + seconds(30))) < Level::error);
  }
}

}  // namespace
}  // namespace tidemark::doctor
