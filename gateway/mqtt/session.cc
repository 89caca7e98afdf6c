#include "gateway/mqtt/session.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <thread>

#include "gateway/mqtt/chrono.h"
#include "gateway/mqtt/session_state.h"
#include "gateway/mqtt/session_worker.h"

namespace tidemark {
namespace {

using Clock = SessionState::Clock;

/// Sees that no call into Paho hangs for ever. First the gate closes Paho's connection, which ends whatever waits for
/// the network; if that does not help, only a new process does.
void supervise(const std::shared_ptr<SessionState>& state) {
  const auto limit = to_chrono(state->settings.call_limit);
  std::optional<Clock::time_point> warned_of;  // the call that was already helped
  std::unique_lock lock(state->mutex);
  while (!state->worker_done && !state->stopping) {
    state->changed.wait_for(lock, limit / 4, [&] { return state->worker_done || state->stopping; });
    if (!state->call_began || state->stopping) continue;
    const auto lasts = Clock::now() - *state->call_began;
    if (lasts < limit) continue;
    const std::string sentence = fmt::format("a call into the MQTT client has not come back for {:.1f} s",
                                             std::chrono::duration<double>(lasts).count());
    if (warned_of != state->call_began) {
      warned_of = state->call_began;
      ++state->status.hung_calls;
      lock.unlock();
      spdlog::error("MQTT: {}. Its connection is closed; the broker keeps what is not acknowledged.", sentence);
      {
        const std::lock_guard gate_lock(state->gate_mutex);
        if (state->gate != nullptr) state->gate->drop(sentence);
      }
      lock.lock();
    } else if (lasts >= 2 * limit) {
      lock.unlock();
      if (state->hung) state->hung(sentence);
      return;
    }
  }
}

}  // namespace

Session::Session(const MqttSettings& settings, Gate& gate, std::function<void(const std::string&)> hung)
    : state_(std::make_shared<SessionState>(settings, gate, std::move(hung))) {}

Session::~Session() {
  stop();
}

Result<void, GateError> Session::start() {
  state_->gate->on_report([state = state_](const LinkReport& report) {
    {
      const std::lock_guard lock(state->mutex);
      state->link = report;
    }
    state->changed.notify_all();
  });
  if (auto started = state_->gate->start(); !started) return started;
  worker_ = std::thread([state = state_] {
    SessionWorker(state).run();
    {
      const std::lock_guard lock(state->mutex);
      state->worker_done = true;
    }
    state->changed.notify_all();
  });
  supervisor_ = std::thread([state = state_] { supervise(state); });
  return {};
}

void Session::subscribe(std::vector<Subscription> subscriptions, std::vector<std::string> retired_filters) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->wanted = {std::move(subscriptions), std::move(retired_filters), state_->wanted.number + 1};
  }
  state_->changed.notify_all();
}

void Session::stop(Duration limit) {
  if (!worker_.joinable()) return;
  bool done = false;
  {
    std::unique_lock lock(state_->mutex);
    state_->stopping = true;
    state_->changed.notify_all();
    done = state_->changed.wait_for(lock, to_chrono(limit), [this] { return state_->worker_done; });
  }
  Gate* gate = nullptr;
  {
    const std::lock_guard lock(state_->gate_mutex);
    gate = std::exchange(state_->gate, nullptr);
  }
  gate->stop();
  if (done) {
    worker_.join();
  } else {
    spdlog::error(
        "MQTT: the client did not end within {} ms and is left behind. The broker keeps what is not acknowledged.",
        limit.ns / 1'000'000);
    worker_.detach();
  }
  supervisor_.join();
}

SessionStatus Session::status() const {
  SessionStatus status;
  {
    const std::lock_guard lock(state_->mutex);
    status = state_->status;
  }
  const std::lock_guard lock(state_->gate_mutex);
  if (state_->gate == nullptr) return status;
  status.gate = state_->gate->figures();
  if (status.gate.last_heard.ns != 0) status.since_progress = to_monotonic(Clock::now()) - status.gate.last_heard;
  return status;
}

}  // namespace tidemark
