#include "gateway/mqtt/session_worker.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "gateway/mqtt/chrono.h"

namespace tidemark {
namespace {

/// How long one look at a request of Paho takes at most: so soon a stop and a lost link are noticed.
constexpr Duration kLook = milliseconds(100);

/// A 3.1.1 broker cannot say that it gave our session to another client, and mosquitto 2.0.11 does not say it with 5
/// either: it closes. As often as the other comes back, so soon after we have.
constexpr Duration kSoon = seconds(5);
constexpr int kSuspicious = 3;

/// A broker that closes at CONNECT without a word may be one that does not know MQTT 5 and says so rudely.
constexpr int kUnanswered = 2;

/// Filters the broker refused are asked for again: its access rules may have been put right.
constexpr Duration kAskAgain = seconds(60);

/// A take-over is over when a connection has lasted so many take-over pauses.
constexpr std::int64_t kTakeOverForgotten = 10;

double in_seconds(Duration duration) {
  return static_cast<double>(duration.ns) / 1e9;
}
std::string_view name(MqttVersion version) {
  return version == MqttVersion::v5 ? "5" : "3.1.1";
}

MqttVersion first_version(const MqttSettings& settings) {
  return settings.version == MqttVersion::v3_1_1 ? MqttVersion::v3_1_1 : MqttVersion::v5;
}

/// While it lives, the supervisor sees a call into Paho under way.
class CallMark {
 public:
  explicit CallMark(SessionState& state) : state_(state) {
    const std::lock_guard lock(state_.mutex);
    state_.call_began = SessionState::Clock::now();
  }
  ~CallMark() {
    const std::lock_guard lock(state_.mutex);
    state_.call_began.reset();
  }
  CallMark(const CallMark&) = delete;
  CallMark& operator=(const CallMark&) = delete;

 private:
  SessionState& state_;
};

}  // namespace

template <typename Function>
auto SessionWorker::call(Function&& function) {
  const CallMark mark(*state_);
  return function();
}

SessionWorker::SessionWorker(std::shared_ptr<SessionState> state)
    : state_(std::move(state)),
      settings_(state_->settings),
      back_off_(settings_.back_off_minimum, settings_.back_off_maximum, settings_.jitter_seed),
      take_over_back_off_(settings_.take_over_back_off, {settings_.take_over_back_off.ns * 4}, settings_.jitter_seed),
      version_(first_version(settings_)) {}

void SessionWorker::run() {
  while (!state_->is_stopping()) {
    const Outcome outcome = attempt();
    if (state_->is_stopping()) break;
    wait(learn(outcome));
  }
  disconnect();
  const std::lock_guard lock(state_->mutex);
  state_->last_client = std::move(client_);
}

SessionWorker::Outcome SessionWorker::attempt() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->link = LinkReport();
  }
  opened_at_.reset();
  const std::string otherwise = connect_and_stay();
  Outcome outcome;
  if (opened_at_) {
    outcome.opened = true;
    outcome.lasted = {std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - *opened_at_).count()};
  }
  std::unique_lock lock(state_->mutex);
  if (state_->stopping) return outcome;  // a connection there is gets its DISCONNECT
  state_->status.connected = false;
  lock.unlock();
  drop_link(otherwise);
  lock.lock();
  // What the gate knows of this attempt is nearer to the cause than what Paho saw.
  state_->changed.wait_for(lock, to_chrono(settings_.connect_timeout), [this] {
    return state_->link.connection == 0 || state_->link.end != LinkEnd::none || state_->stopping;
  });
  outcome.end = state_->link.end;
  outcome.sentence = state_->link.sentence.empty() ? otherwise : state_->link.sentence;
  return outcome;
}

std::string SessionWorker::connect_and_stay() {
  if (!make_client()) return "the MQTT client cannot be made";
  std::string secret;
  {
    const std::lock_guard lock(state_->gate_mutex);
    if (state_->gate == nullptr) return {};
    auto admitted = state_->gate->admit();
    if (!admitted) return std::move(admitted.error().context);
    secret = std::move(*admitted);
  }
  const auto begun = call([&] { return client_->connect(secret); });
  if (begun == PahoClient::Answer::no || !await_connect()) return client_->error();
  count_open();
  if (!subscribe_wanted()) return "the broker does not answer SUBSCRIBE";
  {
    const std::lock_guard lock(state_->mutex);
    state_->status.connected = true;
  }
  stay();
  return "the connection ended";
}

/// What is wanted at this moment.
bool SessionWorker::subscribe_wanted() {
  {
    const std::lock_guard lock(state_->mutex);
    wanted_ = state_->wanted;
  }
  warn_of_copies();
  return subscribe(wanted_.subscriptions, wanted_.retired_filters);
}

bool SessionWorker::subscribe(const std::vector<Subscription>& filters, const std::vector<std::string>& retired) {
  const auto asked = call([&] { return client_->subscribe(filters, retired, identifiers_); });
  if (asked == PahoClient::Answer::no || !await_subscriptions()) return false;
  note_subscriptions();
  return true;
}

/// A new one for each attempt: nothing of the last one can be left in it, and Paho connects an old one only when its
/// thread next looks, up to a second later.
bool SessionWorker::make_client() {
  call([this] { client_.reset(); });
  std::uint16_t port = 0;
  {
    const std::lock_guard lock(state_->gate_mutex);
    if (state_->gate == nullptr) return false;
    port = state_->gate->port();
  }
  client_ = call([&]() -> std::unique_ptr<PahoClient> {
    try {
      return std::make_unique<PahoClient>(settings_, port, version_);
    } catch (const std::exception& error) {
      spdlog::error("MQTT: the client cannot be made: {}. Nothing is lost; it is tried again.", error.what());
      return nullptr;
    }
  });
  return client_ != nullptr;
}

bool SessionWorker::await_connect() {
  for (;;) {
    const auto answer = call([this] { return client_->connect_answer(kLook); });
    if (answer == PahoClient::Answer::no || state_->is_stopping()) return false;
    if (answer == PahoClient::Answer::yes) break;
  }
  return !link_ended();
}

bool SessionWorker::await_subscriptions() {
  Clock::time_point until = Clock::now() + to_chrono(settings_.connect_timeout);
  for (;;) {
    const auto answer = call([this] { return client_->subscribe_answer(kLook); });
    if (answer == PahoClient::Answer::yes) return true;
    if (answer == PahoClient::Answer::no || state_->is_stopping() || link_ended()) return false;
    // While the pipeline takes nothing, the gate does not read, and the SUBACK waits behind what it does not read.
    if (gate_paused()) until = Clock::now() + to_chrono(settings_.connect_timeout);
    if (Clock::now() >= until) return false;
  }
}

/// Until the connection ends or the session stops.
void SessionWorker::stay() {
  const Clock::time_point forget = *opened_at_ + to_chrono(settings_.take_over_back_off) * kTakeOverForgotten;
  Clock::time_point ask_again = Clock::now() + to_chrono(kAskAgain);
  for (;;) {
    bool others = false;  // other subscriptions are wanted than those there are
    {
      std::unique_lock lock(state_->mutex);
      SessionStatus& status = state_->status;
      Clock::time_point due = Clock::now() + std::chrono::hours(1);
      if (!status.refused_filters.empty()) due = std::min(due, ask_again);
      if (status.taken_over) due = std::min(due, forget);
      const auto over = [this] { return state_->stopping || !state_->link.open; };
      const auto wanted = [this] { return state_->wanted.number != wanted_.number; };
      state_->changed.wait_until(lock, due, [&] { return over() || wanted(); });
      if (over()) return;
      if (Clock::now() >= forget) status.taken_over = false;
      others = wanted();
      if (!others && (status.refused_filters.empty() || Clock::now() < ask_again)) continue;
    }
    ask_again = Clock::now() + to_chrono(kAskAgain);
    if (!(others ? subscribe_wanted() : subscribe(std::exchange(refused_, {}), {}))) return;
  }
}

void SessionWorker::count_open() {
  opened_at_ = Clock::now();
  bool present = false;
  bool lost = false;
  {
    const std::lock_guard lock(state_->mutex);
    SessionStatus& status = state_->status;
    present = state_->link.session_present;
    identifiers_ = state_->link.subscription_identifiers;
    lost = !present && (status.connects > 0 || settings_.session_expected);
    status.version = version_;
    ++status.connects;
    if (status.connects > 1) ++status.reconnects;
    if (lost) ++status.sessions_lost;
  }
  if (lost) {
    spdlog::warn(
        "MQTT: the broker {}:{} no longer had our session: messages sent while we were away may be missing. What was "
        "committed is kept. Look at its persistence settings, session expiry and queue limits.",
        settings_.host, settings_.port);
  }
  spdlog::info("MQTT: connected to {}:{} as {} with MQTT {}{}, session {}", settings_.host, settings_.port,
               settings_.client_id, name(version_), settings_.tls ? " over TLS" : "", present ? "resumed" : "new");
}

/// Which of two copies of a message is which, only an identifier can say.
void SessionWorker::warn_of_copies() {
  if (identifiers_ || copies_warned_) return;
  std::vector<std::string_view> overlapping;
  for (const Subscription& subscription : wanted_.subscriptions) {
    if (subscription.identifier != 0) overlapping.push_back(subscription.filter);
  }
  if (overlapping.empty()) return;
  copies_warned_ = true;
  spdlog::warn(
      "MQTT: the topics {} overlap, and the broker {}:{} gives no subscription identifiers{}: if it sends a message "
      "once "
      "for each of them, its readings count twice. Use MQTT 5, or a stream whose topic covers the others.",
      fmt::join(overlapping, ", "), settings_.host, settings_.port,
      version_ == MqttVersion::v5 ? "" : " (MQTT 3.1.1 has none)");
}

void SessionWorker::note_subscriptions() {
  refused_ = call([this] { return client_->refused(); });
  std::vector<std::string> refused;
  for (const Subscription& subscription : refused_) refused.push_back(subscription.filter);
  if (!refused.empty()) {
    spdlog::error(
        "MQTT: the broker {}:{} refuses the subscription to {}. Other topics are read. Give the user the right to read "
        "them; it is asked again every {:.0f} s.",
        settings_.host, settings_.port, fmt::join(refused, ", "), in_seconds(kAskAgain));
  }
  const std::lock_guard lock(state_->mutex);
  state_->status.refused_filters = std::move(refused);
}

Duration SessionWorker::learn(const Outcome& outcome) {
  const bool was_stable = outcome.opened && outcome.lasted >= settings_.stable_after;
  if (was_stable) {
    back_off_.reset();
    if (outcome.lasted.ns >= settings_.take_over_back_off.ns * kTakeOverForgotten) take_over_back_off_.reset();
  }
  if (fall_back(outcome)) return {};

  Duration pause = back_off_.next();
  const bool taken_over = is_take_over(outcome);
  if (taken_over) pause = std::max(pause, take_over_back_off_.next());
  // A broker that was exchanged may speak 5 by now.
  if (was_stable) version_ = first_version(settings_);

  {
    const std::lock_guard lock(state_->mutex);
    SessionStatus& status = state_->status;
    if (!outcome.opened) ++status.failures;
    status.last_error = outcome.sentence;
    if (taken_over) {
      ++status.take_overs;
      status.taken_over = true;
    }
  }
  if (taken_over) {
    spdlog::error(
        "MQTT: {}: another client {} our client id {}. What was committed is kept. Give each gateway an id of its own; "
        "next attempt in {:.0f} s.",
        outcome.sentence, outcome.end == LinkEnd::taken_over ? "uses" : "seems to use", settings_.client_id,
        in_seconds(pause));
  } else {
    spdlog::warn("MQTT: {}. The broker keeps what is not acknowledged; next attempt in {:.1f} s.", outcome.sentence,
                 in_seconds(pause));
  }
  return pause;
}

/// Whether the next attempt is with 3.1.1 and at once.
bool SessionWorker::fall_back(const Outcome& outcome) {
  if (settings_.version != MqttVersion::automatic) return false;
  if (version_ == MqttVersion::v3_1_1) {
    // Not the version, then: both are to be tried in turn.
    if (!outcome.opened) version_ = MqttVersion::v5;
    return false;
  }
  unanswered_ = outcome.end == LinkEnd::closed_unanswered ? unanswered_ + 1 : 0;
  if (outcome.end != LinkEnd::version_refused && unanswered_ < kUnanswered) return false;
  unanswered_ = 0;
  version_ = MqttVersion::v3_1_1;
  spdlog::warn("MQTT: {}. It is asked again with MQTT 3.1.1; some brokers then send only 20 messages at a time.",
               outcome.sentence);
  return true;
}

bool SessionWorker::is_take_over(const Outcome& outcome) {
  const bool soon = outcome.opened && outcome.end == LinkEnd::closed && outcome.lasted < kSoon;
  closed_soon_ = soon ? closed_soon_ + 1 : 0;
  if (outcome.end != LinkEnd::taken_over && closed_soon_ < kSuspicious) return false;
  closed_soon_ = 0;
  return true;
}

void SessionWorker::wait(Duration duration) {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_for(lock, to_chrono(duration), [this] { return state_->stopping; });
}

void SessionWorker::disconnect() {
  const bool connected = client_ && call([this] { return client_->connected(); });
  if (connected) call([this] { client_->disconnect(seconds(1)); });
  std::unique_lock lock(state_->mutex);
  // Paho is done when its DISCONNECT is on the way to the gate; the gate, when the broker has it.
  if (connected) {
    state_->changed.wait_for(lock, to_chrono(seconds(1)), [this] { return state_->link.end != LinkEnd::none; });
  }
  state_->status.connected = false;
}

void SessionWorker::drop_link(const std::string& why) {
  const std::lock_guard lock(state_->gate_mutex);
  if (state_->gate != nullptr) state_->gate->drop(why);
}

bool SessionWorker::gate_paused() {
  const std::lock_guard lock(state_->gate_mutex);
  return state_->gate != nullptr && state_->gate->figures().paused;
}

bool SessionWorker::link_ended() {
  const std::lock_guard lock(state_->mutex);
  return state_->link.end != LinkEnd::none;
}

}  // namespace tidemark
