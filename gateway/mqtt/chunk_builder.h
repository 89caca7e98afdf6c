// Makes one chunk of what one read brought: the messages are copied out of the read buffer, once, into bytes of their
// own.
#pragma once

#include <cstddef>

#include "gateway/mqtt/message_chunk.h"
#include "gateway/mqtt/packets.h"

namespace tidemark {

class ChunkBuilder {
 public:
  ChunkBuilder(std::uint64_t connection, ArrivalTime arrival, MonotonicTime read_at)
      : connection_(connection), arrival_(arrival), read_at_(read_at) {}

  /// Whether this message's bytes fit behind those already there. If not: `take`, then add it to the next chunk.
  [[nodiscard]] bool has_room(const mqtt::Publish& publish) const;

  /// `ordinal` is 0 at QoS 0. `more` is an upper bound for the bytes that this read can still bring.
  void add(const mqtt::Publish& publish, std::uint64_t ordinal, std::size_t more);
  void add(const GateEvent& event) { chunk_.events.push_back(event); }

  [[nodiscard]] bool empty() const { return chunk_.events.empty(); }

  /// The chunk; the builder is empty again.
  MessageChunk take();

 private:
  const std::uint64_t connection_;
  const ArrivalTime arrival_;
  const MonotonicTime read_at_;
  MessageChunk chunk_;
  std::size_t capacity_ = 0;  // of chunk_.bytes
  std::size_t used_ = 0;
};

}  // namespace tidemark
