#include "gateway/doctor/medium.h"

#include <fmt/format.h>

#include "gateway/config/units.h"

namespace tidemark::doctor {
namespace {

/// An assumption, for cards and eMMC that say nothing of their wear: as many times their size can be written before
/// they fail. Makers give 1,000 erasures a block and more, of which small writes use up several for each one asked.
constexpr double kWholeWrites = 200;
/// A medium that lasts for less needs a second look.
constexpr double kYears = 5;

constexpr std::uint32_t kWorn = 9;        // life_time: from 80 % on
constexpr std::uint32_t kUsedUp = 11;     // beyond its estimate
constexpr std::uint32_t kReserveLow = 2;  // pre_eol_info
constexpr std::uint32_t kReserveGone = 3;

std::string kind_text(MediumFacts::Kind kind) {
  switch (kind) {
    case MediumFacts::Kind::disk:
      return "a rotating disk (or a virtual one)";
    case MediumFacts::Kind::solid:
      return "a solid-state disk";
    case MediumFacts::Kind::card:
      return "an SD card";
    case MediumFacts::Kind::emmc:
      return "eMMC";
    case MediumFacts::Kind::unknown:
      break;
  }
  return "of unknown kind";
}

std::string writing_text(const Writing& writing) {
  return fmt::format("about {} a day are written for {} series ({})", approximate_size(writing.per_day), writing.series,
                     writing.series_known ? "as many as there are" : "an assumption: no appliance runs");
}

constexpr const char* kSpare =
    "raise store.commit_delay and the windows of the streams; move gateway.state to a medium made for writing "
    "(industrial "
    "card, SSD)";

}  // namespace

Findings judge_flash(const MediumFacts& facts, const Writing& writing) {
  Report report("flash");
  if (facts.kind == MediumFacts::Kind::unknown) {
    report.ok(fmt::format("{}; what medium that goes to cannot be seen from here (a container, or no block device)",
                          writing_text(writing)));
    return report.take();
  }
  std::string medium =
      fmt::format("{} is {} of {}", facts.device, kind_text(facts.kind), approximate_size(facts.bytes));
  if (facts.written > 0) medium += fmt::format(", {} written since the machine began", approximate_size(facts.written));
  if (facts.file_system_written > 0) {
    medium += fmt::format(", {} since its file system was made", approximate_size(facts.file_system_written));
  }
  if (facts.life >= kUsedUp || facts.reserve >= kReserveGone) {
    report.error(
        fmt::format("{}: it says of itself that it is worn out (life_time {}, pre_eol_info {})", medium, facts.life,
                    facts.reserve),
        "replace it now: stop the appliance, copy the state file and its -wal to the new one, and start there");
    return report.take();
  }
  if (facts.life >= kWorn || facts.reserve == kReserveLow) {
    report.warning(fmt::format("{}: it says of itself that up to {} % of its life or most of its spare blocks are used "
                               "(life_time {}, pre_eol_info {}); {}",
                               medium, facts.life * 10, facts.life, facts.reserve, writing_text(writing)),
                   "plan its replacement; " + std::string(kSpare));
    return report.take();
  }
  const bool says = facts.life > 0;
  const bool flash = facts.kind == MediumFacts::Kind::card || facts.kind == MediumFacts::Kind::emmc;
  if (flash && !says && writing.per_day > 0 && facts.bytes > 0) {
    const double years = kWholeWrites * static_cast<double>(facts.bytes) / static_cast<double>(writing.per_day) / 365.0;
    if (years < kYears) {
      report.warning(fmt::format("{}; {}: if it stands {:.0f} times its size, that is {:.1f} years", medium,
                                 writing_text(writing), kWholeWrites, years),
                     kSpare);
      return report.take();
    }
  }
  if (says) medium += fmt::format(", up to {} % of its life used", facts.life * 10);
  report.ok(fmt::format("{}; {}", medium, writing_text(writing)));
  return report.take();
}

}  // namespace tidemark::doctor
