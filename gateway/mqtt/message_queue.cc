#include "gateway/mqtt/message_queue.h"

#include <chrono>

namespace tidemark {

bool MessageQueue::wait_pop(std::vector<MessageChunk>& chunks, Duration timeout, std::uint64_t max_bytes) {
  std::unique_lock lock(mutex_);
  arrived_.wait_for(lock, std::chrono::nanoseconds(timeout.ns), [this] { return !chunks_.empty() || woken_; });
  woken_ = false;
  std::uint64_t taken = 0;
  bool took = false;
  while (!chunks_.empty() && (!took || taken + chunks_.front().footprint <= max_bytes)) {
    taken += chunks_.front().footprint;
    chunks.push_back(std::move(chunks_.front()));
    chunks_.pop_front();
    took = true;
  }
  bytes_ -= taken;
  if (full_ && bytes_ <= capacity_ / 2) {
    full_ = false;
    // Under the lock, so that the gate can take its function back before it goes.
    if (drained_) drained_();
  }
  return took;
}

void MessageQueue::on_drained(std::function<void()> drained) {
  const std::lock_guard lock(mutex_);
  drained_ = std::move(drained);
}

void MessageQueue::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  arrived_.notify_one();
}

bool MessageQueue::push(MessageChunk chunk) {
  bool full = false;
  {
    const std::lock_guard lock(mutex_);
    bytes_ += chunk.footprint;
    chunks_.push_back(std::move(chunk));
    if (bytes_ >= capacity_) full_ = true;
    full = full_;
  }
  arrived_.notify_one();
  return full;
}

std::uint64_t MessageQueue::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace tidemark
