// Timestamps as devices write them, read exactly from their text: epoch numbers in any unit and RFC 3339. No clock is
// read, no locale or time zone database is consulted, and no double stands between the text and the nanosecond.
#pragma once

#include <cstdint>
#include <string_view>
#include <tl/expected.hpp>

#include "edge/time/instant.h"

namespace tidemark {

enum class TimestampError : std::uint8_t {
  malformed,     // not the grammar, or a date that does not exist
  out_of_range,  // outside [kEarliestEvent, kLatestEvent]
};

/// `number`: a JSON number (RFC 8259 section 6) of `unit`s since 1970-01-01T00:00:00Z, of any length, with or without
/// fraction and exponent. What is finer than a nanosecond is floored, also below zero. Requires `unit` to be a power of
/// ten from 1 ns to 1 s.
tl::expected<EventTime, TimestampError> parse_epoch(std::string_view number, Duration unit);

/// RFC 3339 section 5.6: date, 'T', 't' or a space, time, optional fraction of any length (floored to nanoseconds),
/// then 'Z', 'z' or an offset. A leap second (23:59:60 UTC) is the first second of the next day, as on a POSIX clock. A
/// text without an offset is malformed: it does not name an instant.
tl::expected<EventTime, TimestampError> parse_rfc3339(std::string_view text);

/// ISO 8601 local date and time: as above, without `Z` or offset; seconds may be missing. `utc_offset`: how far that
/// local time is ahead of UTC, whole seconds, at most a day. A text with an offset is malformed here: whom to believe,
/// the device or the caller, cannot be told.
tl::expected<EventTime, TimestampError> parse_iso8601_local(std::string_view text, Duration utc_offset);

}  // namespace tidemark
