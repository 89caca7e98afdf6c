#include "firmware-sim/dispatch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "firmware-sim/stop_signal.h"
#include "firmware-sim/wall_clock.h"

namespace firmware_sim {
namespace {

// How long a wait may last while somebody may ask us to stop: a signal does not wake the mailbox.
constexpr std::chrono::milliseconds kLongestWait{100};

}  // namespace

Dispatch::Dispatch(const DispatchOptions& options, const Publisher::Delivered& delivered) : options_(options) {
  for (std::uint32_t i = 0; i < options_.connections; ++i) {
    PublisherOptions publisher{options_.broker, fmt::format("{}-{}", options_.client_id, i), i, options_.window,
                               options_.qos};
    publishers_.push_back(std::make_unique<Publisher>(std::move(publisher), mailbox_, delivered));
  }
}

Result<void> Dispatch::connect() {
  const Clock::time_point deadline = Clock::now() + options_.patience;
  pump();
  while (!connected()) {
    if (stop_requests() > 0) return fail(SimError::broker, "stopped before the broker was reached; nothing was sent");
    if (Clock::now() >= deadline) {
      return fail(SimError::broker, fmt::format("cannot connect to {} within {} s: {}; nothing was sent",
                                                options_.broker.url, options_.patience.count(), trouble()));
    }
    wait(deadline);
    pump();
  }
  return {};
}

void Dispatch::submit(Message message) {
  Publisher& publisher = *publishers_[message.device % publishers_.size()];
  publisher.submit(std::move(message));
}

void Dispatch::pump() {
  mailbox_.take(notes_);
  const Clock::time_point now = Clock::now();
  for (const Note& note : notes_) publishers_[note.publisher]->take(note, now);
  const std::int64_t wall_ns = wall_clock_ns();
  for (const auto& publisher : publishers_) publisher->pump(now, wall_ns);
}

void Dispatch::wait(Clock::time_point wake) {
  wake = std::min(wake, Clock::now() + kLongestWait);
  std::size_t in_flight = 0;
  bool blocked = false;
  for (const auto& publisher : publishers_) {
    if (const auto attempt = publisher->next_attempt()) wake = std::min(wake, *attempt);
    in_flight += publisher->in_flight();
    blocked = blocked || (publisher->connected() && publisher->unpublished() > 0);
  }
  // With a full window there is room again after half of it; otherwise only the last acknowledgement changes anything.
  const std::size_t wanted = blocked ? std::min<std::size_t>(in_flight, options_.window / 2) : in_flight;
  mailbox_.wait_until(wake, std::max<std::size_t>(wanted, 1));
}

bool Dispatch::full() const {
  return std::ranges::any_of(publishers_, [&](const auto& p) { return p->unpublished() >= 2 * options_.window; });
}

bool Dispatch::drain() {
  std::uint64_t acknowledged = counts().acknowledged;
  Clock::time_point moved_at = Clock::now();
  while (waiting() > 0) {
    pump();
    const Clock::time_point now = Clock::now();
    if (counts().acknowledged != acknowledged) {
      acknowledged = counts().acknowledged;
      moved_at = now;
    }
    if (waiting() == 0) break;
    if (now - moved_at >= options_.patience || stop_requests() > 1) {
      for (const auto& publisher : publishers_) publisher->abandon();
      return false;
    }
    wait(moved_at + options_.patience);
  }
  return true;
}

void Dispatch::withhold_unpublished() {
  for (const auto& publisher : publishers_) publisher->withhold_unpublished();
}

void Dispatch::finish() {
  for (const auto& publisher : publishers_) publisher->finish();
}

PublisherCounts Dispatch::counts() const {
  PublisherCounts sum;
  for (const auto& publisher : publishers_) {
    sum.published += publisher->counts().published;
    sum.acknowledged += publisher->counts().acknowledged;
    sum.resent += publisher->counts().resent;
    sum.reconnects += publisher->counts().reconnects;
  }
  return sum;
}

bool Dispatch::connected() const {
  return std::ranges::all_of(publishers_, [](const auto& p) { return p->connected(); });
}

std::size_t Dispatch::waiting() const {
  std::size_t sum = 0;
  for (const auto& publisher : publishers_) sum += publisher->waiting();
  return sum;
}

std::string Dispatch::trouble() const {
  for (const auto& publisher : publishers_) {
    if (!publisher->trouble().empty()) return publisher->trouble();
  }
  return "no answer yet";
}

}  // namespace firmware_sim
