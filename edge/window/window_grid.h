// Which window a time belongs to (SEMANTICS, rules 6 and 7).
#pragma once

#include <cstdint>

#include "edge/bytes/assert.h"
#include "edge/time/instant.h"

namespace tidemark {

/// Half-open windows [start, start + size) on the grid offset + k * size.
struct WindowGrid {
  Duration size;
  Duration offset;

  /// Floor division: correct below zero. Requires size > 0 and a time within [kEarliestEvent, kLatestEvent].
  [[nodiscard]] constexpr EventTime start_of(EventTime time) const {
    const std::int64_t relative = time.ns - offset.ns;
    std::int64_t quotient = relative / size.ns;
    if (relative % size.ns < 0) --quotient;
    return {offset.ns + quotient * size.ns};
  }

  [[nodiscard]] constexpr EventTime end_of(EventTime start) const { return start + size; }
};

}  // namespace tidemark
