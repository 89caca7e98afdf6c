// Paho's asynchronous client behind values: its exceptions end here. It connects to the gate, never to a broker, so
// TLS, real credentials, reconnecting and the choice of the version are not its affair.
//
// Concurrency: one thread. Any call may take long if Paho hangs; the session's supervisor watches that.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "edge/time/instant.h"
#include "gateway/mqtt/settings.h"

namespace tidemark {

class PahoClient {
 public:
  /// `port` is the gate's. `version` is v5 or v3_1_1; Paho cannot change it later.
  PahoClient(const MqttSettings& settings, std::uint16_t port, MqttVersion version);
  ~PahoClient();
  PahoClient(const PahoClient&) = delete;
  PahoClient& operator=(const PahoClient&) = delete;

  [[nodiscard]] MqttVersion version() const { return version_; }
  [[nodiscard]] bool connected() const;

  /// What became of a request. `pending`: no answer yet, ask again.
  enum class Answer : std::uint8_t { pending, yes, no };

  /// Starts a CONNECT with this secret as its password. Then `connect_answer` until it is not `pending`.
  Answer connect(const std::string& secret);
  Answer connect_answer(Duration limit);

  /// Starts a SUBSCRIBE at QoS 1 for each subscription and an UNSUBSCRIBE for each retired filter. Then
  /// `subscribe_answer`. `identifiers`: whether the broker takes those of the subscriptions.
  Answer subscribe(const std::vector<Subscription>& subscriptions, const std::vector<std::string>& retired,
                   bool identifiers);
  /// `yes`: each has its answer, see `refused`. `no`: the connection broke.
  Answer subscribe_answer(Duration limit);
  [[nodiscard]] const std::vector<Subscription>& refused() const { return refused_; }

  /// DISCONNECT with success; waits for Paho to have sent it, `limit` at most.
  void disconnect(Duration limit);

  /// Of the last failure, in Paho's words.
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  struct Requests;
  const MqttSettings& settings_;
  const MqttVersion version_;
  std::unique_ptr<Requests> requests_;
  std::vector<Subscription> refused_;
  std::string error_;
};

}  // namespace tidemark
