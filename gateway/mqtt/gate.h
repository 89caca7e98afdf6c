// The gate between Paho and the broker. Paho keeps the session, the gate keeps the acknowledgements: Paho connects to
// it on loopback, it connects to the broker (and owns TLS). PUBLISHes of the broker go to the pipeline's queue and Paho
// never sees them; their PUBACKs are written when the pipeline says that they are durable. All else passes both ways,
// but for keepalive, which ends in the gate on both legs.
//
// Operation: `start`, then for each connection `admit` gives a one-time secret with which our client may connect to
// `port()`. One connection at a time; whoever else connects is closed.
// Concurrency: one thread of its own. All public functions may be called from any thread.
// Limitations: QoS 2 from the broker and topic aliases are protocol errors here; subscriptions are made at QoS 1.
// `stop` waits for the look-up of a name that is under way, which the system ends after some seconds.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "edge/bytes/result.h"
#include "edge/time/instant.h"
#include "gateway/mqtt/message_queue.h"
#include "gateway/mqtt/settings.h"

namespace tidemark {

enum class GateError : std::uint8_t {
  listen,   // no loopback socket
  secrets,  // no random numbers for the one-time secret
};

/// Why a connection ended, or an attempt failed.
enum class LinkEnd : std::uint8_t {
  none,               // no attempt has ended yet
  stopped,            // we said DISCONNECT, or the gate is stopping
  unreachable,        // name, TCP or TLS
  credentials,        // a password, certificate or key file could not be read
  no_answer,          // no CONNACK in time
  version_refused,    // the broker does not speak this version of MQTT
  refused,            // CONNACK with another reason
  closed_unanswered,  // closed by the broker before CONNACK
  closed,             // closed by the broker, with or without DISCONNECT
  taken_over,         // DISCONNECT 0x8E: another client uses our client id
  silent,             // nothing heard for 1.5 keepalives
  protocol_error,     // the broker sent what it may not
  client_gone,        // our own MQTT client closed its leg without DISCONNECT
};

struct LinkReport {
  std::uint64_t connection = 0;  // 0: none yet
  LinkEnd end = LinkEnd::none;
  bool open = false;  // CONNACK with success, not ended
  bool session_present = false;
  bool subscription_identifiers = false;  // open: the broker takes them (MQTT 5 only)
  std::uint8_t reason_code = 0;           // of CONNACK or DISCONNECT
  std::string sentence;                   // for people: what happened. Empty while open
};

/// Counters since the start, and what is the case now.
struct GateFigures {
  std::uint64_t bytes_received = 0;
  std::uint64_t publishes_received = 0;
  std::uint64_t oversized = 0;
  std::uint64_t reads = 0;
  std::uint64_t acknowledgements = 0;  // PUBACKs written
  std::uint64_t pauses = 0;
  std::uint64_t refused_clients = 0;  // strangers at the loopback port
  std::uint64_t queue_bytes = 0;
  std::uint64_t held_acknowledgements = 0;
  bool paused = false;
  MonotonicTime last_heard;  // last byte from the broker, on the steady clock
};

class Gate {
 public:
  /// `queue` outlives the gate.
  Gate(const MqttSettings& settings, MessageQueue& queue);
  ~Gate();  // as `stop`
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  /// Listens on loopback and starts the thread. Call once.
  Result<void, GateError> start();

  /// Ends the connection without a DISCONNECT and the thread. No event is pushed afterwards.
  void stop();

  /// The port on 127.0.0.1; valid after `start`.
  [[nodiscard]] std::uint16_t port() const;

  /// A secret that the next CONNECT must carry as its password, once. An earlier unused one is void.
  Result<std::string, GateError> admit();

  /// After a commit: writes the PUBACKs of `connection` for ordinals up to and with `ordinal`, oldest first. Those of
  /// an older connection are dropped: its broker delivers again, and rule 29 skips.
  void release(std::uint64_t connection, std::uint64_t ordinal);

  /// For a drain: reads nothing more from the broker. Acknowledgements, keepalive and DISCONNECT still go out.
  void stop_intake();

  /// Closes the present connection, if any, with this sentence.
  void drop(std::string sentence);

  /// Called on the gate's thread whenever the report changes. Set it before `start`; it must not block.
  void on_report(std::function<void(const LinkReport&)> report);

  [[nodiscard]] LinkReport report() const;
  [[nodiscard]] GateFigures figures() const;

 private:
  class Relay;
  std::unique_ptr<Relay> relay_;
};

}  // namespace tidemark
