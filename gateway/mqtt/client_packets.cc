#include "gateway/mqtt/client_packets.h"

#include "edge/bytes/assert.h"
#include "gateway/mqtt/packets.h"

namespace tidemark::mqtt {
namespace {

void append_u16(std::string& out, std::uint16_t value) {
  out.push_back(static_cast<char>(value >> 8));
  out.push_back(static_cast<char>(value & 0xff));
}

void append_u32(std::string& out, std::uint32_t value) {
  append_u16(out, static_cast<std::uint16_t>(value >> 16));
  append_u16(out, static_cast<std::uint16_t>(value & 0xffff));
}

void append_text(std::string& out, std::string_view text) {
  TIDEMARK_ASSERT(text.size() <= 0xffff);
  append_u16(out, static_cast<std::uint16_t>(text.size()));
  out.append(text);
}

void append_packet(std::string& out, std::uint8_t first, std::string_view body) {
  out.push_back(static_cast<char>(first));
  append_length(out, static_cast<std::uint32_t>(body.size()));
  out.append(body);
}

}  // namespace

void append_connect(std::string& out, const ConnectRequest& request) {
  const bool five = request.level == kLevel5;
  const bool password = request.password && (five || request.username);
  std::string body;
  append_text(body, "MQTT");
  body.push_back(static_cast<char>(request.level));
  constexpr unsigned kCleanStart = 0x02;
  body.push_back(static_cast<char>(kCleanStart | (request.username ? 0x80u : 0u) | (password ? 0x40u : 0u)));
  append_u16(body, request.keepalive);
  if (five) {
    std::string properties(1, '\x11');
    append_u32(properties, request.session_expiry);
    properties.push_back('\x21');
    append_u16(properties, request.receive_maximum);
    append_length(body, static_cast<std::uint32_t>(properties.size()));
    body += properties;
  }
  append_text(body, request.client_id);
  if (request.username) append_text(body, *request.username);
  if (password) append_text(body, *request.password);
  append_packet(out, 0x10, body);
}

void append_subscribe(std::string& out, std::uint16_t packet_id, std::span<const std::string> filters,
                      std::uint8_t level) {
  constexpr char kAtLeastOnce = 0x01;
  constexpr char kNothingRetained = 0x20;
  std::string body;
  append_u16(body, packet_id);
  if (level == kLevel5) append_length(body, 0);
  for (const std::string& filter : filters) {
    append_text(body, filter);
    body.push_back(level == kLevel5 ? static_cast<char>(kAtLeastOnce | kNothingRetained) : kAtLeastOnce);
  }
  append_packet(out, 0x82, body);
}

void append_forgetting_disconnect(std::string& out) {
  std::string body("\x00\x05\x11", 3);  // reason 0, five bytes of properties, session expiry
  append_u32(body, 0);
  append_packet(out, 0xE0, body);
}

}  // namespace tidemark::mqtt
