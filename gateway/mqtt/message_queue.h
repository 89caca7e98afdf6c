// The bounded queue from the gate to the pipeline.
//
// Operation: the gate pushes a chunk per read; the pipeline takes what is there. The queue never refuses a chunk:
// `push` says when it is full, and the gate then stops reading until `drained` tells it that at most half is left. It
// can so exceed its capacity by one read. Concurrency: one pusher, one popper, `wake` from anywhere (not from a signal
// handler). One lock per push and per pop.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "edge/time/instant.h"
#include "gateway/mqtt/message_chunk.h"

namespace tidemark {

class MessageQueue {
 public:
  explicit MessageQueue(std::uint64_t capacity_bytes) : capacity_(capacity_bytes) {}

  /// Appends to `chunks` what is there, oldest first, until `max_bytes` are taken (at least one chunk if there is one).
  /// Waits for the first until `timeout` has passed or `wake` is called. Whether it took anything.
  bool wait_pop(std::vector<MessageChunk>& chunks, Duration timeout, std::uint64_t max_bytes = 256 * 1024);

  /// The waiting or the next `wait_pop` returns at once.
  void wake();

  /// Whether the queue is full now: the caller stops until `drained`.
  [[nodiscard]] bool push(MessageChunk chunk);

  /// Called on the popping thread each time at most half is left after the queue was full. It may not call the queue.
  void on_drained(std::function<void()> drained);

  [[nodiscard]] std::uint64_t bytes() const;
  [[nodiscard]] std::uint64_t capacity() const { return capacity_; }

 private:
  const std::uint64_t capacity_;

  mutable std::mutex mutex_;  // protects what follows
  std::condition_variable arrived_;
  std::deque<MessageChunk> chunks_;
  std::uint64_t bytes_ = 0;
  bool full_ = false;
  bool woken_ = false;
  std::function<void()> drained_;
};

}  // namespace tidemark
