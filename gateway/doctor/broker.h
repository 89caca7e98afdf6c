// The MQTT broker, asked as the appliance would ask it, under a client id of the doctor's own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/doctor/finding.h"
#include "gateway/mqtt/packets.h"
#include "gateway/mqtt/settings.h"

namespace tidemark::doctor {

struct BrokerFacts {
  /// What the questions came to: the first step that failed, or `answered`.
  enum class Step : std::uint8_t {
    secret,   // the password's file cannot be read; nothing was asked
    name,     // to an address
    tcp,      // a connection
    tls,      // the server's certificate and ours
    connack,  // an answer to CONNECT
    suback,   // an answer to SUBSCRIBE
    answered,
  };
  Step step = Step::name;
  std::string failure;  // of that step, a sentence
  std::string client_id;
  std::uint8_t level = mqtt::kLevel5;    // the protocol that was spoken last
  bool newer_refused = false;            // MQTT 5 was refused, and 3.1.1 asked
  std::optional<std::uint8_t> refusal;   // reason of a CONNACK that refuses
  std::optional<Duration> connecting;    // name, TCP and TLS
  std::optional<Duration> answering;     // CONNECT to CONNACK
  std::optional<mqtt::Connack> granted;  // without its text
  struct Refused {
    std::string filter;
    std::uint8_t reason = 0;
  };
  std::vector<Refused> refused;  // subscriptions
  std::uint64_t subscribed = 0;  // granted
};

/// Connects twice: once as the appliance does, for what the broker grants, without any subscription; once for the
/// subscriptions, with a session that ends with the connection. So neither can leave a queue behind at the broker, and
/// no message of the appliance's session is touched. Messages that the subscriptions bring meanwhile are passed over.
/// Blocks; the whole takes about `limit` at most, unless the system's resolver hangs.
BrokerFacts ask_broker(const MqttSettings& settings, const std::string& client_id, Duration limit);

/// `connected`: whether a running appliance is; nullopt: none answered.
Findings judge_broker(const BrokerFacts& facts, const MqttSettings& settings, std::optional<bool> connected);

}  // namespace tidemark::doctor
