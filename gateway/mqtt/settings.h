// Everything the MQTT side can be told, with the defaults of docs. A plain struct: the configuration fills and
// validates it, nothing here reads a file. Secrets are paths; their content is read at each connect and never logged.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "edge/time/instant.h"

namespace tidemark {

enum class MqttVersion : std::uint8_t {
  automatic = 0,  // 5 first; 3.1.1 if the broker refuses 5
  v3_1_1 = 4,     // the numbers are the protocol level of CONNECT
  v5 = 5,
};

/// What is subscribed, at QoS 1, on every connect.
struct Subscription {
  std::string filter;
  /// MQTT 5: the broker writes it into every copy of a message that this subscription brings (Subscription Identifier,
  /// section 3.8.2.1.2). 1 to 268,435,455; 0: none. Ours only where filters overlap (gateway/pipeline/subscriptions.h).
  std::uint32_t identifier = 0;
  friend bool operator==(const Subscription&, const Subscription&) = default;
};

struct MqttSettings {
  std::string host = "127.0.0.1";
  std::uint16_t port = 1883;  // 8883 is usual with TLS; whoever reads the URL decides
  bool tls = false;

  std::string client_id;                     // fixed: the broker keeps our session under it. Required
  std::vector<Subscription> subscriptions;   // at least one
  std::vector<std::string> retired_filters;  // of an earlier configuration: the session still holds them; unsubscribed

  bool session_expected = false;  // an earlier run had a session: if the broker has none, it counts as lost

  MqttVersion version = MqttVersion::automatic;
  Duration keepalive = seconds(30);      // whole seconds, 2 to 65,535
  std::uint16_t receive_maximum = 4096;  // MQTT 5 only. mosquitto sends 20 and waits if we do not say
  Duration session_expiry = days(7);     // MQTT 5 only; whole seconds. 3.1.1 leaves it to the broker

  std::string username;
  std::string password_file;  // one trailing line end is removed
  std::string ca_file;        // empty: the system's store
  std::string cert_file;      // client certificate chain, PEM
  std::string key_file;       // its key; empty: in cert_file
  bool verify_peer = true;    // server certificate and host name

  std::uint64_t max_payload = 256 * 1024;       // bytes; larger ones are reported as oversized
  std::uint64_t queue_bytes = 8 * 1024 * 1024;  // between gate and pipeline; full: reading stops
  Duration read_interval = milliseconds(5);     // at most one read per interval while data keeps coming; 0: none
  Duration retire_interval = seconds(1);        // after acknowledgements, a ping no sooner than this (rule 29)

  Duration connect_timeout = seconds(10);  // name, TCP, TLS and CONNACK together; also for a SUBACK
  Duration back_off_minimum = seconds(1);  // doubles up to the maximum, with jitter
  Duration back_off_maximum = seconds(30);
  Duration take_over_back_off = seconds(60);  // least wait after another client took our id
  Duration stable_after = seconds(30);        // connected this long: the back-off starts afresh
  Duration call_limit = seconds(60);          // a call into Paho that takes longer is taken for hung
  std::uint64_t jitter_seed = 0;              // random in the appliance, fixed in tests
};

}  // namespace tidemark
