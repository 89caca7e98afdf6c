// One connection through the gate: our client's leg and the broker's, from the admitted CONNECT to the end of both.
// Everything here runs on the gate's thread.
//
// PUBLISHes of the broker go to the queue, PINGRESP retires, the rest of its packets goes to the client. Of the client
// CONNECT gets the real credentials, PINGREQ is answered here, the rest goes to the broker.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/mqtt/acknowledgements.h"
#include "gateway/mqtt/broker_stream.h"
#include "gateway/mqtt/chunk_builder.h"
#include "gateway/mqtt/gate.h"
#include "gateway/mqtt/packet_splitter.h"

namespace tidemark {

/// What GateFigures is read from. Written by the gate's thread, read by any.
struct GateCounters {
  std::atomic<std::uint64_t> bytes_received{0};
  std::atomic<std::uint64_t> publishes_received{0};
  std::atomic<std::uint64_t> oversized{0};
  std::atomic<std::uint64_t> reads{0};
  std::atomic<std::uint64_t> acknowledgements{0};
  std::atomic<std::uint64_t> pauses{0};
  std::atomic<std::uint64_t> refused_clients{0};
  std::atomic<std::uint64_t> held_acknowledgements{0};
  std::atomic<bool> paused{false};
  std::atomic<std::int64_t> last_heard_ns{0};
};

/// What outlives a link.
struct LinkContext {
  boost::asio::io_context& io;
  const MqttSettings& settings;
  MessageQueue& queue;
  GateCounters& counters;
  bool intake_stopped = false;
  std::function<void(const LinkReport&)> report;  // on every change; the last one says `end`
};

class Link : public std::enable_shared_from_this<Link> {
 public:
  /// `client` has sent the CONNECT that `packets` has just given out.
  Link(LinkContext& context, std::uint64_t number, boost::asio::ip::tcp::socket client,
       std::unique_ptr<mqtt::PacketSplitter> packets, const mqtt::Connect& connect);

  void start();
  void release(std::uint64_t ordinal);
  void resume();  // the queue is drained
  void end(LinkEnd end, std::string sentence, std::uint8_t reason_code = 0);

  [[nodiscard]] std::uint64_t number() const { return number_; }
  /// DISCONNECT is on its way: the link ends by itself.
  [[nodiscard]] bool closing() const { return closing_; }

 private:
  using Clock = std::chrono::steady_clock;
  using Self = std::shared_ptr<Link>;

  static boost::asio::awaitable<void> run(Self self);
  static boost::asio::awaitable<void> read_broker(Self self);
  static boost::asio::awaitable<void> read_client(Self self);
  static boost::asio::awaitable<void> keep_alive(Self self);

  /// Why the link is to end, once everything before it has been handed over.
  struct Ending {
    LinkEnd end = LinkEnd::none;
    std::string sentence;
    std::uint8_t reason_code = 0;
  };
  bool add_credentials();
  void lost(const std::string& why);
  void take_from_broker(std::size_t bytes);
  std::optional<Ending> take_publish(ChunkBuilder& builder);
  std::optional<Ending> take_packet(ChunkBuilder& builder);
  std::optional<Ending> take_connack(ChunkBuilder& builder);
  Ending take_disconnect() const;
  void push(ChunkBuilder& builder);
  std::optional<Ending> take_from_client();
  void begin_closing();
  void ping();
  [[nodiscard]] bool holding_off() const { return paused_ || context_.intake_stopped; }
  [[nodiscard]] Clock::time_point ping_due() const;
  [[nodiscard]] Clock::time_point silence_due() const;
  void flush_broker();
  void flush_client();
  void close_client();

  // Constant after construction.
  LinkContext& context_;
  const MqttSettings& settings_;
  const std::uint64_t number_;
  const std::uint8_t level_;

  // The client's leg.
  boost::asio::ip::tcp::socket client_;
  std::unique_ptr<mqtt::PacketSplitter> client_packets_;
  std::string to_client_;
  std::string to_client_flying_;
  bool client_writing_ = false;

  // The broker's leg.
  BrokerStream broker_;
  mqtt::PacketSplitter broker_packets_;
  std::string to_broker_;  // CONNECT first, with its real credentials
  std::string to_broker_flying_;
  bool broker_ready_ = false;
  bool broker_writing_ = false;
  boost::asio::steady_timer broker_written_;  // never expires; cancelled when there is room again in `to_broker_`

  // State of the connection.
  boost::asio::steady_timer deadline_;   // for CONNACK; later for the end after DISCONNECT
  boost::asio::steady_timer read_pace_;  // between reads, and while reading is paused
  boost::asio::steady_timer keepalive_timer_;
  std::chrono::milliseconds keepalive_;  // 0: none
  Clock::time_point last_heard_;
  Clock::time_point last_ping_;
  LinkReport report_;
  Acknowledgements acknowledgements_;
  bool closing_ = false;
  bool ended_ = false;
  bool paused_ = false;
};

}  // namespace tidemark
