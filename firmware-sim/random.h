// Seeded random numbers that are the same on every machine and with every library: PCG32 (XSH-RR 64/32; M. O'Neill,
// "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms for Random Number Generation",
// HMC-CS-2014-0905). The distributions of <random> are not used: each standard library computes them in its own way.
#pragma once

#include <cstdint>

namespace firmware_sim {

class Pcg32 {
 public:
  /// `stream` selects one of 2^63 independent sequences of the same seed.
  Pcg32(std::uint64_t seed, std::uint64_t stream);

  std::uint32_t next();

  /// Uniform in [0, bound), without bias. Requires bound > 0.
  std::uint32_t below(std::uint32_t bound);

  /// Uniform in [low, high]. Requires low <= high and high - low < 2^32 - 1.
  std::int64_t between(std::int64_t low, std::int64_t high);

  /// True `per_million` times in a million. Draws exactly one number.
  bool chance(std::uint32_t per_million) { return below(1'000'000) < per_million; }

 private:
  std::uint64_t state_ = 0;
  std::uint64_t increment_;
};

/// Spreads (seed, number) over 64 bits, so that neighbouring devices have unrelated sequences (SplitMix64's finisher).
std::uint64_t mix_seed(std::uint64_t seed, std::uint64_t number);

}  // namespace firmware_sim
