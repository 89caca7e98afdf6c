// The loop that a run and a replay share: publishers, their mailbox, the wait for the right moment, and the way to the
// end.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "firmware-sim/error.h"
#include "firmware-sim/mailbox.h"
#include "firmware-sim/publisher.h"

namespace firmware_sim {

struct DispatchOptions {
  BrokerAddress broker;
  std::string client_id;
  std::uint32_t connections = 1;
  std::uint32_t window = 1'000;
  int qos = 1;
  std::chrono::seconds patience{60};  // without a connection at the start, or without an acknowledgement at the end
};

/// One owner, one thread.
class Dispatch {
 public:
  using Clock = Publisher::Clock;

  Dispatch(const DispatchOptions& options, const Publisher::Delivered& delivered);

  /// Waits until every connection stands. The error says which broker and why. Ends early when asked to stop.
  Result<void> connect();

  /// To the publisher of this device: a device's messages stay in order.
  void submit(Message message);

  /// Takes what has happened, publishes what can be published. Never blocks.
  void pump();

  /// Sleeps until `wake`, or until there is something to do before.
  void wait(Clock::time_point wake);

  /// Enough has been submitted for now: more would only wait here.
  [[nodiscard]] bool full() const;

  /// After the last submit: publishes and waits until all is acknowledged. False: given up, because nothing moved for
  /// the patience or stop was requested twice; what is left has been handed to `delivered`.
  bool drain();

  /// Gives up what has not been published yet: it is handed to `delivered` as withheld.
  void withhold_unpublished();

  /// Ends the connections.
  void finish();

  [[nodiscard]] PublisherCounts counts() const;
  [[nodiscard]] bool connected() const;
  [[nodiscard]] std::size_t waiting() const;
  [[nodiscard]] std::string trouble() const;

 private:
  const DispatchOptions options_;
  Mailbox mailbox_;
  std::vector<std::unique_ptr<Publisher>> publishers_;
  std::vector<Note> notes_;
};

}  // namespace firmware_sim
