// A signed 128-bit integer as two halves: 8-byte alignment everywhere, and the same code on 32-bit ARM, which has no
// __int128. Operations that can overflow say so; the caller then goes over to a big integer.
#pragma once

#include <bit>
#include <compare>
#include <cstdint>

#include "edge/value/power_of_ten.h"

#if defined(__SIZEOF_INT128__) && !defined(TIDEMARK_PORTABLE_INT128)
#define TIDEMARK_NATIVE_INT128 1
#else
#define TIDEMARK_NATIVE_INT128 0
#endif

namespace tidemark {

/// Two's complement. An aggregate without initialisers, so that it can live in a union.
struct Int128 {
  std::uint64_t low;
  std::int64_t high;
  friend constexpr bool operator==(const Int128&, const Int128&) = default;
  friend constexpr std::strong_ordering operator<=>(const Int128& a, const Int128& b) {
    return a.high != b.high ? a.high <=> b.high : a.low <=> b.low;
  }
};

constexpr Int128 int128(std::int64_t value) {
  return {static_cast<std::uint64_t>(value), value >> 63};
}
constexpr bool is_zero(Int128 value) {
  return (value.low | static_cast<std::uint64_t>(value.high)) == 0;
}
constexpr bool fits_int64(Int128 value) {
  return (static_cast<std::int64_t>(value.low) >> 63) == value.high;
}

/// The magnitude as an unsigned 128-bit integer.
struct Magnitude128 {
  std::uint64_t low;
  std::uint64_t high;
};

constexpr Magnitude128 magnitude(Int128 value) {
  const std::uint64_t mask = static_cast<std::uint64_t>(value.high >> 63);
  const std::uint64_t low = (value.low ^ mask) - mask;
  const std::uint64_t borrow = (mask != 0 && low != 0) ? 1 : 0;
  return {low, (static_cast<std::uint64_t>(value.high) ^ mask) - (mask != 0 ? mask : 0) - borrow};
}

constexpr std::int64_t bit_length(Int128 value) {
  const Magnitude128 wide = magnitude(value);
  return static_cast<std::int64_t>(wide.high != 0 ? 64 + std::bit_width(wide.high) : std::bit_width(wide.low));
}

#if TIDEMARK_NATIVE_INT128

namespace detail {
__extension__ typedef __int128 Native;
__extension__ typedef unsigned __int128 UnsignedNative;
constexpr Native native(Int128 value) {
  return static_cast<Native>((static_cast<UnsignedNative>(static_cast<std::uint64_t>(value.high)) << 64) | value.low);
}
constexpr Int128 halves(Native value) {
  return {static_cast<std::uint64_t>(value), static_cast<std::int64_t>(value >> 64)};
}
}  // namespace detail

/// Each returns false and leaves `result` undefined when the exact result does not fit (the portable ones also for a
/// few results at the very edge that would).
constexpr bool add(Int128 a, Int128 b, Int128& result) {
  detail::Native sum = 0;
  if (__builtin_add_overflow(detail::native(a), detail::native(b), &sum)) return false;
  result = detail::halves(sum);
  return true;
}

constexpr bool multiply(Int128 a, std::int64_t b, Int128& result) {
  detail::Native product = 0;
  if (__builtin_mul_overflow(detail::native(a), static_cast<detail::Native>(b), &product)) return false;
  result = detail::halves(product);
  return true;
}

constexpr Int128 product(std::int64_t a, std::int64_t b) {
  return detail::halves(static_cast<detail::Native>(a) * b);
}

#else

namespace detail {

constexpr Magnitude128 widening_product(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t a0 = a & 0xffffffff, a1 = a >> 32, b0 = b & 0xffffffff, b1 = b >> 32;
  const std::uint64_t low = a0 * b0, middle = a1 * b0 + (low >> 32), other = a0 * b1 + (middle & 0xffffffff);
  return {(other << 32) | (low & 0xffffffff), a1 * b1 + (middle >> 32) + (other >> 32)};
}

/// Requires magnitude < 2^127.
constexpr Int128 with_sign(Magnitude128 value, bool negative) {
  const std::uint64_t mask = negative ? ~std::uint64_t{0} : 0;
  const std::uint64_t low = (value.low ^ mask) - mask;
  const std::uint64_t carry = (negative && low == 0) ? 1 : 0;
  return {low, static_cast<std::int64_t>((value.high ^ mask) + carry)};
}

constexpr std::uint64_t unsigned_magnitude(std::int64_t value) {
  return value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
}

}  // namespace detail

constexpr bool add(Int128 a, Int128 b, Int128& result) {
  const std::uint64_t low = a.low + b.low;
  std::int64_t high = 0;
  if (__builtin_add_overflow(a.high, b.high, &high)) return false;
  if (__builtin_add_overflow(high, low < a.low ? 1 : 0, &high)) return false;
  result = {low, high};
  return true;
}

constexpr bool multiply(Int128 a, std::int64_t b, Int128& result) {
  const Magnitude128 wide = magnitude(a);
  const std::uint64_t factor = detail::unsigned_magnitude(b);
  const Magnitude128 low = detail::widening_product(wide.low, factor),
                     high = detail::widening_product(wide.high, factor);
  std::uint64_t top = 0;
  if (high.high != 0 || __builtin_add_overflow(high.low, low.high, &top) || (top >> 63) != 0) return false;
  result = detail::with_sign({low.low, top}, (a.high < 0) != (b < 0));
  return true;
}

constexpr Int128 product(std::int64_t a, std::int64_t b) {
  return detail::with_sign(detail::widening_product(detail::unsigned_magnitude(a), detail::unsigned_magnitude(b)),
                           (a < 0) != (b < 0));
}

#endif

/// value * 10^power.
constexpr bool scale(Int128 value, std::uint32_t power, Int128& result) {
  result = value;
  if (is_zero(value)) return true;
  if (power > 38) return false;
  for (; power > kMaxPower64; power -= kMaxPower64) {
    if (!multiply(result, kPowersOfTen[kMaxPower64], result)) return false;
  }
  return multiply(result, kPowersOfTen[power], result);
}

/// Divides by ten if that leaves no remainder.
constexpr bool divide_by_ten(Int128& value) {
  if ((value.low & 1) != 0) return false;  // odd: spares half of all divisions
  if (fits_int64(value)) {
    const std::int64_t narrow = static_cast<std::int64_t>(value.low);
    if (narrow % 10 != 0) return false;
    value = int128(narrow / 10);
    return true;
  }
  // Schoolbook, 32 bits at a time.
  const Magnitude128 wide = magnitude(value);
  const std::uint32_t digits[4] = {static_cast<std::uint32_t>(wide.high >> 32), static_cast<std::uint32_t>(wide.high),
                                   static_cast<std::uint32_t>(wide.low >> 32), static_cast<std::uint32_t>(wide.low)};
  std::uint64_t quotient[4] = {};
  std::uint64_t rest = 0;
  for (int i = 0; i < 4; ++i) {
    const std::uint64_t part = (rest << 32) | digits[i];
    quotient[i] = part / 10;
    rest = part % 10;
  }
  if (rest != 0) return false;
  const bool negative = value.high < 0;
  const std::uint64_t low = (quotient[2] << 32) | quotient[3], high = (quotient[0] << 32) | quotient[1];
  // Below 2^127 / 10, so the negation cannot overflow.
  value = {negative ? ~low + 1 : low, static_cast<std::int64_t>(negative ? ~high + (low == 0 ? 1 : 0) : high)};
  return true;
}

}  // namespace tidemark
