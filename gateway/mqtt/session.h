// The MQTT session: drives Paho through the gate. Connects, subscribes on every connect, comes back after every loss
// with a growing pause, asks for MQTT 5 and then for 3.1.1, recognises a lost session and a take-over of its client id.
//
// Operation: `start` returns at once and never fails for want of a broker: it tries until `stop`. Messages come out of
// the queue given to the gate; acknowledgements go back through Gate::release. Concurrency: two threads of its own (one
// drives Paho, one sees that no call hangs for ever). All public functions may be called from any thread. No Paho call
// is made inside a Paho callback.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "edge/bytes/result.h"
#include "edge/time/instant.h"
#include "gateway/mqtt/gate.h"
#include "gateway/mqtt/settings.h"

namespace tidemark {

/// For health and metrics. Counters since the start.
struct SessionStatus {
  bool connected = false;                        // CONNACK and every SUBACK there
  bool taken_over = false;                       // another client uses our client id: alarm
  MqttVersion version = MqttVersion::automatic;  // of the present or last connection; automatic: none yet
  std::uint64_t connects = 0;                    // successful ones
  std::uint64_t reconnects = 0;                  // all but the first
  std::uint64_t failures = 0;                    // attempts that failed
  std::uint64_t sessions_lost = 0;               // session-present 0 although we had one: messages may be missing
  std::uint64_t take_overs = 0;
  std::uint64_t hung_calls = 0;
  std::vector<std::string> refused_filters;  // the broker's SUBACK refused these
  std::string last_error;                    // a sentence; empty: none since the start
  Duration since_progress;                   // since the broker was last heard; 0: never yet
  GateFigures gate;
};

struct SessionState;

class Session {
 public:
  /// `gate` is not yet started and outlives the session, which starts and stops it. `hung` is called, once, on the
  /// supervisor's thread, when Paho has not come back for twice the limit although its connection was closed: the
  /// process should end and start again from what is durable.
  Session(const MqttSettings& settings, Gate& gate, std::function<void(const std::string&)> hung);
  ~Session();  // as `stop`
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Result<void, GateError> start();

  /// From now on these are subscribed, and those that are retired are not: at once where there is a connection, and
  /// with every later one.
  void subscribe(std::vector<Subscription> subscriptions, std::vector<std::string> retired_filters);

  /// DISCONNECT, then the end of the threads and of the gate. Returns within about `limit`, even if Paho hangs; its
  /// thread is then left behind.
  void stop(Duration limit = seconds(5));

  [[nodiscard]] SessionStatus status() const;

 private:
  const std::shared_ptr<SessionState> state_;  // shared with its threads, one of which may be left behind
  std::thread worker_;
  std::thread supervisor_;
};

}  // namespace tidemark
