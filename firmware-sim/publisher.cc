#include "firmware-sim/publisher.h"

#include <algorithm>
#include <utility>

namespace firmware_sim {
namespace {

constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{2'000};

}  // namespace

Publisher::Publisher(PublisherOptions options, Mailbox& mailbox, Delivered delivered)
    : options_(std::move(options)), mailbox_(mailbox), delivered_(std::move(delivered)) {}

void Publisher::submit(Message message) {
  queue_.push_back({std::move(message), {}, false});
}

void Publisher::take(const Note& note, Clock::time_point now) {
  if (note.session != session_number_ || state_ == State::apart) return;
  switch (note.kind) {
    case Note::Kind::acknowledged:
      acknowledge(note.position);
      break;
    case Note::Kind::connected:
      // The library tells it twice: by the callback of the client, and by that of the attempt.
      if (state_ == State::connected) break;
      state_ = State::connected;
      if (was_connected_) ++counts_.reconnects;
      was_connected_ = true;
      pause_ = std::chrono::milliseconds{0};
      trouble_.clear();
      break;
    case Note::Kind::failed:
    case Note::Kind::lost:
      part(now, note.text);
      break;
  }
}

void Publisher::pump(Clock::time_point now, std::int64_t wall_ns) {
  if (state_ == State::apart && now >= attempt_at_) connect();
  if (state_ != State::connected) return;
  while (next_ < queue_.size() && in_flight_ < options_.window) {
    Outgoing& outgoing = queue_[next_];
    if (outgoing.acknowledged) {
      // Acknowledged out of order before the connection was lost.
      ++next_;
      continue;
    }
    const auto position = base_ + static_cast<std::uint32_t>(next_);
    const Message& message = outgoing.message;
    if (!session_->publish(position, message.identity->topic, message.payload, options_.qos, message.retained)) {
      // The note that says why ends this connection.
      return;
    }
    if (outgoing.delivery.sent_at_ns == 0) {
      outgoing.delivery.sent_at_ns = wall_ns;
      ++counts_.published;
    } else {
      ++outgoing.delivery.resent;
      ++counts_.resent;
    }
    ++next_;
    ++in_flight_;
  }
}

void Publisher::withhold_unpublished() {
  // Publishing is in order: what was never published is the end of the queue.
  std::size_t keep = queue_.size();
  while (keep > 0 && queue_[keep - 1].delivery.sent_at_ns == 0) --keep;
  for (std::size_t i = keep; i < queue_.size(); ++i) {
    mark(queue_[i].message, Fate::withheld);
    queue_[i].delivery.acknowledged = false;
    delivered_(queue_[i].message, queue_[i].delivery);
  }
  queue_.resize(keep);
  next_ = std::min(next_, keep);
}

void Publisher::abandon() {
  withhold_unpublished();
  for (Outgoing& outgoing : queue_) {
    outgoing.delivery.acknowledged = outgoing.acknowledged;
    delivered_(outgoing.message, outgoing.delivery);
  }
  queue_.clear();
  next_ = 0;
  in_flight_ = 0;
}

void Publisher::finish() {
  if (session_ && state_ == State::connected) session_->finish();
  state_ = State::apart;
  session_.reset();
}

std::optional<Publisher::Clock::time_point> Publisher::next_attempt() const {
  if (state_ != State::apart) return std::nullopt;
  return attempt_at_;
}

void Publisher::connect() {
  ++session_number_;
  // The old session is destroyed after the new one was made: the library ends its threads, and waits a second for them,
  // when the last client goes.
  auto session = std::make_unique<MqttSession>(options_.broker, options_.client_id, options_.window,
                                               SessionName{options_.number, session_number_}, mailbox_);
  session_ = std::move(session);
  state_ = State::connecting;
}

void Publisher::part(Clock::time_point now, std::string reason) {
  state_ = State::apart;
  trouble_ = std::move(reason);
  attempt_at_ = now + pause_;
  pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
  next_ = 0;
  in_flight_ = 0;
}

void Publisher::acknowledge(std::uint32_t position) {
  const std::uint32_t index = position - base_;
  if (index >= queue_.size() || queue_[index].acknowledged) return;
  queue_[index].acknowledged = true;
  --in_flight_;
  ++counts_.acknowledged;
  while (!queue_.empty() && queue_.front().acknowledged) {
    queue_.front().delivery.acknowledged = true;
    delivered_(queue_.front().message, queue_.front().delivery);
    queue_.pop_front();
    ++base_;
    // Everything up to an acknowledged message has been published on this connection.
    if (next_ > 0) --next_;
  }
}

}  // namespace firmware_sim
