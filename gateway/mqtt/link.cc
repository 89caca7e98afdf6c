#include "gateway/mqtt/link.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "edge/bytes/assert.h"
#include "gateway/mqtt/chrono.h"
#include "gateway/mqtt/secrets.h"
#include "gateway/secret/secret_file.h"

namespace tidemark {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Step = mqtt::PacketSplitter::Step;

namespace {

constexpr std::size_t kRead = 64 * 1024;
constexpr std::size_t kWriteBacklog = 1024 * 1024;

/// Ids may come round after 65,535 messages. A ping every so many acknowledgements retires them long before.
constexpr std::uint64_t kPingAfterAcknowledgements = 8192;

/// How long the broker may take to close after our DISCONNECT.
constexpr std::chrono::seconds kClosing{2};

std::string place(const MqttSettings& settings) {
  return fmt::format("{}:{}", settings.host, settings.port);
}

/// One writer only: a plain load and store is enough and cheaper than a locked add.
void add(std::atomic<std::uint64_t>& counter, std::uint64_t n) {
  counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

}  // namespace

Link::Link(LinkContext& context, std::uint64_t number, tcp::socket client,
           std::unique_ptr<mqtt::PacketSplitter> packets, const mqtt::Connect& connect)
    : context_(context),
      settings_(context.settings),
      number_(number),
      level_(connect.level),
      client_(std::move(client)),
      client_packets_(std::move(packets)),
      broker_(context.io),
      broker_packets_(mqtt::PacketSplitter::From::broker, settings_.max_payload),
      broker_written_(context.io),
      deadline_(context.io),
      read_pace_(context.io),
      keepalive_timer_(context.io),
      keepalive_(std::chrono::seconds(connect.keepalive)) {
  report_.connection = number;
}

void Link::start() {
  error_code ignored;
  client_.set_option(tcp::no_delay(true), ignored);
  context_.report(report_);
  if (!add_credentials()) return;
  deadline_.expires_after(to_chrono(settings_.connect_timeout));
  deadline_.async_wait([self = shared_from_this()](error_code ec) {
    if (ec || self->ended_ || self->report_.open) return;
    self->end(LinkEnd::no_answer, fmt::format("no answer from the broker at {} within {} ms", place(self->settings_),
                                              self->settings_.connect_timeout.ns / 1'000'000));
  });
  asio::co_spawn(context_.io, read_client(shared_from_this()), asio::detached);
  asio::co_spawn(context_.io, run(shared_from_this()), asio::detached);
}

bool Link::add_credentials() {
  const mqtt::Packet& packet = client_packets_->packet();
  const auto connect = mqtt::parse_connect(packet);
  TIDEMARK_ASSERT(connect.has_value());  // it was parsed to be admitted
  std::optional<std::string> password;
  if (!settings_.password_file.empty()) {
    auto read = read_password("mqtt.password_file", settings_.password_file);
    if (!read) {
      end(LinkEnd::credentials, std::move(read.error().context));
      return false;
    }
    password = std::move(*read);
  }
  std::optional<std::string_view> username;
  if (!settings_.username.empty()) username = settings_.username;
  to_broker_ = mqtt::with_credentials(packet, *connect, username, password);
  return true;
}

asio::awaitable<void> Link::run(Self self) {
  auto failure = co_await self->broker_.connect(self->settings_);
  if (self->ended_) co_return;
  if (failure) {
    self->end(LinkEnd::unreachable, std::move(*failure));
    co_return;
  }
  self->broker_ready_ = true;
  self->last_heard_ = self->last_ping_ = Clock::now();
  self->flush_broker();
  co_await read_broker(self);
}

asio::awaitable<void> Link::read_broker(Self self) {
  Link& link = *self;
  while (!link.ended_) {
    while (link.holding_off() && !link.closing_) {
      link.broker_.quiet(true);
      link.read_pace_.expires_at(Clock::time_point::max());
      co_await link.read_pace_.async_wait(kAsTuple);
      if (link.ended_) co_return;
    }
    link.broker_.quiet(false);
    const std::span<char> room = link.broker_packets_.room(kRead);
    std::size_t filled = 0;
    do {
      auto [ec, size] = co_await link.broker_.read_some(room.subspan(filled));
      if (link.ended_) co_return;
      if (ec) {
        link.take_from_broker(filled);
        link.lost(ec.message());
        co_return;
      }
      filled += size;
    } while (filled < room.size() && link.broker_.holds_more());
    link.take_from_broker(filled);
    if (link.ended_) co_return;
    // A full buffer says that more waits. Else one read an interval is enough: it takes what came meanwhile at once.
    if (filled == room.size() || link.settings_.read_interval.ns == 0 || link.closing_) continue;
    link.broker_.quiet(true);
    link.read_pace_.expires_after(to_chrono(link.settings_.read_interval));
    co_await link.read_pace_.async_wait(kAsTuple);
  }
}

void Link::lost(const std::string& why) {
  if (closing_) {
    end(LinkEnd::stopped, "disconnected");
  } else if (!report_.open) {
    end(LinkEnd::closed_unanswered,
        fmt::format("the broker at {} closed before it answered: {}", place(settings_), why));
  } else {
    end(LinkEnd::closed, fmt::format("the broker at {} closed the connection: {}", place(settings_), why));
  }
}

void Link::take_from_broker(std::size_t bytes) {
  // What comes after our DISCONNECT is not acknowledged and will be delivered again.
  if (closing_ || bytes == 0) return;
  broker_packets_.filled(bytes);
  last_heard_ = Clock::now();
  context_.counters.last_heard_ns.store(to_monotonic(last_heard_).ns, std::memory_order_relaxed);
  add(context_.counters.bytes_received, bytes);
  add(context_.counters.reads, 1);

  ChunkBuilder builder(number_, wall_now(), to_monotonic(last_heard_));
  std::optional<Ending> ending;
  for (Step step = Step::more; !ending && (step = broker_packets_.next()) != Step::more;) {
    if (step == Step::publish) {
      ending = take_publish(builder);
    } else if (step == Step::packet) {
      ending = take_packet(builder);
    } else {
      ending = Ending{LinkEnd::protocol_error,
                      fmt::format("the broker at {} sent {}", place(settings_), broker_packets_.failure().context)};
      mqtt::append_disconnect(to_broker_, 0x82, level_);
      flush_broker();
    }
  }
  push(builder);
  flush_client();
  if (ending) end(ending->end, std::move(ending->sentence), ending->reason_code);
}

std::optional<Link::Ending> Link::take_publish(ChunkBuilder& builder) {
  const mqtt::Publish& publish = broker_packets_.publish();
  std::uint64_t ordinal = 0;
  if (publish.packet_id != 0) {
    const auto given = acknowledgements_.receive(publish.packet_id);
    if (!given) {
      return Ending{LinkEnd::protocol_error,
                    fmt::format("the broker at {} sent more than 65,535 unacknowledged messages", place(settings_))};
    }
    ordinal = *given;
  }
  if (!builder.has_room(publish)) push(builder);
  builder.add(publish, ordinal, broker_packets_.buffered());
  if (publish.oversized) add(context_.counters.oversized, 1);
  return std::nullopt;
}

std::optional<Link::Ending> Link::take_packet(ChunkBuilder& builder) {
  const mqtt::Packet& packet = broker_packets_.packet();
  if (packet.type == mqtt::PacketType::pingresp && report_.open) {
    // It answers our PINGREQ, not the client's.
    if (const auto retired = acknowledgements_.pong()) {
      GateEvent event;
      event.kind = GateEvent::Kind::retire;
      event.ordinal = *retired;
      builder.add(event);
    }
    return std::nullopt;
  }
  to_client_.append(packet.bytes);
  if (packet.type == mqtt::PacketType::connack && !report_.open) return take_connack(builder);
  if (packet.type == mqtt::PacketType::disconnect) return take_disconnect();
  if (!report_.open || packet.type == mqtt::PacketType::connack || packet.type == mqtt::PacketType::auth) {
    return Ending{LinkEnd::protocol_error, fmt::format("the broker at {} sent a packet out of turn (type {})",
                                                       place(settings_), static_cast<int>(packet.type))};
  }
  return std::nullopt;
}

std::optional<Link::Ending> Link::take_connack(ChunkBuilder& builder) {
  const auto connack = mqtt::parse_connack(broker_packets_.packet(), level_);
  if (!connack) {
    return Ending{LinkEnd::protocol_error,
                  fmt::format("the broker at {} sent {}", place(settings_), connack.error().context)};
  }
  if (connack->reason != 0) {
    std::string sentence = fmt::format("the broker at {} refuses the connection: {}", place(settings_),
                                       mqtt::reason_text(connack->reason, level_));
    if (!connack->text.empty()) sentence += fmt::format(" ({})", mqtt::printable(connack->text));
    return Ending{connack->version_refused ? LinkEnd::version_refused : LinkEnd::refused, std::move(sentence),
                  connack->reason};
  }
  broker_packets_.speak(level_);
  if (connack->server_keepalive) keepalive_ = std::chrono::seconds(*connack->server_keepalive);
  deadline_.cancel();
  GateEvent event;
  event.kind = GateEvent::Kind::session_opened;
  event.session_present = connack->session_present;
  builder.add(event);
  report_.open = true;
  report_.session_present = connack->session_present;
  report_.subscription_identifiers = connack->subscription_identifiers;
  context_.report(report_);
  asio::co_spawn(context_.io, keep_alive(shared_from_this()), asio::detached);
  return std::nullopt;
}

Link::Ending Link::take_disconnect() const {
  const auto disconnect = mqtt::parse_disconnect(broker_packets_.packet(), level_);
  if (!disconnect) {
    return {LinkEnd::protocol_error,
            fmt::format("the broker at {} sent {}", place(settings_), disconnect.error().context)};
  }
  std::string sentence = fmt::format("the broker at {} disconnected us: {}", place(settings_),
                                     mqtt::reason_text(disconnect->reason, level_));
  if (!disconnect->text.empty()) sentence += fmt::format(" ({})", mqtt::printable(disconnect->text));
  const bool taken_over = disconnect->reason == mqtt::kSessionTakenOver;
  return {taken_over ? LinkEnd::taken_over : LinkEnd::closed, std::move(sentence), disconnect->reason};
}

void Link::push(ChunkBuilder& builder) {
  if (builder.empty()) return;
  MessageChunk chunk = builder.take();
  add(context_.counters.publishes_received, chunk.messages.size());
  context_.counters.held_acknowledgements.store(acknowledgements_.held(), std::memory_order_relaxed);
  if (context_.queue.push(std::move(chunk)) && !paused_) {
    paused_ = true;
    add(context_.counters.pauses, 1);
    context_.counters.paused.store(true, std::memory_order_relaxed);
  }
}

void Link::resume() {
  paused_ = false;
  context_.counters.paused.store(false, std::memory_order_relaxed);
  // What the broker said meanwhile is still to be read: silence is counted from now.
  last_heard_ = Clock::now();
  read_pace_.cancel();
}

void Link::release(std::uint64_t ordinal) {
  if (ended_ || closing_) return;
  const std::uint64_t written = acknowledgements_.release(ordinal, to_broker_);
  if (written == 0) return;
  add(context_.counters.acknowledgements, written);
  context_.counters.held_acknowledgements.store(acknowledgements_.held(), std::memory_order_relaxed);
  const Clock::time_point due = ping_due();
  if (due <= Clock::now()) {
    ping();
  } else if (due < keepalive_timer_.expiry()) {
    keepalive_timer_.cancel();  // it then looks again when it is due
  }
  flush_broker();
}

asio::awaitable<void> Link::read_client(Self self) {
  Link& link = *self;
  while (!link.ended_ && !link.closing_) {
    const std::span<char> room = link.client_packets_->room(4096);
    auto [ec, size] = co_await link.client_.async_read_some(asio::buffer(room.data(), room.size()), kAsTuple);
    if (link.ended_) co_return;
    if (ec) {
      link.end(LinkEnd::client_gone, "our own MQTT client closed the connection");
      co_return;
    }
    link.client_packets_->filled(size);
    if (auto ending = link.take_from_client()) {
      link.end(ending->end, std::move(ending->sentence));
      co_return;
    }
    while (!link.ended_ && link.to_broker_.size() > kWriteBacklog) {
      link.broker_written_.expires_at(Clock::time_point::max());
      co_await link.broker_written_.async_wait(kAsTuple);
    }
  }
}

std::optional<Link::Ending> Link::take_from_client() {
  for (Step step = Step::more; (step = client_packets_->next()) != Step::more;) {
    const mqtt::Packet& packet = client_packets_->packet();
    if (step == Step::failed || packet.type == mqtt::PacketType::connect) {
      return Ending{LinkEnd::client_gone, "our own MQTT client sent what it may not"};
    }
    if (packet.type == mqtt::PacketType::pingreq) {
      mqtt::append_pingresp(to_client_);
      continue;
    }
    to_broker_.append(packet.bytes);
    if (packet.type == mqtt::PacketType::disconnect) {
      begin_closing();
      break;
    }
  }
  flush_broker();
  flush_client();
  return std::nullopt;
}

void Link::begin_closing() {
  closing_ = true;
  // Closing at once with unread bytes would reset the connection, and the broker could lose our last PUBACKs.
  deadline_.expires_after(kClosing);
  deadline_.async_wait([self = shared_from_this()](error_code ec) {
    if (!ec && !self->ended_) self->end(LinkEnd::stopped, "disconnected");
  });
  read_pace_.cancel();
}

asio::awaitable<void> Link::keep_alive(Self self) {
  Link& link = *self;
  while (!link.ended_ && !link.closing_) {
    link.keepalive_timer_.expires_at(std::min(link.ping_due(), link.silence_due()));
    co_await link.keepalive_timer_.async_wait(kAsTuple);
    if (link.ended_ || link.closing_) co_return;
    const Clock::time_point now = Clock::now();
    if (now >= link.silence_due()) {
      // After this process was stopped for a while, answers may wait unread.
      if (link.broker_.kernel_holds_more()) {
        link.last_heard_ = now;
        continue;
      }
      link.end(LinkEnd::silent, fmt::format("nothing heard from the broker at {} for {} s, though pinged",
                                            place(link.settings_), link.keepalive_.count() * 3 / 2000));
      co_return;
    }
    if (now < link.ping_due()) continue;
    if (link.to_broker_.size() > kWriteBacklog) {
      link.end(LinkEnd::silent, fmt::format("the broker at {} takes nothing from us", place(link.settings_)));
      co_return;
    }
    link.ping();
    link.flush_broker();
  }
}

Link::Clock::time_point Link::ping_due() const {
  Clock::time_point due = Clock::time_point::max();
  if (keepalive_.count() > 0) due = last_ping_ + keepalive_ / 2;
  const std::uint64_t unretired = acknowledgements_.since_ping();
  if (unretired > 0) due = std::min(due, last_ping_ + to_chrono(settings_.retire_interval));
  if (unretired >= kPingAfterAcknowledgements) due = last_ping_;
  return due;
}

Link::Clock::time_point Link::silence_due() const {
  if (keepalive_.count() == 0 || holding_off()) return Clock::time_point::max();
  return last_heard_ + keepalive_ * 3 / 2;
}

void Link::ping() {
  acknowledgements_.ping(to_broker_);
  last_ping_ = Clock::now();
}

void Link::flush_broker() {
  if (!broker_ready_ || broker_writing_ || ended_) return;
  if (to_broker_.empty()) {
    if (closing_) broker_.shutdown_send();
    return;
  }
  broker_writing_ = true;
  to_broker_flying_.swap(to_broker_);
  to_broker_.clear();
  broker_.async_write(to_broker_flying_, [self = shared_from_this()](error_code ec, std::size_t) {
    self->broker_writing_ = false;
    if (self->ended_) return;
    if (ec) {
      self->lost(ec.message());
      return;
    }
    self->broker_written_.cancel();
    self->flush_broker();
  });
}

void Link::flush_client() {
  if (client_writing_ || to_client_.empty()) return;
  client_writing_ = true;
  to_client_flying_.swap(to_client_);
  to_client_.clear();
  asio::async_write(client_, asio::buffer(to_client_flying_), [self = shared_from_this()](error_code ec, std::size_t) {
    self->client_writing_ = false;
    if (ec) self->to_client_.clear();
    self->flush_client();
    if (self->ended_ && !self->client_writing_) self->close_client();
    if (ec && !self->ended_) self->end(LinkEnd::client_gone, "our own MQTT client closed the connection");
  });
}

void Link::close_client() {
  deadline_.cancel();
  error_code ignored;
  client_.close(ignored);
}

void Link::end(LinkEnd why, std::string sentence, std::uint8_t reason_code) {
  if (ended_) return;
  ended_ = true;
  const auto self = shared_from_this();
  const bool was_open = report_.open;
  broker_.close();
  read_pace_.cancel();
  keepalive_timer_.cancel();
  broker_written_.cancel();
  if (client_writing_) {
    // A CONNACK or DISCONNECT of the broker still goes to our client, which may hang.
    deadline_.expires_after(std::chrono::seconds(1));
    deadline_.async_wait([self](error_code ec) {
      if (!ec) self->close_client();
    });
  } else {
    close_client();
  }
  if (was_open) {
    ChunkBuilder builder(number_, wall_now(), to_monotonic(Clock::now()));
    GateEvent event;
    event.kind = GateEvent::Kind::connection_lost;
    builder.add(event);
    push(builder);
  }
  context_.counters.held_acknowledgements.store(0, std::memory_order_relaxed);
  context_.counters.paused.store(false, std::memory_order_relaxed);
  report_.open = false;
  report_.end = why;
  report_.reason_code = reason_code;
  report_.sentence = std::move(sentence);
  context_.report(report_);
}

}  // namespace tidemark
