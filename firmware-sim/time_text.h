// Times and durations as users write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace firmware_sim {

/// "1s", "250ms", "1.5s", "2min": a positive number with at most 9 decimals and one of us, ms, s, min, h. In
/// microseconds; "0" and "0s" are 0. None if it is not one.
std::optional<std::int64_t> parse_duration_us(std::string_view text);

/// "2026-03-01T12:00:00Z", with up to 3 decimals of the second, or a whole number of ms since 1970. In ms; from 1970 to
/// 2200.
std::optional<std::int64_t> parse_time_ms(std::string_view text);

}  // namespace firmware_sim
