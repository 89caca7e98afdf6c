// The packets that a client writes beside those of packets.h: for a client that only asks, without Paho.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tidemark::mqtt {

/// A CONNECT without a will. Texts of at most 65,535 bytes.
struct ConnectRequest {
  std::uint8_t level = 5;  // kLevel5 or kLevel3_1_1
  std::string_view client_id;
  std::uint16_t keepalive = 30;       // seconds
  std::uint32_t session_expiry = 0;   // seconds, MQTT 5; 0: the session ends with the connection
  std::uint16_t receive_maximum = 1;  // MQTT 5
  std::optional<std::string_view> username;
  std::optional<std::string_view> password;  // left out for 3.1.1 where there is no user name
};

/// Always a clean start.
void append_connect(std::string& out, const ConnectRequest& request);

/// All filters at QoS 1, and for MQTT 5 without what is retained (section 3.8.3.1, retain handling 2); 3.1.1 has no
/// word for that.
void append_subscribe(std::string& out, std::uint16_t packet_id, std::span<const std::string> filters,
                      std::uint8_t level);

/// A DISCONNECT of MQTT 5 after which the broker keeps nothing of the session, whatever CONNECT asked.
void append_forgetting_disconnect(std::string& out);

}  // namespace tidemark::mqtt
