#include "gateway/replay/folded_window.h"

#include "edge/bytes/assert.h"
#include "edge/window/pane_rank.h"

namespace tidemark {
bool FoldedState::add(const Pane& pane) {
  if (pane.kind == PaneKind::delta) {
    delta_flags = static_cast<std::uint16_t>(delta_flags | pane.flags);
    if (deltas) {
      deltas->merge(pane.state);
    } else {
      deltas = pane.state;
    }
    return true;
  }
  if (whole) {
    if (pane.revision < revision) return false;
    if (pane.revision == revision && rank_of(pane.kind, pane.flags, pane.state) <= rank_of(kind, whole_flags, *whole)) {
      return false;
    }
  }
  whole = pane.state;
  revision = pane.revision;
  kind = pane.kind;
  whole_flags = pane.flags;
  return true;
}

WindowState FoldedState::state() const {
  TIDEMARK_ASSERT(whole || deltas);
  if (!deltas) return *whole;
  WindowState merged = *deltas;
  if (whole) merged.merge(*whole);
  return merged;
}

}  // namespace tidemark
