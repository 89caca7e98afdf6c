// One MQTT PUBLISH as the gate hands it over. Views point into the gate's buffer and live until the group is decided.
#pragma once

#include <cstdint>
#include <string_view>

#include "edge/time/instant.h"

namespace tidemark {

struct Message {
  std::string_view topic;    // UTF-8 is not guaranteed: a hostile client may send anything
  std::string_view payload;  // of an oversized message: its first 256 bytes
  std::uint64_t payload_size = 0;
  /// Identifier of the subscription that brought this copy; the broker sends one for each subscription that matches.
  /// 0: this is the only copy.
  std::uint32_t subscription = 0;
  std::uint16_t packet_id = 0;  // 0: QoS 0
  bool duplicate = false;       // the DUP flag
  bool retained = false;        // the RETAIN flag
  bool oversized = false;       // skipped as it streamed; `payload` is only its beginning
  ArrivalTime arrival;
};

/// Checked before anything else: what is too large stays so, whatever it says.
constexpr bool is_too_large(const Message& message, std::uint64_t max_bytes) {
  return message.oversized || message.payload_size > max_bytes || message.payload.size() > max_bytes;
}

}  // namespace tidemark
