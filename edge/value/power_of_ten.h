// The powers of ten that fit an int64.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace tidemark {

inline constexpr std::uint32_t kMaxPower64 = 18;

inline constexpr std::array<std::int64_t, kMaxPower64 + 1> kPowersOfTen = [] {
  std::array<std::int64_t, kMaxPower64 + 1> powers{};
  std::int64_t power = 1;
  for (std::uint32_t i = 0; i <= kMaxPower64; ++i) {
    powers[i] = power;
    if (i < kMaxPower64) power *= 10;
  }
  return powers;
}();

/// How many decimal digits `value` has: 0 for 0. Requires value < 10^18.
constexpr std::int32_t decimal_digits(std::uint64_t value) {
  // 1233 / 4096 is log10(2) from above: right, or one too many short of the next power.
  const auto guess = static_cast<std::uint32_t>((std::bit_width(value) * 1233) >> 12);
  return static_cast<std::int32_t>(guess) + (value >= static_cast<std::uint64_t>(kPowersOfTen[guess]) ? 1 : 0);
}

}  // namespace tidemark
