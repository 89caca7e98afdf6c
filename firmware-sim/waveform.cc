#include "firmware-sim/waveform.h"

#include "edge/bytes/assert.h"

namespace firmware_sim {

std::int64_t sine(std::int64_t t, std::int64_t period, std::int64_t amplitude) {
  TIDEMARK_ASSERT(period > 0);
  // The phase in hundredths of a degree; the second half of the period mirrors the first.
  const std::int64_t phase = (t % period) * 36'000 / period;
  const bool below_zero = phase >= 18'000;
  const std::int64_t x = below_zero ? phase - 18'000 : phase;
  const std::int64_t product = x * (18'000 - x);
  const std::int64_t height = 4 * amplitude * product / (405'000'000 - product);
  return below_zero ? -height : height;
}

std::uint64_t integer_root(std::uint64_t value) {
  if (value < 2) return value;
  // Newton's iteration from above falls until it reaches the root, then rises.
  std::uint64_t root = value / 2 + 1;
  std::uint64_t better = (root + value / root) / 2;
  while (better < root) {
    root = better;
    better = (root + value / root) / 2;
  }
  return root;
}

std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  TIDEMARK_ASSERT(b > 0);
  const std::int64_t quotient = a / b;
  return a % b < 0 ? quotient - 1 : quotient;
}

}  // namespace firmware_sim
