// A stream as it runs: its definition, with the decoder made from it, its place in the state and its route.
#pragma once

#include <cstdint>
#include <memory>

#include "edge/decode/decoder.h"
#include "edge/stream/stream_definition.h"

namespace tidemark {

/// Which copies of a message a stream takes. Where topic filters overlap, a broker sends a message once for each
/// subscription that matches it; a stream belongs to one of them, and so gets the message once.
struct StreamRoute {
  std::uint32_t subscription = 0;  // identifier of the subscription that brings its messages; 0: any
  /// That subscription is new: what the broker kept for us before it was made came through one that we no longer have.
  bool heir = false;
};

struct ConfiguredStream {
  StreamDefinition definition;
  std::unique_ptr<Decoder> decoder;
  std::uint32_t id = 0;  // index into State::streams
  StreamRoute route;
};

}  // namespace tidemark
