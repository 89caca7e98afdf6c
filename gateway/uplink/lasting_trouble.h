// When a trouble that every attempt meets again is said: when it comes, then at most once a minute, and when it is
// over. Pure; time comes in as an argument.
#pragma once

#include <optional>
#include <utility>

#include "edge/time/instant.h"

namespace tidemark {

class LastingTrouble {
 public:
  /// It was met. What to say of it: for how long it has lasted, zero when it has just come; nullopt: nothing now.
  std::optional<Duration> met(MonotonicTime now) {
    if (!since_) {
      since_ = said_ = now;
      return Duration{};
    }
    if (now < said_ + kInterval) return std::nullopt;
    said_ = now;
    return now - *since_;
  }

  /// It is over. For how long it lasted; nullopt: there was none.
  std::optional<Duration> ended(MonotonicTime now) {
    if (!since_) return std::nullopt;
    return now - *std::exchange(since_, std::nullopt);
  }

  [[nodiscard]] bool there() const { return since_.has_value(); }

 private:
  static constexpr Duration kInterval = minutes(1);

  std::optional<MonotonicTime> since_;
  MonotonicTime said_{};
};

}  // namespace tidemark
