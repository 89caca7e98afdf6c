// A pane: one emission of a window (SEMANTICS, rules 15 to 22). Fixed when committed, never recomputed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "edge/aggregate/window_state.h"
#include "edge/stream/stream_definition.h"
#include "edge/time/instant.h"

namespace tidemark {

/// Stored in events: never renumber, only append.
enum class PaneKind : std::uint8_t { on_time = 0, idle = 1, correction = 2, delta = 3 };

constexpr std::string_view name_of(PaneKind kind) {
  constexpr std::string_view names[] = {"on_time", "idle", "correction", "delta"};
  return names[static_cast<std::size_t>(kind)];
}

/// Bits of a pane's flags. Stored in events: never renumber, only append.
namespace pane_flag {
inline constexpr std::uint16_t order_incomplete = 1;  // a delta: only the rows that commute
inline constexpr std::uint16_t dedup_unknown = 2;     // past sealing exact duplicates cannot be known
inline constexpr std::uint16_t inexact = 4;           // a value had more than 18 digits
inline constexpr std::uint16_t restamped = 8;         // a reading carries its arrival time
inline constexpr std::uint16_t bad_clock = 16;        // an untrusted reading was accepted
}  // namespace pane_flag

/// What names a series in the log, apart from the gateway.
struct SeriesIdentity {
  std::string stream;
  std::uint32_t version = 1;  // of the stream's definition
  std::string source;
  std::string tags;  // JSON object, keys sorted, no white space: {"site":"north"}
  std::string field;
  std::string unit;
  FieldKind kind = FieldKind::gauge;
  Duration size;  // of the stream's windows
  friend auto operator==(const SeriesIdentity& a, const SeriesIdentity& b) -> bool = default;
};

struct Pane {
  EventTime start;
  std::uint32_t revision = 0;  // 1, 2, ... for whole panes; 0 for a delta
  PaneKind kind = PaneKind::on_time;
  std::uint16_t flags = 0;
  WindowState state;
};

}  // namespace tidemark
