#include "firmware-sim/random.h"

#include <bit>

#include "edge/bytes/assert.h"

namespace firmware_sim {

Pcg32::Pcg32(std::uint64_t seed, std::uint64_t stream) : increment_((stream << 1) | 1) {
  next();
  state_ += seed;
  next();
}

std::uint32_t Pcg32::next() {
  const std::uint64_t before = state_;
  state_ = before * 6364136223846793005ULL + increment_;
  const auto mixed = static_cast<std::uint32_t>(((before >> 18) ^ before) >> 27);
  return std::rotr(mixed, static_cast<int>(before >> 59));
}

std::uint32_t Pcg32::below(std::uint32_t bound) {
  TIDEMARK_ASSERT(bound > 0);
  // Numbers below 2^32 mod bound are drawn again: the rest divides evenly.
  const std::uint32_t threshold = (~bound + 1) % bound;
  std::uint32_t number = next();
  while (number < threshold) number = next();
  return number % bound;
}

std::int64_t Pcg32::between(std::int64_t low, std::int64_t high) {
  TIDEMARK_ASSERT(low <= high);
  return low + below(static_cast<std::uint32_t>(high - low + 1));
}

std::uint64_t mix_seed(std::uint64_t seed, std::uint64_t number) {
  std::uint64_t z = seed + 0x9e3779b97f4a7c15ULL * (number + 1);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace firmware_sim
