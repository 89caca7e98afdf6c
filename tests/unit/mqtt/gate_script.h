// A gate with both its ends in the hands of a test: the client at its loopback port, the broker it connects to, and the
// pipeline at its queue.
#pragma once

#include <string>
#include <vector>

#include "gateway/mqtt/gate.h"
#include "tests/unit/mqtt/packet_builders.h"
#include "tests/unit/mqtt/wire.h"

namespace tidemark::test {

/// One event of the queue, its message copied.
struct Seen {
  GateEvent::Kind kind{};
  std::uint64_t connection = 0;
  std::uint64_t ordinal = 0;
  bool session_present = false;
  std::string topic;
  std::string payload;
  Message message;  // its views are dead
};

class GateScript {
 public:
  explicit GateScript(MqttSettings wanted = {});

  /// Client and broker have said hello: CONNECT passed, CONNACK passed.
  void open(std::uint8_t level = mqtt::kLevel5, bool session_present = false, const std::string& properties = {},
            unsigned keepalive = 30);
  /// The client has sent its CONNECT with this password.
  Wire knock(const std::string& password, std::uint8_t level = mqtt::kLevel5, unsigned keepalive = 30) const;

  /// The next events, exactly so many.
  std::vector<Seen> events(std::size_t count);
  /// Takes what is there now.
  void drain(std::vector<Seen>& seen, Duration wait = {});

  LinkReport await_end();

  Listener listener;
  MqttSettings settings;
  MessageQueue queue;
  Gate gate;
  std::optional<Wire> client;
  std::optional<Wire> broker;

 private:
  std::vector<Seen> held_;
};

}  // namespace tidemark::test
