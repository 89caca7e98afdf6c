// What stands in the central log in the place of an event that its topic does not take (docs/formats/event.md,
// "Tombstone").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "edge/event/event.h"
#include "edge/event/record.h"

namespace tidemark {

/// What a reader of a central log lacks because it was parked: sums over tombstones.
struct ParkedTotal {
  std::uint64_t events = 0;
  std::uint64_t panes = 0;
  std::uint64_t readings = 0;

  /// What the tombstones say may add up to more than a number holds: it then stays at the greatest.
  void add(const Tombstone& tombstone);
  friend bool operator==(const ParkedTotal&, const ParkedTotal&) = default;
};

/// The tombstone of an event, as a record of the log. It follows from the event alone: equal events, equal bytes,
/// however often and by which process it is made. An event that cannot be read, and a tombstone, have none.
Result<std::string, EventError> tombstone_of(std::string_view event);

/// Requires a record whose body is a Tombstone.
Result<Tombstone, EventError> read_tombstone(const EventRecord& record);

/// The running digest after a record of the log: that of the record's bytes, or what a tombstone tells of the event it
/// stands for. `bytes`: the record's.
Digest digest_after(const Event& event, std::string_view bytes);

}  // namespace tidemark
