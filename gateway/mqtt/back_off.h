// How long to wait before the next attempt. Pure: the randomness comes from a seed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

#include "edge/time/instant.h"

namespace tidemark {

/// Waits `minimum`, then twice that and so on up to `maximum`, each shortened by up to half: gateways that lost the
/// same broker at the same moment do not come back at the same moment.
class BackOff {
 public:
  BackOff(Duration minimum, Duration maximum, std::uint64_t seed)
      : minimum_(minimum), maximum_(std::max(minimum, maximum)), next_(minimum), random_(seed) {}

  Duration next() {
    const std::int64_t whole = next_.ns;
    next_.ns = std::min(saturating_add(whole, whole), maximum_.ns);
    const auto half = static_cast<std::uint64_t>(whole / 2);
    // The bias of the remainder is below 2^-29 for waits under half a minute.
    return {whole - static_cast<std::int64_t>(random_() % (half + 1))};
  }

  void reset() { next_ = minimum_; }

 private:
  Duration minimum_;
  Duration maximum_;
  Duration next_;
  std::mt19937_64 random_;
};

}  // namespace tidemark
