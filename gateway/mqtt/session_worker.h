// The thread that drives Paho: attempt after attempt, each from CONNECT to the end of its connection. Internal to
// Session.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/mqtt/back_off.h"
#include "gateway/mqtt/paho_client.h"
#include "gateway/mqtt/session_state.h"

namespace tidemark {

class SessionWorker {
 public:
  explicit SessionWorker(std::shared_ptr<SessionState> state);

  /// Until the state says stop; ends with DISCONNECT if there is a connection.
  void run();

 private:
  using Clock = SessionState::Clock;

  /// How an attempt ended.
  struct Outcome {
    LinkEnd end = LinkEnd::none;
    std::string sentence;
    bool opened = false;  // CONNACK with success
    Duration lasted;      // since then
  };

  Outcome attempt();
  /// What there is to say of its end, should the gate not know better.
  std::string connect_and_stay();
  bool make_client();
  bool await_connect();
  bool await_subscriptions();
  bool subscribe_wanted();
  bool subscribe(const std::vector<Subscription>& filters, const std::vector<std::string>& retired);
  void stay();
  void count_open();
  void warn_of_copies();
  void note_subscriptions();

  /// Decides what the next attempt is and when: the wait before it.
  Duration learn(const Outcome& outcome);
  bool fall_back(const Outcome& outcome);
  bool is_take_over(const Outcome& outcome);
  void wait(Duration duration);
  void disconnect();

  void drop_link(const std::string& why);
  bool gate_paused();
  bool link_ended();
  template <typename Function>
  auto call(Function&& function);

  const std::shared_ptr<SessionState> state_;
  const MqttSettings& settings_;
  std::unique_ptr<PahoClient> client_;
  BackOff back_off_;
  BackOff take_over_back_off_;
  MqttVersion version_;  // of the present or next attempt
  int unanswered_ = 0;   // attempts with MQTT 5 in a row that the broker closed without a word
  int closed_soon_ = 0;  // connections in a row that the broker closed soon after they opened
  std::optional<Clock::time_point> opened_at_;
  SessionState::Wanted wanted_;        // the last that was asked for
  std::vector<Subscription> refused_;  // while a connection lasts
  bool identifiers_ = false;           // the broker of this connection takes subscription identifiers
  bool copies_warned_ = false;         // said once
};

}  // namespace tidemark
