// One revision with two contents (two gateways of one name, or an old state file put back): which of them stays must
// not depend on which came first, and must be the same to every reader.
#pragma once

#include <cstdint>
#include <string>

#include "edge/bytes/byte_writer.h"
#include "edge/window/pane.h"

namespace tidemark {

/// Of two whole panes of one revision the one with the greater rank stays.
inline std::string rank_of(PaneKind kind, std::uint16_t flags, const WindowState& state) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(kind));
  out.u16(flags);
  state.encode(out);
  return out.take();
}

}  // namespace tidemark
