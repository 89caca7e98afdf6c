// Readings of a sealed window on their way into the log (SEMANTICS, rule 20).
#pragma once

#include <cstdint>

#include "edge/aggregate/window_state.h"
#include "edge/bytes/byte_reader.h"
#include "edge/bytes/byte_writer.h"
#include "edge/time/instant.h"

namespace tidemark {

/// Readings for a sealed window that wait, at most some seconds, to leave together.
struct PendingDelta {
  EventTime start;
  std::uint16_t flags = 0;
  WindowState state;

  // Not durable: when it must leave; a restart begins the wait anew.
  MonotonicTime due{};

  void encode(ByteWriter& out) const {
    out.i64(start.ns);
    out.varint(flags);
    state.encode(out);
  }

  static PendingDelta decode(ByteReader& in) {
    PendingDelta delta;
    delta.start = {in.i64()};
    delta.flags = static_cast<std::uint16_t>(in.varint());
    delta.state = WindowState::decode(in);
    return delta;
  }
};

}  // namespace tidemark
