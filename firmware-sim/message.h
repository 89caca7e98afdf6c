// One message as a device made it, with every reading in it and what has to become of each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-sim/fixed_decimal.h"
#include "firmware-sim/model.h"

namespace firmware_sim {

/// What was done to a reading. Only `sent` has to be counted by a receiver; docs/formats/truth.md has the meaning of
/// each.
enum class Fate : std::uint8_t {
  sent,
  duplicate,       // a copy of a reading that was sent
  malformed,       // cannot be read from its payload
  too_large,       // its payload exceeds 256 KiB
  too_deep,        // its payload nests deeper than 32
  unset_clock,     // its time is in 1970
  future_clock,    // its time is an hour or more ahead
  unmatched,       // on a topic of no stream
  withheld,        // measured, never published
  unacknowledged,  // published, but no broker ever acknowledged it: it may have arrived or not
};

std::string_view name_of(Fate fate);

/// Where a device publishes and how it calls itself. Lives as long as the fleet.
struct Identity {
  std::string source;
  std::string topic;
};

struct Reading {
  std::uint32_t field = 0;               // index into the model's fields
  std::optional<std::int64_t> event_ms;  // as written, since 1970; none: the payload carries no time
  FixedDecimal value;
  Fate fate = Fate::sent;
};

struct Message {
  std::int64_t id = 0;             // 1, 2, ... in the order in which the fleet lets them go
  std::int64_t first_reading = 0;  // readings are numbered on: the first of this message
  std::int64_t due_us = 0;         // when to publish it, since the start
  std::uint32_t device = 0;
  const ModelDescription* model = nullptr;
  const Identity* identity = nullptr;
  std::optional<std::int64_t> sequence;
  std::string payload;
  bool retained = false;
  Fate fate = Fate::sent;  // of the message: `sent` when at least one of its readings has to be counted
  std::string_view fault;  // what the profile did to it; empty: nothing
  std::vector<Reading> readings;
};

/// Gives a message and all its readings one fate.
void mark(Message& message, Fate fate);

}  // namespace firmware_sim
