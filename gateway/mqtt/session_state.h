// What the threads of a session share. Internal to Session.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gateway/mqtt/gate.h"
#include "gateway/mqtt/session.h"
#include "gateway/mqtt/settings.h"

namespace tidemark {

struct SessionState {
  using Clock = std::chrono::steady_clock;

  SessionState(const MqttSettings& mqtt, Gate& the_gate, std::function<void(const std::string&)> when_hung)
      : settings(mqtt),
        hung(std::move(when_hung)),
        gate(&the_gate),
        wanted{mqtt.subscriptions, mqtt.retired_filters, 1} {}

  struct Wanted {
    std::vector<Subscription> subscriptions;
    std::vector<std::string> retired_filters;
    std::uint64_t number;  // of the request
  };

  const MqttSettings settings;
  const std::function<void(const std::string&)> hung;

  /// Held for the worker's calls into the gate: when Paho hangs, the worker is left behind and may outlive it.
  std::mutex gate_mutex;
  Gate* gate;  // null: left behind

  mutable std::mutex mutex;  // protects what follows
  std::condition_variable changed;
  bool stopping = false;
  bool worker_done = false;
  LinkReport link;                              // of the present attempt
  std::optional<Clock::time_point> call_began;  // a call into Paho is under way
  SessionStatus status;
  Wanted wanted;
  /// The client that was there at the end. Not destroyed with the worker: Paho's receiving thread can still be at it
  /// (paho.mqtt.c issue 1669), and a process that ends does not need to.
  std::shared_ptr<void> last_client;

  [[nodiscard]] bool is_stopping() const {
    const std::lock_guard lock(mutex);
    return stopping;
  }
};

}  // namespace tidemark
