// Publishes messages in order over one connection until the broker has acknowledged each, through as many reconnects as
// it takes.
//
// Operation: submitted messages wait in one queue. Up to a window of them are in flight. When the connection ends,
// everything unacknowledged is published again, in order, on the next one, before anything newer: the broker may then
// have some of them twice (at-least-once), and never out of order for a device. Concurrency: one thread; the
// connection's own threads speak to it through the mailbox.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "firmware-sim/broker_address.h"
#include "firmware-sim/mailbox.h"
#include "firmware-sim/message.h"
#include "firmware-sim/mqtt_session.h"
#include "firmware-sim/truth.h"

namespace firmware_sim {

struct PublisherOptions {
  BrokerAddress broker;
  std::string client_id;
  std::uint32_t number = 0;  // of this publisher: notes of the mailbox carry it
  std::uint32_t window = 1'000;
  int qos = 1;
};

struct PublisherCounts {
  std::uint64_t published = 0;     // messages, each once
  std::uint64_t acknowledged = 0;  // messages
  std::uint64_t resent = 0;        // publishes after the first of a message
  std::uint64_t reconnects = 0;
};

class Publisher {
 public:
  using Clock = std::chrono::steady_clock;
  /// Called once for each message that leaves the queue, in order.
  using Delivered = std::function<void(const Message&, const Delivery&)>;

  Publisher(PublisherOptions options, Mailbox& mailbox, Delivered delivered);

  void submit(Message message);

  /// A note of the mailbox that carries this publisher's number.
  void take(const Note& note, Clock::time_point now);

  /// Connects when it is time to, and publishes what the window admits. Never blocks.
  void pump(Clock::time_point now, std::int64_t wall_ns);

  /// Hands out, as withheld, what was never published.
  void withhold_unpublished();

  /// Gives up: hands out what is left, the published as not acknowledged, the rest as withheld.
  void abandon();

  /// Ends the connection.
  void finish();

  [[nodiscard]] bool connected() const { return state_ == State::connected; }
  [[nodiscard]] std::size_t waiting() const { return queue_.size(); }
  [[nodiscard]] std::size_t unpublished() const { return queue_.size() - next_; }
  [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
  [[nodiscard]] const PublisherCounts& counts() const { return counts_; }
  /// When pump() has to be called again although no note has come; none: no need.
  [[nodiscard]] std::optional<Clock::time_point> next_attempt() const;
  /// Why the last attempt or connection ended; empty while all is well.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  enum class State : std::uint8_t { apart, connecting, connected };
  struct Outgoing {
    Message message;
    Delivery delivery;
    bool acknowledged = false;
  };

  void connect();
  void part(Clock::time_point now, std::string reason);
  void acknowledge(std::uint32_t position);

  const PublisherOptions options_;
  Mailbox& mailbox_;
  const Delivered delivered_;

  State state_ = State::apart;
  bool was_connected_ = false;
  std::unique_ptr<MqttSession> session_;
  std::uint32_t session_number_ = 0;
  Clock::time_point attempt_at_{};
  std::chrono::milliseconds pause_{0};  // before the next attempt
  std::string trouble_;

  std::deque<Outgoing> queue_;
  std::uint32_t base_ = 0;     // position of the queue's front; positions wrap
  std::size_t next_ = 0;       // index of the first message to publish on this connection
  std::size_t in_flight_ = 0;  // published on this connection, not acknowledged
  PublisherCounts counts_;
};

}  // namespace firmware_sim
