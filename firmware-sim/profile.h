// What goes wrong, and how often. A profile is a table of faults per million messages.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "firmware-sim/random.h"

namespace firmware_sim {

enum class Fault : std::uint8_t {
  none,
  duplicate,         // published again within 3 s: same payload, same number
  reorder,           // held back up to 4 s: later messages overtake it
  silence,           // the device falls silent for 20 to 60 s, then sends all it has kept
  malformed,         // the payload is damaged
  unset_clock,       // the device boots without a clock: its time is in 1970
  future_clock,      // the device's clock is an hour to ten years ahead
  lost,              // never published: a gap in the numbers
  retained,          // published with RETAIN
  oversized,         // a valid payload of 300 KiB
  deep,              // a valid payload that nests 40 to 100,000 levels
  hostile_topic,     // a device whose name is meant to hurt: quotes, formulas, other scripts, 200 characters
  unmatched_topic,   // a topic below or beside those of the streams
  repeat,            // the same readings again under a new number
  counter_reset,     // a power failure: the device's counters start from zero
  sequence_restart,  // a reboot: the numbers of its messages start from zero
};
inline constexpr std::size_t kFaultCount = 16;

std::string_view name_of(Fault fault);

struct Profile {
  std::string_view name;
  std::array<std::uint32_t, kFaultCount> per_million{};

  /// At most one fault for a message. Draws exactly one number.
  [[nodiscard]] Fault draw(Pcg32& random) const;
};

/// clean, plant or chaos.
std::optional<Profile> find_profile(std::string_view name);

}  // namespace firmware_sim
