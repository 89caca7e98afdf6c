#include "gateway/mqtt/packets.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "edge/bytes/assert.h"

namespace tidemark::mqtt {
namespace {

/// Reads big-endian fields of a body. After a read past the end `ok` is false for good.
class Fields {
 public:
  explicit Fields(std::string_view body) : body_(body) {}

  std::uint8_t u8() {
    if (!take(1)) return 0;
    return static_cast<std::uint8_t>(body_[at_ - 1]);
  }
  std::uint16_t u16() {
    if (!take(2)) return 0;
    return static_cast<std::uint16_t>((static_cast<std::uint8_t>(body_[at_ - 2]) << 8) |
                                      static_cast<std::uint8_t>(body_[at_ - 1]));
  }
  std::uint32_t u32() {
    const std::uint32_t high = u16();
    return high << 16 | u16();
  }
  /// A variable byte integer, section 1.5.5: at most four bytes.
  std::uint32_t length() {
    std::uint32_t value = 0;
    for (int shift = 0; shift <= 21; shift += 7) {
      const std::uint8_t byte = u8();
      value |= static_cast<std::uint32_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  std::string_view bytes(std::size_t size) {
    if (!take(size)) return {};
    return body_.substr(at_ - size, size);
  }
  std::string_view text() { return bytes(u16()); }

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] bool at_end() const { return at_ == body_.size(); }

 private:
  bool take(std::size_t size) {
    if (!ok_ || size > body_.size() - at_) {
      ok_ = false;
      return false;
    }
    at_ += size;
    return true;
  }

  std::string_view body_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

namespace property {
constexpr std::uint8_t kSubscriptionIdentifier = 0x0B;
constexpr std::uint8_t kSessionExpiry = 0x11;
constexpr std::uint8_t kServerKeepAlive = 0x13;
constexpr std::uint8_t kReasonString = 0x1F;
constexpr std::uint8_t kReceiveMaximum = 0x21;
constexpr std::uint8_t kMaximumQos = 0x24;
constexpr std::uint8_t kMaximumPacketSize = 0x27;
constexpr std::uint8_t kSubscriptionIdentifiersAvailable = 0x29;
}  // namespace property

struct Properties {
  std::optional<std::uint16_t> server_keepalive;
  std::optional<std::uint16_t> receive_maximum;
  std::optional<std::uint32_t> maximum_packet;
  std::optional<std::uint32_t> session_expiry;
  std::optional<std::uint8_t> maximum_qos;
  std::string_view reason_string;
  std::optional<std::uint8_t> subscription_identifiers_available;
  std::uint32_t subscription = 0;  // the first of them
  std::size_t subscriptions = 0;   // how many
};

/// MQTT 5, section 2.2.2.2: what a property of this identifier holds. One that does not exist is malformed.
bool read_property(Fields& fields, Properties& found) {
  const std::uint8_t id = fields.u8();
  switch (id) {
    case 0x01:
    case 0x17:
    case 0x19:
    case 0x25:
    case 0x28:
    case 0x2A:  // a byte
      fields.u8();
      return true;
    case property::kSubscriptionIdentifiersAvailable:
      found.subscription_identifiers_available = fields.u8();
      return true;
    case property::kMaximumQos:
      found.maximum_qos = fields.u8();
      return true;
    case 0x22:
    case 0x23:  // two bytes
      fields.u16();
      return true;
    case property::kServerKeepAlive:
      found.server_keepalive = fields.u16();
      return true;
    case property::kReceiveMaximum:
      found.receive_maximum = fields.u16();
      return true;
    case property::kSessionExpiry:
      found.session_expiry = fields.u32();
      return true;
    case property::kMaximumPacketSize:
      found.maximum_packet = fields.u32();
      return true;
    case 0x02:
    case 0x18:  // four bytes
      fields.u32();
      return true;
    case property::kSubscriptionIdentifier: {
      const std::uint32_t identifier = fields.length();
      if (found.subscriptions++ == 0) found.subscription = identifier;
      return identifier != 0 || !fields.ok();
    }
    case property::kReasonString:
      found.reason_string = fields.text();
      return true;
    case 0x03:
    case 0x08:
    case 0x09:
    case 0x12:
    case 0x15:
    case 0x16:
    case 0x1A:
    case 0x1C:  // text or binary
      fields.text();
      return true;
    case 0x26:  // a pair of texts
      fields.text();
      fields.text();
      return true;
    default:
      return false;
  }
}

bool read_properties(Fields& fields, Properties& found) {
  Fields inner(fields.bytes(fields.length()));
  while (fields.ok() && inner.ok() && !inner.at_end()) {
    if (!read_property(inner, found)) return false;
  }
  return fields.ok() && inner.ok();
}

/// The properties of a PUBLISH, as far as they are there. False: one that does not exist, or one that ends behind
/// the end of them all.
bool read_publish_properties(std::string_view bytes, bool complete, Properties& found) {
  Fields fields(bytes);
  while (!fields.at_end()) {
    Properties next = found;
    if (!read_property(fields, next)) return false;
    if (!fields.ok()) return !complete;
    found = next;
  }
  return true;
}

tl::unexpected<Failure<PacketError>> malformed(std::string what) {
  return fail(PacketError::malformed, std::move(what));
}

constexpr std::uint8_t kUsernameFlag = 0x80;
constexpr std::uint8_t kPasswordFlag = 0x40;
constexpr std::uint8_t kWillFlag = 0x04;
constexpr std::uint8_t kCleanStartFlag = 0x02;

void append_text(std::string& out, std::string_view text) {
  TIDEMARK_ASSERT(text.size() <= 0xffff);
  out.push_back(static_cast<char>(text.size() >> 8));
  out.push_back(static_cast<char>(text.size() & 0xff));
  out.append(text);
}

}  // namespace

Result<std::optional<PublishHead>, PacketError> parse_publish_head(std::uint8_t flags, std::string_view body,
                                                                   std::uint32_t body_size, std::uint8_t level) {
  const unsigned qos = (flags >> 1) & 3u;
  if (qos == 3) return malformed("a PUBLISH of QoS 3");
  if (qos == 2) return fail(PacketError::protocol_error, "a PUBLISH of QoS 2, though we subscribe at QoS 1");
  if (qos == 0 && (flags & 8u) != 0) return malformed("a PUBLISH of QoS 0 with DUP");

  Fields fields(body);
  PublishHead head;
  head.topic = fields.text();
  if (qos > 0) head.packet_id = fields.u16();
  std::uint32_t properties = 0;
  if (level == kLevel5) properties = fields.length();
  if (!fields.ok()) {
    // A cut-off body may yet be right, unless what is there already says more than the fixed header allows.
    if (body.size() < body_size) return std::optional<PublishHead>();
    return malformed("a PUBLISH that ends inside its header");
  }
  if (qos > 0 && head.packet_id == 0) return malformed("a PUBLISH of QoS 1 with packet id 0");
  if (head.topic.empty()) return fail(PacketError::protocol_error, "a PUBLISH without a topic, or with an alias");
  head.payload_at = fields.at() + properties;
  if (head.payload_at > body_size) return malformed("a PUBLISH whose properties are longer than itself");
  if (properties == 0) return std::optional<PublishHead>(head);

  // A publisher may send more user properties than we would hold: what a broker adds is then looked for at the front.
  const std::size_t wanted = std::min<std::size_t>(properties, kMostProperties);
  if (body.size() - fields.at() < wanted) return std::optional<PublishHead>();
  Properties found;
  if (!read_publish_properties(body.substr(fields.at(), wanted), wanted == properties, found)) {
    return malformed("a PUBLISH with a property that cannot be");
  }
  if (found.subscriptions == 1) head.subscription = found.subscription;
  return std::optional<PublishHead>(head);
}

Result<Connect, PacketError> parse_connect(const Packet& packet) {
  if (packet.type != PacketType::connect || packet.flags != 0) return malformed("not a CONNECT");
  Fields fields(packet.body);
  Connect connect;
  const std::string_view name = fields.text();
  connect.level = fields.u8();
  connect.flags_at = fields.at();
  const std::uint8_t flags = fields.u8();
  connect.keepalive = fields.u16();
  if (!fields.ok() || name != "MQTT" || (connect.level != kLevel3_1_1 && connect.level != kLevel5)) {
    return malformed("a CONNECT of another protocol");
  }
  connect.clean_start = (flags & kCleanStartFlag) != 0;
  Properties unused;
  if (connect.level == kLevel5 && !read_properties(fields, unused)) return malformed("a CONNECT with bad properties");
  connect.client_id = fields.text();
  if ((flags & kWillFlag) != 0) {
    if (connect.level == kLevel5 && !read_properties(fields, unused)) return malformed("a will with bad properties");
    fields.text();  // topic
    fields.text();  // payload
  }
  connect.credentials_at = fields.at();
  if ((flags & kUsernameFlag) != 0) connect.username = fields.text();
  if ((flags & kPasswordFlag) != 0) connect.password = fields.text();
  if (!fields.ok() || !fields.at_end()) return malformed("a CONNECT of the wrong length");
  return connect;
}

std::string with_credentials(const Packet& packet, const Connect& connect, std::optional<std::string_view> username,
                             std::optional<std::string_view> password) {
  if (connect.level == kLevel3_1_1 && !username) password.reset();
  std::string body(packet.body.substr(0, connect.credentials_at));
  auto flags = static_cast<std::uint8_t>(body[connect.flags_at]);
  flags = static_cast<std::uint8_t>(flags & ~(kUsernameFlag | kPasswordFlag));
  if (username) flags = static_cast<std::uint8_t>(flags | kUsernameFlag);
  if (password) flags = static_cast<std::uint8_t>(flags | kPasswordFlag);
  body[connect.flags_at] = static_cast<char>(flags);
  if (username) append_text(body, *username);
  if (password) append_text(body, *password);

  std::string out;
  out.reserve(body.size() + 5);
  out.push_back(packet.bytes.front());
  append_length(out, static_cast<std::uint32_t>(body.size()));
  out.append(body);
  return out;
}

Result<Connack, PacketError> parse_connack(const Packet& packet, std::uint8_t level) {
  if (packet.type != PacketType::connack || packet.flags != 0) return malformed("not a CONNACK");
  Fields fields(packet.body);
  Connack connack;
  const std::uint8_t flags = fields.u8();
  connack.reason = fields.u8();
  if (!fields.ok() || flags > 1) return malformed("a CONNACK that cannot be read");
  connack.session_present = flags == 1;
  if (connack.session_present && connack.reason != 0) return malformed("a refusing CONNACK with a session");

  if (level == kLevel5 && packet.body.size() > 2) {
    Properties properties;
    if (!read_properties(fields, properties)) return malformed("a CONNACK with bad properties");
    connack.server_keepalive = properties.server_keepalive;
    connack.receive_maximum = properties.receive_maximum;
    connack.maximum_packet = properties.maximum_packet;
    connack.session_expiry = properties.session_expiry;
    connack.maximum_qos = properties.maximum_qos;
    // Section 3.2.2.3.12: absent means that they are available.
    connack.subscription_identifiers = properties.subscription_identifiers_available.value_or(1) != 0;
    connack.text = properties.reason_string;
    connack.version_refused = connack.reason == 0x84;
  } else {
    // Code 1 of 3.1.1 (table 3.1) is how an older broker answers a CONNECT of level 5; in 5 no reason 1 exists.
    connack.version_refused = connack.reason == 1 || (level == kLevel5 && connack.reason == 0x84);
    if (level == kLevel5 && connack.reason == 0) return malformed("a CONNACK of MQTT 3.1.1 to a CONNECT of MQTT 5");
  }
  if (!fields.at_end()) return malformed("a CONNACK of the wrong length");
  return connack;
}

Result<Suback, PacketError> parse_suback(const Packet& packet, std::uint8_t level) {
  if (packet.type != PacketType::suback || packet.flags != 0) return malformed("not a SUBACK");
  Fields fields(packet.body);
  Suback suback;
  suback.packet_id = fields.u16();
  Properties unused;
  if (level == kLevel5 && !read_properties(fields, unused)) return malformed("a SUBACK with bad properties");
  if (!fields.ok()) return malformed("a SUBACK that cannot be read");
  suback.reasons = packet.body.substr(fields.at());
  return suback;
}

Result<Disconnect, PacketError> parse_disconnect(const Packet& packet, std::uint8_t level) {
  if (packet.type != PacketType::disconnect || packet.flags != 0) return malformed("not a DISCONNECT");
  Disconnect disconnect;
  if (level != kLevel5) {
    if (!packet.body.empty()) return malformed("a DISCONNECT of the wrong length");
    return disconnect;
  }
  Fields fields(packet.body);
  if (!packet.body.empty()) disconnect.reason = fields.u8();
  if (packet.body.size() > 1) {
    Properties properties;
    if (!read_properties(fields, properties)) return malformed("a DISCONNECT with bad properties");
    disconnect.text = properties.reason_string;
  }
  if (!fields.at_end()) return malformed("a DISCONNECT of the wrong length");
  return disconnect;
}

void append_puback(std::string& out, std::uint16_t packet_id) {
  // Success needs no reason code in either version (MQTT 5, section 3.4.2.1).
  const std::array<char, 4> bytes{0x40, 2, static_cast<char>(packet_id >> 8), static_cast<char>(packet_id & 0xff)};
  out.append(bytes.data(), bytes.size());
}

void append_pingreq(std::string& out) {
  out.append("\xC0\x00", 2);
}

void append_pingresp(std::string& out) {
  out.append("\xD0\x00", 2);
}

void append_disconnect(std::string& out, std::uint8_t reason, std::uint8_t level) {
  if (level == kLevel5 && reason != 0) {
    out.append("\xE0\x01", 2);
    out.push_back(static_cast<char>(reason));
  } else {
    out.append("\xE0\x00", 2);
  }
}

void append_length(std::string& out, std::uint32_t value) {
  TIDEMARK_ASSERT(value <= 268'435'455);
  while (value >= 0x80) {
    out.push_back(static_cast<char>((value & 0x7f) | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

std::string reason_text(std::uint8_t reason, std::uint8_t level) {
  if (level != kLevel5 || reason < 0x80) {
    switch (reason) {  // 3.1.1, table 3.1; MQTT 5 has no error below 0x80 but an old broker may answer so
      case 0:
        return "normal disconnection";
      case 1:
        return "unacceptable protocol version";
      case 2:
        return "client id rejected";
      case 3:
        return "server unavailable";
      case 4:
        return "bad user name or password";
      case 5:
        return "not authorized";
      default:
        return fmt::format("reason 0x{:02x}", reason);
    }
  }
  struct Name {
    std::uint8_t reason;
    std::string_view text;
  };
  // MQTT 5, sections 3.2.2.2 and 3.14.2.1.
  static constexpr std::array kNames = {
      Name{0x80, "unspecified error"},
      Name{0x81, "malformed packet"},
      Name{0x82, "protocol error"},
      Name{0x83, "implementation specific error"},
      Name{0x84, "unsupported protocol version"},
      Name{0x85, "client id not valid"},
      Name{0x86, "bad user name or password"},
      Name{0x87, "not authorized"},
      Name{0x88, "server unavailable"},
      Name{0x89, "server busy"},
      Name{0x8A, "banned"},
      Name{0x8B, "server shutting down"},
      Name{0x8C, "bad authentication method"},
      Name{0x8D, "keep alive timeout"},
      Name{0x8E, "session taken over"},
      Name{0x8F, "topic filter invalid"},
      Name{0x90, "topic name invalid"},
      Name{0x93, "receive maximum exceeded"},
      Name{0x94, "topic alias invalid"},
      Name{0x95, "packet too large"},
      Name{0x96, "message rate too high"},
      Name{0x97, "quota exceeded"},
      Name{0x98, "administrative action"},
      Name{0x99, "payload format invalid"},
      Name{0x9A, "retain not supported"},
      Name{0x9B, "QoS not supported"},
      Name{0x9C, "use another server"},
      Name{0x9D, "server moved"},
      Name{0x9E, "shared subscriptions not supported"},
      Name{0x9F, "connection rate exceeded"},
      Name{0xA0, "maximum connect time"},
      Name{0xA1, "subscription identifiers not supported"},
      Name{0xA2, "wildcard subscriptions not supported"},
  };
  for (const Name& name : kNames) {
    if (name.reason == reason) return std::string(name.text);
  }
  return fmt::format("reason 0x{:02x}", reason);
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 120)) out.push_back(c >= ' ' && c <= '~' ? c : '?');
  return out;
}

}  // namespace tidemark::mqtt
