// A window that is not sealed: its state, what has been emitted of it, and the points it holds.
#pragma once

#include <cstdint>

#include "edge/aggregate/window_state.h"
#include "edge/bytes/byte_reader.h"
#include "edge/bytes/byte_writer.h"
#include "edge/time/instant.h"
#include "edge/window/points.h"

namespace tidemark {

/// What tells whether a pane is due: the beginning of a window's encoding.
struct WindowHead {
  EventTime start;
  std::uint32_t revision = 0;  // of the last whole pane; 0: none yet
  bool dirty = false;          // changed since the last whole pane

  [[nodiscard]] bool waits() const { return revision == 0 || dirty; }

  void encode(ByteWriter& out) const {
    out.i64(start.ns);
    out.varint((std::uint64_t{revision} << 1) | (dirty ? 1 : 0));
  }

  static WindowHead decode(ByteReader& in) {
    WindowHead head;
    head.start = {in.i64()};
    const std::uint64_t revision = in.varint();
    head.revision = static_cast<std::uint32_t>(revision >> 1);
    head.dirty = (revision & 1) != 0;
    if (head.revision != revision >> 1) in.mark_damaged();
    return head;
  }
};

struct OpenWindow {
  EventTime start;
  std::uint32_t revision = 0;
  std::uint16_t flags = 0;  // pane_flag bits its panes carry
  bool dirty = false;
  std::uint64_t emitted = 0;  // readings in the last whole pane
  WindowState state;
  Points points;

  [[nodiscard]] WindowHead head() const { return {start, revision, dirty}; }

  void encode(ByteWriter& out) const {
    encode_standing(out);
    state.encode(out);
    points.encode(out);
  }

  static OpenWindow decode(ByteReader& in) {
    OpenWindow window = decode_standing(in);
    window.state = WindowState::decode(in);
    window.points = Points::decode(in);
    return window;
  }

  /// What a pane changes: all that stands before the state.
  void encode_standing(ByteWriter& out) const {
    head().encode(out);
    out.varint(flags);
    out.varint(emitted);
  }

  static OpenWindow decode_standing(ByteReader& in) {
    OpenWindow window;
    const WindowHead head = WindowHead::decode(in);
    window.start = head.start;
    window.revision = head.revision;
    window.dirty = head.dirty;
    window.flags = static_cast<std::uint16_t>(in.varint());
    window.emitted = in.varint();
    return window;
  }

  /// A whole pane of it leaves. Returns how many of its readings had not been emitted, which may be negative after
  /// damage.
  std::int64_t emit(std::uint64_t count) {
    const auto fresh = static_cast<std::int64_t>(count - emitted);
    emitted = count;
    ++revision;
    dirty = false;
    return fresh;
  }
};

}  // namespace tidemark
