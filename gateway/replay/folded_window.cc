#include "gateway/replay/folded_window.h"

#include <string>

#include "edge/bytes/assert.h"
#include "edge/bytes/byte_writer.h"

namespace tidemark {
namespace {

// One revision with two contents (two gateways of one name, or an old state file put back): which of them stays must
// not depend on which came first. The same order as the fold in memory has (edge/event/fold.cc).
std::string rank(PaneKind kind, std::uint16_t flags, const WindowState& state) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(kind));
  out.u16(flags);
  state.encode(out);
  return out.take();
}

}  // namespace

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
    if (pane.revision == revision && rank(pane.kind, pane.flags, pane.state) <= rank(kind, whole_flags, *whole)) {
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
