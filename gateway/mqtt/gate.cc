#include "gateway/mqtt/gate.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <mutex>
#include <set>
#include <thread>

#include "gateway/mqtt/link.h"
#include "gateway/mqtt/secrets.h"

namespace tidemark {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

/// Strangers who connect and say nothing: so many at a time, so long.
constexpr std::size_t kMostGuests = 8;
constexpr std::chrono::seconds kGuestTime{5};

/// One line a minute says of strangers all there is to say.
constexpr std::chrono::minutes kRefusalPause{1};

/// Our own client's has a client id, a user name and a secret, and no will.
constexpr std::size_t kLargestConnect = 128 * 1024;

}  // namespace

/// Owns the thread, the listener and the link. Whatever comes from other threads is posted to its own.
class Gate::Relay {
 public:
  Relay(const MqttSettings& settings, MessageQueue& queue)
      : settings_(settings), queue_(queue), context_{io_, settings_, queue_, counters_, false, {}} {
    context_.report = [this](const LinkReport& report) { take_report(report); };
    queue_.on_drained([this] {
      asio::post(io_, [this] {
        if (link_) link_->resume();
      });
    });
  }

  ~Relay() {
    stop();
    queue_.on_drained({});
  }

  Result<void, GateError> start() {
    error_code ec;
    const tcp::endpoint loopback(asio::ip::address_v4::loopback(), 0);
    acceptor_.open(loopback.protocol(), ec);
    if (!ec) acceptor_.bind(loopback, ec);
    if (!ec) acceptor_.listen(static_cast<int>(kMostGuests), ec);
    if (!ec) port_ = acceptor_.local_endpoint(ec).port();
    if (ec) return fail(GateError::listen, fmt::format("the gate cannot listen on loopback: {}", ec.message()));
    asio::co_spawn(io_, accept(), asio::detached);
    thread_ = std::thread([this] { io_.run(); });
    return {};
  }

  void stop() {
    if (!thread_.joinable()) return;
    asio::post(io_, [this] {
      stopping_ = true;
      error_code ignored;
      acceptor_.close(ignored);
      for (const auto& guest : guests_) guest->leave();
      accept_pause_.cancel();
      // After a DISCONNECT the link ends by itself, soon, and the broker gets our last PUBACKs.
      if (link_ && !link_->closing()) link_->end(LinkEnd::stopped, "the gate is stopping");
      work_.reset();
    });
    thread_.join();
  }

  std::uint16_t port() const { return port_; }

  Result<std::string, GateError> admit() {
    auto secret = one_time_secret();
    if (!secret) return fail(GateError::secrets, std::move(secret.error().context));
    const std::lock_guard lock(mutex_);
    secret_ = *secret;
    return *secret;
  }

  void release(std::uint64_t connection, std::uint64_t ordinal) {
    {
      const std::lock_guard lock(mutex_);
      const bool posted = release_.connection != 0;
      if (connection < release_.connection) return;
      if (connection == release_.connection) ordinal = std::max(ordinal, release_.ordinal);
      release_ = {connection, ordinal};
      if (posted) return;
    }
    asio::post(io_, [this] {
      Release release;
      {
        const std::lock_guard lock(mutex_);
        release = std::exchange(release_, Release());
      }
      if (link_ && link_->number() == release.connection) link_->release(release.ordinal);
    });
  }

  void stop_intake() {
    asio::post(io_, [this] { context_.intake_stopped = true; });
  }

  void drop(std::string sentence) {
    asio::post(io_, [this, sentence = std::move(sentence)]() mutable {
      if (link_) link_->end(LinkEnd::client_gone, std::move(sentence));
    });
  }

  void on_report(std::function<void(const LinkReport&)> report) { listener_ = std::move(report); }

  LinkReport report() const {
    const std::lock_guard lock(mutex_);
    return report_;
  }

  GateFigures figures() const {
    GateFigures figures;
    constexpr auto kRelaxed = std::memory_order_relaxed;
    figures.bytes_received = counters_.bytes_received.load(kRelaxed);
    figures.publishes_received = counters_.publishes_received.load(kRelaxed);
    figures.oversized = counters_.oversized.load(kRelaxed);
    figures.reads = counters_.reads.load(kRelaxed);
    figures.acknowledgements = counters_.acknowledgements.load(kRelaxed);
    figures.pauses = counters_.pauses.load(kRelaxed);
    figures.refused_clients = counters_.refused_clients.load(kRelaxed);
    figures.queue_bytes = queue_.bytes();
    figures.held_acknowledgements = counters_.held_acknowledgements.load(kRelaxed);
    figures.paused = counters_.paused.load(kRelaxed);
    figures.last_heard = {counters_.last_heard_ns.load(kRelaxed)};
    return figures;
  }

 private:
  /// A connection to the listener that has not yet shown the secret.
  struct Guest {
    Guest(tcp::socket accepted, asio::io_context& io, std::uint64_t max_payload)
        : socket(std::move(accepted)),
          timer(io),
          packets(std::make_unique<mqtt::PacketSplitter>(mqtt::PacketSplitter::From::client, max_payload)) {}

    void leave() {
      timer.cancel();
      error_code ignored;
      socket.close(ignored);
    }

    tcp::socket socket;
    asio::steady_timer timer;
    std::unique_ptr<mqtt::PacketSplitter> packets;
  };

  struct Release {
    std::uint64_t connection = 0;  // 0: none waits
    std::uint64_t ordinal = 0;
  };

  asio::awaitable<void> accept() {
    while (!stopping_) {
      tcp::socket socket(io_);
      auto [ec] = co_await acceptor_.async_accept(socket, kAsTuple);
      if (stopping_) co_return;
      if (ec) {
        // Out of file descriptors, most likely: waiting is all there is.
        accept_pause_.expires_after(std::chrono::milliseconds(100));
        co_await accept_pause_.async_wait(kAsTuple);
      } else if (link_ || guests_.size() == kMostGuests) {
        refuse("another connection is open");
      } else {
        auto guest = std::make_shared<Guest>(std::move(socket), io_, settings_.max_payload);
        guests_.insert(guest);
        asio::co_spawn(io_, greet(std::move(guest)), asio::detached);
      }
    }
  }

  asio::awaitable<void> greet(std::shared_ptr<Guest> guest) {
    guest->timer.expires_after(kGuestTime);
    guest->timer.async_wait([guest](error_code ec) {
      if (!ec) guest->leave();
    });
    co_await read_connect(guest);
    guest->timer.cancel();
    guests_.erase(guest);
    if (!stopping_) welcome(*guest);
  }

  /// Until the first packet is there, or there can be none.
  static asio::awaitable<void> read_connect(std::shared_ptr<Guest> guest) {
    while (guest->packets->next() == mqtt::PacketSplitter::Step::more) {
      if (guest->packets->buffered() > kLargestConnect) co_return;
      const std::span<char> room = guest->packets->room(4096);
      auto [ec, size] = co_await guest->socket.async_read_some(asio::buffer(room.data(), room.size()), kAsTuple);
      if (ec) co_return;
      guest->packets->filled(size);
    }
  }

  void welcome(Guest& guest) {
    const auto connect = mqtt::parse_connect(guest.packets->packet());
    if (!connect) {
      refuse("it is not an MQTT client");
    } else if (!take_secret(connect->password.value_or(std::string_view()))) {
      refuse("it does not know the secret");
    } else if (link_) {
      refuse("another connection is open");
    } else {
      link_ =
          std::make_shared<Link>(context_, ++connections_, std::move(guest.socket), std::move(guest.packets), *connect);
      // Held here: a link that cannot even start ends, and is let go, inside this call.
      const std::shared_ptr<Link> link = link_;
      link->start();
    }
  }

  bool take_secret(std::string_view shown) {
    const std::lock_guard lock(mutex_);
    if (secret_.empty() || !same_secret(shown, secret_)) return false;
    secret_.clear();
    return true;
  }

  void refuse(std::string_view why) {
    counters_.refused_clients.fetch_add(1, std::memory_order_relaxed);
    // A local program that tries in a loop must not fill the log.
    const auto now = std::chrono::steady_clock::now();
    if (last_refusal_logged_ && now - *last_refusal_logged_ < kRefusalPause) return;
    last_refusal_logged_ = now;
    spdlog::warn(
        "MQTT: a stranger at the gate's loopback port was refused: {}. Nothing was lost; if this repeats, look for the "
        "local program that connects to 127.0.0.1:{}.",
        why, port_);
  }

  void take_report(const LinkReport& report) {
    {
      const std::lock_guard lock(mutex_);
      report_ = report;
    }
    if (report.end != LinkEnd::none) link_.reset();
    if (listener_) listener_(report);
  }

  // Constant after start.
  const MqttSettings settings_;
  MessageQueue& queue_;
  std::function<void(const LinkReport&)> listener_;
  std::uint16_t port_ = 0;

  // The thread's own.
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
  tcp::acceptor acceptor_{io_};
  asio::steady_timer accept_pause_{io_};
  std::set<std::shared_ptr<Guest>> guests_;
  std::shared_ptr<Link> link_;
  std::uint64_t connections_ = 0;
  bool stopping_ = false;
  std::optional<std::chrono::steady_clock::time_point> last_refusal_logged_;
  GateCounters counters_;  // read by all
  LinkContext context_;
  std::thread thread_;

  mutable std::mutex mutex_;  // protects what follows
  std::string secret_;        // empty: nobody is expected
  Release release_;
  LinkReport report_;
};

Gate::Gate(const MqttSettings& settings, MessageQueue& queue) : relay_(std::make_unique<Relay>(settings, queue)) {}
Gate::~Gate() = default;
Result<void, GateError> Gate::start() {
  return relay_->start();
}
void Gate::stop() {
  relay_->stop();
}
std::uint16_t Gate::port() const {
  return relay_->port();
}
Result<std::string, GateError> Gate::admit() {
  return relay_->admit();
}
void Gate::release(std::uint64_t connection, std::uint64_t ordinal) {
  relay_->release(connection, ordinal);
}
void Gate::stop_intake() {
  relay_->stop_intake();
}
void Gate::drop(std::string sentence) {
  relay_->drop(std::move(sentence));
}
void Gate::on_report(std::function<void(const LinkReport&)> report) {
  relay_->on_report(std::move(report));
}
LinkReport Gate::report() const {
  return relay_->report();
}
GateFigures Gate::figures() const {
  return relay_->figures();
}

}  // namespace tidemark
