// One window of the views: what the panes of it that came so far fold to (SEMANTICS, rule 21).
#pragma once

#include <cstdint>
#include <optional>

#include "edge/window/pane.h"

namespace tidemark {

struct FoldedState {
  std::uint32_t revision = 0;       // of the whole pane; 0: none came
  PaneKind kind = PaneKind::delta;  // of the whole pane
  std::uint16_t whole_flags = 0;
  std::uint16_t delta_flags = 0;
  std::optional<WindowState> whole;
  std::optional<WindowState> deltas;  // all of them, merged

  /// Takes a pane in. False: it changes nothing.
  bool add(const Pane& pane);

  /// The whole pane and every delta. Requires that something was taken in.
  [[nodiscard]] WindowState state() const;
};

}  // namespace tidemark
