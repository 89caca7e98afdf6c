// One connection to the broker, from the attempt to its end; a new attempt is a new session. The only place that knows
// the MQTT library (Paho C++). MQTT 3.1.1 with a clean session: what is unacknowledged when a connection ends is
// published again by its owner, in order, so the library keeps nothing over a reconnect. (3.1.1, because a default
// mosquitto lets an MQTT 5 publisher have no more than 20 messages in flight.)
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "firmware-sim/broker_address.h"
#include "firmware-sim/mailbox.h"
#include "firmware-sim/message.h"

namespace firmware_sim {

struct SessionName {
  std::uint32_t publisher = 0;
  std::uint32_t session = 0;
};

class MqttSession {
 public:
  /// Begins to connect; a note `connected` or `failed` follows. `window`: the most messages in flight. The mailbox must
  /// outlive the session.
  MqttSession(const BrokerAddress& broker, const std::string& client_id, std::uint32_t window, SessionName name,
              Mailbox& mailbox);
  MqttSession(const MqttSession&) = delete;
  MqttSession& operator=(const MqttSession&) = delete;
  /// Cuts the connection unless finish() ended it. No note is posted afterwards.
  ~MqttSession();

  /// Hands one message to the library; a note `acknowledged` with this position follows once the broker has it (QoS 1),
  /// or once it is written (QoS 0). False: the connection is gone, and a note `lost` says why.
  bool publish(std::uint32_t position, const std::string& topic, const std::string& payload, int qos, bool retained);

  /// Says goodbye to the broker; waits at most two seconds.
  void finish();

 private:
  class Client;
  std::unique_ptr<Client> client_;
};

}  // namespace firmware_sim
