#include "tests/unit/mqtt/gate_script.h"

#include <doctest/doctest.h>

namespace tidemark::test {

namespace {
MqttSettings at(MqttSettings settings, std::uint16_t port) {
  settings.host = "127.0.0.1";
  settings.port = port;
  return settings;
}
}  // namespace

GateScript::GateScript(MqttSettings wanted)
    : settings(at(std::move(wanted), listener.port())), queue(settings.queue_bytes), gate(settings, queue) {
  REQUIRE(gate.start());
}

Wire GateScript::knock(const std::string& password, std::uint8_t level, unsigned keepalive) const {
  Wire wire = Wire::connect_to(gate.port());
  wire.send(connect(level, "tidemark-7", "tidemark", password, keepalive));
  return wire;
}

void GateScript::open(std::uint8_t level, bool session_present, const std::string& properties, unsigned keepalive) {
  client.emplace(knock(*gate.admit(), level, keepalive));
  broker.emplace(listener.accept());
  broker->receive_packet();
  const std::string hello = connack(level, session_present, 0, properties);
  broker->send(hello);
  REQUIRE(client->receive_packet() == hello);
}

void GateScript::drain(std::vector<Seen>& seen, Duration wait) {
  std::vector<MessageChunk> chunks;
  queue.wait_pop(chunks, wait);
  for (const MessageChunk& chunk : chunks) {
    for (const GateEvent& event : chunk.events) {
      Seen one;
      one.kind = event.kind;
      one.connection = chunk.connection;
      one.ordinal = event.ordinal;
      one.session_present = event.session_present;
      if (event.kind == GateEvent::Kind::publish) {
        one.message = chunk.messages.at(event.message);
        one.topic = one.message.topic;
        one.payload = one.message.payload;
      }
      seen.push_back(std::move(one));
    }
  }
}

std::vector<Seen> GateScript::events(std::size_t count) {
  await(
      [&] {
        if (held_.size() < count) drain(held_, milliseconds(10));
        return held_.size() >= count;
      },
      "events");
  std::vector<Seen> out(std::make_move_iterator(held_.begin()),
                        std::make_move_iterator(held_.begin() + static_cast<std::ptrdiff_t>(count)));
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(count));
  return out;
}

LinkReport GateScript::await_end() {
  await([&] { return gate.report().end != LinkEnd::none; }, "the end of the connection");
  return gate.report();
}

}  // namespace tidemark::test
