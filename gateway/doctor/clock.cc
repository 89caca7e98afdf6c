#include "gateway/doctor/clock.h"

#include <fmt/format.h>

#include <chrono>

namespace tidemark::doctor {
namespace {

/// Clocks of build machines and of whoever copied the file may differ from this one's a little.
constexpr Duration kBuildMargin = days(1);
/// A wall clock that is being slewed or was stepped by its time server.
constexpr Duration kBackMargin = minutes(1);

constexpr const char* kSetIt =
    "set it, and let a time server keep it (systemctl enable --now systemd-timesyncd, or chrony); then restart the "
    "appliance";

}  // namespace

std::string date_text(ArrivalTime time) {
  // The calendar of the library and not gmtime: time_t has 32 bits on some gateways, and 2038 is a date like any other.
  namespace chrono = std::chrono;
  const chrono::sys_time<chrono::nanoseconds> at{chrono::nanoseconds(time.ns)};
  const auto day = chrono::floor<chrono::days>(at);
  const chrono::year_month_day date{day};
  const auto second = chrono::floor<chrono::seconds>(at - day);
  const chrono::hh_mm_ss clock{second};
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

Findings judge_clock(const ClockFacts& facts, std::optional<ArrivalTime> last_committed) {
  Report report("clock");
  const std::string now = date_text(facts.now);
  bool possible = true;
  if (facts.program_from && facts.now < *facts.program_from - kBuildMargin) {
    possible = false;
    report.error(
        fmt::format("it is {} by the wall clock, and this program was made at {}: the clock is wrong. Readings "
                    "without a time of their own are put into windows of the past, and those of devices whose "
                    "clocks are right are set aside as ahead of time (bad_clock)",
                    now, date_text(*facts.program_from)),
        kSetIt);
  } else if (last_committed && facts.now < *last_committed - kBackMargin) {
    possible = false;
    report.error(fmt::format("it is {} by the wall clock, and the newest event was committed at {}: the clock was set "
                             "back, or was ahead then. Windows are closed by the readings' own times and stay right; "
                             "readings without a time of their own go into windows that have left already",
                             now, date_text(*last_committed)),
                 kSetIt);
  }

  const std::string battery =
      facts.battery_clock ? std::string()
                          : "; there is no real-time clock: after a power cut it is wrong until a time server answers";
  const bool synchronised = facts.kernel_synchronised.value_or(false);
  if (synchronised) {
    if (possible) {
      report.ok(fmt::format("synchronised, {}; at most {} ms off by the kernel's own bound{}", now,
                            facts.greatest_error.ns / 1'000'000, battery));
    }
  } else if (facts.timesync_marker) {
    // The kernel gives up its trust hours after the last answer of a time server.
    if (possible) report.ok(fmt::format("synchronised since the machine began, {}{}", now, battery));
  } else {
    report.warning(
        fmt::format("{}, {}: readings without a time of their own get this one, and devices' clocks are judged by it{}",
                    facts.kernel_synchronised ? "the wall clock is not synchronised"
                                              : "whether the wall clock is "
                                                "synchronised cannot be asked "
                                                "here",
                    now, battery),
        "let a time server keep it (systemctl enable --now systemd-timesyncd, or chrony), and see that the network "
        "lets UDP port 123 through");
  }
  return report.take();
}

}  // namespace tidemark::doctor
