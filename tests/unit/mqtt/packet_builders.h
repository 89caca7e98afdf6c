// MQTT packets written by hand, for brokers and clients that follow a script.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/mqtt/packets.h"

namespace tidemark::test {

inline std::string u16(unsigned value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
}

inline std::string text(std::string_view value) {
  return u16(static_cast<unsigned>(value.size())) + std::string(value);
}

inline std::string packet(unsigned first, const std::string& body) {
  std::string out(1, static_cast<char>(first));
  mqtt::append_length(out, static_cast<std::uint32_t>(body.size()));
  return out + body;
}

struct PublishWords {
  std::string_view topic = "plant/1";
  std::string_view payload = "21.5";
  unsigned qos = 1;
  unsigned id = 1;
  bool duplicate = false;
  bool retained = false;
};

/// The head of a PUBLISH whose payload of `payload_size` bytes is sent apart.
inline std::string publish_head(const PublishWords& words, std::uint8_t level, std::size_t payload_size,
                                const std::string& properties = {}) {
  std::string head = text(words.topic);
  if (words.qos > 0) head += u16(words.id);
  if (level == mqtt::kLevel5) {
    mqtt::append_length(head, static_cast<std::uint32_t>(properties.size()));
    head += properties;
  }
  std::string out(1, static_cast<char>(0x30 | (words.duplicate ? 8 : 0) | (words.qos << 1) | (words.retained ? 1 : 0)));
  mqtt::append_length(out, static_cast<std::uint32_t>(head.size() + payload_size));
  return out + head;
}

inline std::string publish(const PublishWords& words, std::uint8_t level, const std::string& properties = {}) {
  return publish_head(words, level, words.payload.size(), properties) + std::string(words.payload);
}

/// The property that says which subscription brought a PUBLISH.
inline std::string subscription_identifier(std::uint32_t identifier) {
  std::string property(1, '\x0B');
  mqtt::append_length(property, identifier);
  return property;
}

inline std::string connect(std::uint8_t level, std::string_view client_id, std::string_view username,
                           std::string_view password, unsigned keepalive = 30) {
  std::string body = text("MQTT");
  body += static_cast<char>(level);
  body += static_cast<char>(0xC0);
  body += u16(keepalive);
  if (level == mqtt::kLevel5) body += std::string("\x05\x11\x00\x00\x0e\x10", 6);  // session expiry: an hour
  return packet(0x10, body + text(client_id) + text(username) + text(password));
}

inline std::string connack(std::uint8_t level, bool session_present, unsigned reason,
                           const std::string& properties = {}) {
  std::string body{static_cast<char>(session_present ? 1 : 0), static_cast<char>(reason)};
  if (level == mqtt::kLevel5) {
    mqtt::append_length(body, static_cast<std::uint32_t>(properties.size()));
    body += properties;
  }
  return packet(0x20, body);
}

inline std::string puback(unsigned id) {
  return packet(0x40, u16(id));
}

}  // namespace tidemark::test
