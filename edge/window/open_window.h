// A window that is not sealed: its state, what has been emitted of it, and the points it holds.
#pragma once

#include <cstdint>

#include "edge/aggregate/window_state.h"
#include "edge/bytes/byte_reader.h"
#include "edge/bytes/byte_writer.h"
#include "edge/time/instant.h"
#include "edge/window/points.h"

namespace tidemark {

struct OpenWindow {
  EventTime start;
  std::uint64_t emitted = 0;   // readings in the last whole pane
  std::uint32_t revision = 0;  // of the last whole pane; 0: none yet
  std::uint16_t flags = 0;     // pane_flag bits its panes carry
  bool dirty = false;          // changed since the last whole pane
  WindowState state;
  Points points;

  // Not durable: when the last pane left, by the monotonic clock; a restart counts as a pane.
  MonotonicTime emitted_at{};

  void encode(ByteWriter& out) const {
    out.i64(start.ns);
    out.varint(emitted);
    out.varint(revision);
    out.varint(flags);
    out.u8(dirty ? 1 : 0);
    state.encode(out);
    out.bytes(points.packed());
  }

  static OpenWindow decode(ByteReader& in) {
    OpenWindow window;
    window.start = {in.i64()};
    window.emitted = in.varint();
    window.revision = static_cast<std::uint32_t>(in.varint());
    window.flags = static_cast<std::uint16_t>(in.varint());
    window.dirty = in.u8() != 0;
    window.state = WindowState::decode(in);
    window.points = Points::from_packed(in.bytes());
    return window;
  }
};

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
