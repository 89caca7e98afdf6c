// The wall clock: it stamps arrivals, and with them every reading that brings no time of its own; what a device says is
// held against it (SEMANTICS, rules 12 to 14).
#pragma once

#include <optional>

#include "edge/time/instant.h"
#include "gateway/doctor/finding.h"

namespace tidemark::doctor {

struct ClockFacts {
  ArrivalTime now;
  std::optional<bool> kernel_synchronised;  // what adjtimex(2) says; nullopt: it may not be asked
  Duration greatest_error{};                // the kernel's bound; of a synchronised clock only
  bool timesync_marker = false;             // systemd-timesyncd has synchronised it since the machine began
  bool battery_clock = false;               // there is a real-time clock that goes on without power
  std::optional<ArrivalTime> program_from;  // when this program's own file was made: it cannot be earlier now
};

ClockFacts look_at_clock();

/// `last_committed`: as the newest event of the log has it, where one could be read.
Findings judge_clock(const ClockFacts& facts, std::optional<ArrivalTime> last_committed);

/// "2026-11-24 03:00:00 UTC".
std::string date_text(ArrivalTime time);

}  // namespace tidemark::doctor
