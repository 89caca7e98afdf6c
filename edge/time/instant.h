// Time as a value. Event time (the device's clock), arrival time (the gateway's wall clock) and monotonic time are
// three types that do not mix; all are int64 nanoseconds, the first two since 1970-01-01T00:00:00Z, UTC. Nothing here
// reads a clock: the one real clock lives in the gateway.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace tidemark {

/// A signed span of time in nanoseconds.
struct Duration {
  std::int64_t ns = 0;
  friend constexpr auto operator<=>(const Duration&, const Duration&) = default;
};

constexpr Duration nanoseconds(std::int64_t n) {
  return {n};
}
constexpr Duration milliseconds(std::int64_t n) {
  return {n * 1'000'000};
}
constexpr Duration seconds(std::int64_t n) {
  return {n * 1'000'000'000};
}
constexpr Duration minutes(std::int64_t n) {
  return seconds(n * 60);
}
constexpr Duration hours(std::int64_t n) {
  return minutes(n * 60);
}
constexpr Duration days(std::int64_t n) {
  return hours(n * 24);
}

/// a + b, held at the ends of int64 instead of overflowing.
constexpr std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) {
    return b > 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
  }
  return sum;
}

/// a - b, held at the ends of int64 instead of overflowing.
constexpr std::int64_t saturating_subtract(std::int64_t a, std::int64_t b) {
  std::int64_t difference = 0;
  if (__builtin_sub_overflow(a, b, &difference)) {
    return b < 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
  }
  return difference;
}

/// Sums and differences of spans saturate, too.
constexpr Duration operator+(Duration a, Duration b) {
  return {saturating_add(a.ns, b.ns)};
}
constexpr Duration operator-(Duration a, Duration b) {
  return {saturating_subtract(a.ns, b.ns)};
}

/// A point on one clock. Arithmetic saturates, so no timestamp a device can send overflows.
template <typename Clock>
struct Instant {
  std::int64_t ns = 0;
  friend constexpr auto operator<=>(const Instant&, const Instant&) = default;
  friend constexpr Instant operator+(Instant t, Duration d) { return {saturating_add(t.ns, d.ns)}; }
  friend constexpr Instant operator-(Instant t, Duration d) { return {saturating_subtract(t.ns, d.ns)}; }
  friend constexpr Duration operator-(Instant a, Instant b) { return {saturating_subtract(a.ns, b.ns)}; }
  static constexpr Instant earliest() { return {std::numeric_limits<std::int64_t>::min()}; }
  static constexpr Instant latest() { return {std::numeric_limits<std::int64_t>::max()}; }
};

using EventTime = Instant<struct EventClock>;
using ArrivalTime = Instant<struct ArrivalClock>;
using MonotonicTime = Instant<struct MonotonicClock>;

/// Event times outside [kEarliestEvent, kLatestEvent] are rejected as out_of_range: the margin of 97 years to either
/// end of int64 keeps every window bound and watermark exact. (1775-02-24T00:08:28Z to 2164-11-06T23:51:31Z.)
inline constexpr EventTime kEarliestEvent{std::numeric_limits<std::int64_t>::min() / 3 * 2};
inline constexpr EventTime kLatestEvent{std::numeric_limits<std::int64_t>::max() / 3 * 2};

}  // namespace tidemark
