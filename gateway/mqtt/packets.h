// MQTT 3.1.1 (OASIS 2014) and 5.0 (OASIS 2019) packets, as far as the gate must understand them. Pure: bytes in, values
// out. Everything read here comes from outside: every length is checked, every failure is a value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "edge/bytes/result.h"

namespace tidemark::mqtt {

enum class PacketType : std::uint8_t {
  connect = 1,
  connack = 2,
  publish = 3,
  puback = 4,
  pubrec = 5,
  pubrel = 6,
  pubcomp = 7,
  subscribe = 8,
  suback = 9,
  unsubscribe = 10,
  unsuback = 11,
  pingreq = 12,
  pingresp = 13,
  disconnect = 14,
  auth = 15,
};

enum class PacketError : std::uint8_t {
  malformed,       // not MQTT
  too_large,       // a packet other than a PUBLISH beyond what we hold
  protocol_error,  // MQTT, but not to be sent to us: QoS 2, a topic alias, a request that only clients make
};

/// The protocol level as CONNECT carries it.
inline constexpr std::uint8_t kLevel3_1_1 = 4;
inline constexpr std::uint8_t kLevel5 = 5;

/// One whole packet. The views live as long as the bytes it was read from.
struct Packet {
  PacketType type{};
  std::uint8_t flags = 0;  // the low four bits of the first byte
  std::string_view bytes;  // all of it, to be passed on
  std::string_view body;   // without the fixed header
};

/// A PUBLISH from the broker.
struct Publish {
  std::string_view topic;
  std::string_view payload;        // of an oversized one: its first 256 bytes
  std::uint64_t payload_size = 0;  // the true one
  std::uint32_t subscription = 0;  // identifier of the one subscription that brought this copy; 0: see PublishHead
  std::uint16_t packet_id = 0;     // 0: QoS 0
  bool duplicate = false;
  bool retained = false;
  bool oversized = false;
};

/// How much of an oversized payload is kept.
inline constexpr std::size_t kOversizedPrefix = 256;

/// Properties of a PUBLISH beyond so many bytes are not read.
inline constexpr std::size_t kMostProperties = 32 * 1024;

/// What stands before the payload of a PUBLISH. `body` may be cut off behind any byte; `body_size` is what the fixed
/// header says. nullopt: more bytes are needed (never when `body` is complete).
struct PublishHead {
  std::string_view topic;
  std::uint16_t packet_id = 0;
  /// Section 3.3.4: where subscriptions overlap, a broker sends one copy for each, with that one's identifier, or one
  /// copy for all, with all identifiers. 0: this is the copy for all, or it carries none.
  std::uint32_t subscription = 0;
  std::size_t payload_at = 0;  // offset in the body: behind the properties, so it may lie beyond what is there
};
Result<std::optional<PublishHead>, PacketError> parse_publish_head(std::uint8_t flags, std::string_view body,
                                                                   std::uint32_t body_size, std::uint8_t level);

struct Connect {
  std::uint8_t level = 0;
  bool clean_start = false;
  std::uint16_t keepalive = 0;  // seconds, 0: none
  std::string_view client_id;
  std::optional<std::string_view> username;
  std::optional<std::string_view> password;
  std::size_t flags_at = 0;        // offset in the body: the connect flags
  std::size_t credentials_at = 0;  // offset in the body: user name and password, its last parts
};
Result<Connect, PacketError> parse_connect(const Packet& packet);

/// The CONNECT with other credentials, or none. Both at most 65,535 bytes. A password without a user name is left out
/// for 3.1.1, which forbids it ([MQTT-3.1.2-22]).
std::string with_credentials(const Packet& packet, const Connect& connect, std::optional<std::string_view> username,
                             std::optional<std::string_view> password);

struct Connack {
  bool session_present = false;
  std::uint8_t reason = 0;                        // 0: accepted
  bool version_refused = false;                   // by either version's code for it
  std::optional<std::uint16_t> server_keepalive;  // seconds, MQTT 5: to be used instead of ours
  std::optional<std::uint16_t> receive_maximum;   // MQTT 5
  std::optional<std::uint32_t> maximum_packet;    // bytes, MQTT 5: more it does not take from us
  std::optional<std::uint32_t> session_expiry;    // seconds, MQTT 5: it keeps the session so long, not as we asked
  std::optional<std::uint8_t> maximum_qos;        // MQTT 5: 0 or 1
  bool subscription_identifiers = false;          // MQTT 5: the broker takes them, and sends them back
  std::string_view text;                          // MQTT 5: the broker's own words, not to be trusted
};
/// `level` is that of the CONNECT. A 3.1.1 broker that refuses 5 answers in its own, shorter form.
Result<Connack, PacketError> parse_connack(const Packet& packet, std::uint8_t level);

/// The reasons of a SUBACK, one a filter, in the order of its SUBSCRIBE: below 0x80 the QoS that was granted.
struct Suback {
  std::uint16_t packet_id = 0;
  std::string_view reasons;
};
Result<Suback, PacketError> parse_suback(const Packet& packet, std::uint8_t level);

struct Disconnect {
  std::uint8_t reason = 0;  // MQTT 5; 3.1.1 brokers send no DISCONNECT
  std::string_view text;
};
Result<Disconnect, PacketError> parse_disconnect(const Packet& packet, std::uint8_t level);

inline constexpr std::uint8_t kSessionTakenOver = 0x8E;

void append_puback(std::string& out, std::uint16_t packet_id);
void append_pingreq(std::string& out);
void append_pingresp(std::string& out);
/// 3.1.1 has no reason: it is left out.
void append_disconnect(std::string& out, std::uint8_t reason, std::uint8_t level);

/// Remaining length, 1 to 4 bytes. `value` at most 268,435,455.
void append_length(std::string& out, std::uint32_t value);

/// In words, for a CONNACK or DISCONNECT of this level: "not authorized". "reason 0x99" where there is none.
std::string reason_text(std::uint8_t reason, std::uint8_t level);

/// What a broker says of itself, fit for a log: printable ASCII, at most 120 characters.
std::string printable(std::string_view text);

}  // namespace tidemark::mqtt
