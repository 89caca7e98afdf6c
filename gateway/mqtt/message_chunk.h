// What the gate hands to the pipeline: the events of one read from the broker, in the order of the wire.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "edge/decode/message.h"
#include "edge/time/instant.h"

namespace tidemark {

/// One entry of the broker's stream. Connections are numbered 1, 2, ... for the life of the process. On each, every QoS
/// 1 PUBLISH has an ordinal 1, 2, ...: the name by which it is released and retired.
struct GateEvent {
  enum class Kind : std::uint8_t {
    session_opened,   // CONNACK with success; the first event of a connection
    publish,          // messages[message]
    retire,           // the broker has processed our PUBACKs of ordinals 1 to `ordinal` of this connection (rule 29)
    connection_lost,  // the last event of a connection: what it left unacknowledged will come again with DUP
  };
  Kind kind = Kind::publish;
  bool session_present = false;  // session_opened: the broker still had our session
  std::uint32_t message = 0;     // publish: index into `messages`
  std::uint64_t ordinal = 0;     // publish: 0 at QoS 0, where there is nothing to acknowledge; retire: up to and with
};

/// Move only. Moving keeps the views of `messages` valid; they live as long as `bytes`.
struct MessageChunk {
  std::uint64_t connection = 0;
  MonotonicTime read_at;  // when it was read, on the steady clock
  std::unique_ptr<char[]> bytes;
  std::vector<Message> messages;
  std::vector<GateEvent> events;
  std::size_t footprint = 0;  // bytes this chunk holds in memory, as the queue counts them
};

}  // namespace tidemark
