#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <chrono>

#include "gateway/doctor/broker.h"
#include "gateway/mqtt/broker_stream.h"
#include "gateway/mqtt/chrono.h"
#include "gateway/mqtt/client_packets.h"
#include "gateway/mqtt/packet_splitter.h"
#include "gateway/secret/secret_file.h"

namespace tidemark::doctor {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using PacketStep = mqtt::PacketSplitter::Step;
using Step = BrokerFacts::Step;

constexpr std::uint16_t kSubscribeId = 1;
/// What may come before the SUBACK: an old broker sends what is retained at once, and all of it.
constexpr std::uint64_t kMostBytes = 16ull << 20;

Duration since(Clock::time_point began) {
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - began).count()};
}

Step step_of(BrokerStage stage) {
  switch (stage) {
    case BrokerStage::name:
      return Step::name;
    case BrokerStage::tcp:
      return Step::tcp;
    case BrokerStage::tls:
      return Step::tls;
    case BrokerStage::connected:
      break;
  }
  return Step::connack;
}

/// One connection from its CONNECT to its DISCONNECT. What it learns stands in `facts`, of a failure the step and why.
class Visit {
 public:
  Visit(const MqttSettings& settings, const std::optional<std::string>& password, BrokerFacts& facts)
      : settings_(settings),
        password_(password),
        facts_(facts),
        stream_(io_),
        packets_(mqtt::PacketSplitter::From::broker, settings.max_payload) {}

  /// False: it failed, or was not over in time. `subscribe`: else it asks for the session that the appliance asks for.
  bool make(bool subscribe, Clock::time_point until) {
    asio::co_spawn(io_, run(subscribe), asio::detached);
    io_.run_until(until);
    late_ = !done_;
    const Step reached = at_connack_ ? (opened_ ? Step::suback : Step::connack) : step_of(stream_.stage());
    stream_.close();
    // What is under way ends by that; the resolver's thread may not, and is waited for by whoever destroys the context.
    io_.restart();
    io_.run_for(std::chrono::milliseconds(100));
    if (!late_) return well_;
    // Not what the coroutine said at its end: that was our own closing.
    return failed(reached, fmt::format("no answer from {}:{} in time", settings_.host, settings_.port));
  }

  /// Old brokers answer a CONNECT of MQTT 5 with a refusal, or close without a word.
  [[nodiscard]] bool may_speak_older() const {
    return !late_ && !well_ && (version_refused_ || (facts_.step == Step::connack && !facts_.refusal));
  }

 private:
  asio::awaitable<void> run(bool subscribe) {
    well_ = co_await talk(subscribe);
    done_ = true;
  }

  asio::awaitable<bool> talk(bool subscribe) {
    const auto began = Clock::now();
    if (auto failure = co_await stream_.connect(settings_)) co_return failed(step_of(stream_.stage()), *failure);
    facts_.connecting = since(began);
    at_connack_ = true;

    mqtt::ConnectRequest request;
    request.level = facts_.level;
    request.client_id = facts_.client_id;
    request.keepalive = static_cast<std::uint16_t>(settings_.keepalive.ns / seconds(1).ns);
    request.session_expiry = subscribe ? 0 : static_cast<std::uint32_t>(settings_.session_expiry.ns / seconds(1).ns);
    if (!settings_.username.empty()) request.username = settings_.username;
    if (password_) request.password = *password_;
    std::string out;
    mqtt::append_connect(out, request);
    const auto asked = Clock::now();
    if (!co_await write(out) || !co_await receive(mqtt::PacketType::connack)) {
      co_return failed(Step::connack, "the broker closed before it answered" + trouble_);
    }
    facts_.answering = since(asked);
    if (!take_connack()) co_return false;

    if (subscribe) {
      opened_ = true;
      std::vector<std::string> filters;
      for (const Subscription& subscription : settings_.subscriptions) filters.push_back(subscription.filter);
      out.clear();
      mqtt::append_subscribe(out, kSubscribeId, filters, facts_.level);
      if (!co_await write(out) || !co_await receive(mqtt::PacketType::suback)) {
        co_return failed(Step::suback, "the broker closed instead of answering the subscriptions" + trouble_);
      }
      if (!take_suback(filters)) co_return false;
    }
    out.clear();
    if (facts_.level == mqtt::kLevel5) {
      mqtt::append_forgetting_disconnect(out);
    } else {
      mqtt::append_disconnect(out, 0, facts_.level);
    }
    co_await write(out);
    co_return true;
  }

  bool failed(Step step, std::string why) {
    facts_.step = step;
    facts_.failure = std::move(why);
    return false;
  }

  asio::awaitable<bool> write(const std::string& bytes) {
    const auto sent = [&](auto handler) { stream_.async_write(bytes, std::move(handler)); };
    const auto [error, size] =
        co_await asio::async_initiate<decltype(kAsTuple), void(boost::system::error_code, std::size_t)>(sent, kAsTuple);
    if (error) trouble_ = ": " + error.message();
    co_return !error && size == bytes.size();
  }

  /// Until a packet of this type is in packets_; what else comes is passed over. False: the connection has ended, or
  /// what came is not MQTT.
  asio::awaitable<bool> receive(mqtt::PacketType type) {
    for (std::uint64_t bytes = 0; bytes <= kMostBytes;) {
      const std::span<char> room = packets_.room(16 * 1024);
      auto [error, size] = co_await stream_.read_some(room);
      if (error) {
        trouble_ = ": " + error.message();
        co_return false;
      }
      bytes += size;
      packets_.filled(size);
      for (PacketStep step = PacketStep::more; (step = packets_.next()) != PacketStep::more;) {
        if (step == PacketStep::failed) {
          trouble_ = ": it sent " + packets_.failure().context;
          co_return false;
        }
        if (step == PacketStep::packet && packets_.packet().type == type) co_return true;
        if (step == PacketStep::packet && packets_.packet().type == mqtt::PacketType::disconnect) {
          const auto said = mqtt::parse_disconnect(packets_.packet(), facts_.level);
          trouble_ = said ? ": " + mqtt::reason_text(said->reason, facts_.level) : std::string();
          co_return false;
        }
      }
    }
    trouble_ = ": it sent nothing but messages";
    co_return false;
  }

  bool take_connack() {
    auto connack = mqtt::parse_connack(packets_.packet(), facts_.level);
    if (!connack) return failed(Step::connack, "the broker sent " + connack.error().context);
    if (connack->reason != 0) {
      facts_.refusal = connack->reason;
      version_refused_ = connack->version_refused;
      std::string why = mqtt::reason_text(connack->reason, facts_.level);
      if (!connack->text.empty()) why += fmt::format(" ({})", mqtt::printable(connack->text));
      return failed(Step::connack, std::move(why));
    }
    connack->text = {};
    if (!facts_.granted) facts_.granted = *connack;
    packets_.speak(facts_.level);
    return true;
  }

  bool take_suback(const std::vector<std::string>& filters) {
    const auto suback = mqtt::parse_suback(packets_.packet(), facts_.level);
    if (!suback || suback->reasons.size() != filters.size()) {
      return failed(Step::suback,
                    "the broker sent " + (suback ? "a SUBACK of the wrong length" : suback.error().context));
    }
    for (std::size_t i = 0; i < filters.size(); ++i) {
      const auto reason = static_cast<std::uint8_t>(suback->reasons[i]);
      if (reason >= 0x80) {
        facts_.refused.push_back({filters[i], reason});
      } else {
        ++facts_.subscribed;
      }
    }
    return true;
  }

  const MqttSettings& settings_;
  const std::optional<std::string>& password_;
  BrokerFacts& facts_;
  asio::io_context io_{1};
  BrokerStream stream_;
  mqtt::PacketSplitter packets_;
  std::string trouble_;
  bool at_connack_ = false;
  bool opened_ = false;
  bool done_ = false;
  bool well_ = false;
  bool late_ = false;
  bool version_refused_ = false;
};

}  // namespace

BrokerFacts ask_broker(const MqttSettings& settings, const std::string& client_id, Duration limit) {
  const auto until = Clock::now() + to_chrono(limit);
  BrokerFacts facts;
  facts.client_id = client_id;
  facts.level = settings.version == MqttVersion::v3_1_1 ? mqtt::kLevel3_1_1 : mqtt::kLevel5;
  std::optional<std::string> password;
  if (!settings.password_file.empty()) {
    auto read = read_password("mqtt.password_file", settings.password_file);
    if (!read) {
      facts.step = Step::secret;
      facts.failure = std::move(read.error().context);
      return facts;
    }
    password = std::move(*read);
  }
  if (facts.level == mqtt::kLevel5) {
    Visit first(settings, password, facts);
    if (!first.make(false, until)) {
      if (settings.version != MqttVersion::automatic || !first.may_speak_older()) return facts;
      facts.newer_refused = true;
      facts.refusal.reset();
      facts.level = mqtt::kLevel3_1_1;
    }
  }
  if (Visit(settings, password, facts).make(true, until)) {
    facts.step = Step::answered;
    facts.failure.clear();
  }
  return facts;
}

}  // namespace tidemark::doctor
