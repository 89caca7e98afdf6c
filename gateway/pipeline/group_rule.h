// When a group of messages ends (DESIGN, "One SQLite file, one connection, one transaction a group"). Pure.
#pragma once

#include <algorithm>
#include <cstdint>

#include "edge/time/instant.h"

namespace tidemark {

class GroupRule {
 public:
  explicit GroupRule(Duration commit_delay) : commit_delay_(commit_delay) {}

  /// Messages were taken at `now`.
  void took(std::uint64_t messages, std::uint64_t bytes, MonotonicTime now) {
    if (messages_ == 0) first_ = now;
    messages_ += messages;
    bytes_ += bytes;
    last_ = now;
  }

  /// Whether the group ends now. `backlog`: more messages wait.
  [[nodiscard]] bool ends(MonotonicTime now, bool backlog) const {
    if (messages_ == 0) return false;
    if (bytes_ >= kMostBytes || messages_ >= kMostMessages) return true;
    if (commit_delay_.ns == 0) return !backlog;  // a natural group: what came during the last commit
    return now >= deadline();
  }

  /// When to look again if nothing comes: the end of the group, or `otherwise`.
  [[nodiscard]] MonotonicTime next(MonotonicTime otherwise) const {
    return messages_ == 0 ? otherwise : std::min(otherwise, deadline());
  }

  void ended() { messages_ = bytes_ = 0; }
  [[nodiscard]] bool empty() const { return messages_ == 0; }

 private:
  /// What a group costs beside its readings is shared by all that it holds
  /// (docs/decisions/2026-11-24-group-of-256-kib.md).
  static constexpr std::uint64_t kMostBytes = 256 * 1024;
  /// A quarter of our Receive Maximum: while one group is committed the broker goes on sending.
  static constexpr std::uint64_t kMostMessages = 1'024;
  /// A broker that stops at 20 unacknowledged messages sends nothing until it hears from us: 16 that wait while none
  /// comes are a group.
  static constexpr std::uint64_t kManyWaiting = 16;
  /// Three times the gate's read interval: at 5 ms the ordinary gap between two reads ended groups early, and 5,000
  /// readings/s wrote twice as many bytes (docs/decisions/2026-11-24-quiet-is-15-ms.md).
  static constexpr Duration kQuiet = milliseconds(15);

  [[nodiscard]] MonotonicTime deadline() const {
    const MonotonicTime by_delay = first_ + commit_delay_;
    return messages_ >= kManyWaiting ? std::min(by_delay, last_ + kQuiet) : by_delay;
  }

  Duration commit_delay_;
  std::uint64_t messages_ = 0;
  std::uint64_t bytes_ = 0;
  MonotonicTime first_{};
  MonotonicTime last_{};
};

}  // namespace tidemark
