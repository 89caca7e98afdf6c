// Durations and sizes as people write them: "1.5s", "100ms", "256KiB". Read exactly, never through a double.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "edge/time/instant.h"
#include "gateway/config/problem.h"

namespace tidemark {

/// A decimal number and one of `ns us ms s min h d`; "0" needs no unit; a leading '-' is allowed (keys say whether it
/// makes sense). A value finer than a nanosecond or beyond int64 nanoseconds (292 years) is a mistake.
tl::expected<Duration, Mistake> parse_duration(std::string_view text);

/// A decimal number and one of `B KiB MiB GiB`; "0" needs no unit. Whole bytes only, at most 2^63 - 1.
tl::expected<std::uint64_t, Mistake> parse_size(std::string_view text);

/// "+02:00", "-03:30": how far local time is ahead of UTC, at most 18 h. Nullopt: it is none.
std::optional<Duration> parse_utc_offset(std::string_view text);
std::string format_utc_offset(Duration offset);

/// In the largest unit that divides it: "1500ms", "1min", "0s". parse_duration reads it back exactly.
std::string format_duration(Duration duration);

/// In the largest unit that divides it: "256KiB", "1000B". parse_size reads it back exactly.
std::string format_size(std::uint64_t bytes);

/// For people, not to be read back: "38.4 MiB", "900 B".
std::string approximate_size(std::uint64_t bytes);

}  // namespace tidemark
