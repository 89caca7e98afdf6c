// What a value of a JSON payload means as a time or as a field's reading: shared by the formats that are JSON.
#pragma once

#include <optional>

#include "edge/decode/decoded.h"
#include "edge/decode/json_walk.h"
#include "edge/ledger/rejection.h"
#include "edge/stream/stream_definition.h"
#include "edge/time/instant.h"

namespace tidemark {

/// Why there is no time, if so; otherwise it is in `time`. Epochs are numbers, the other formats strings. `utc_offset`:
/// of iso8601_local.
std::optional<Rejection> read_time(const JsonValue& value, TimeFormat format, Duration utc_offset,
                                   std::optional<EventTime>& time);

/// The value found at a configured field's path, which is not absent: its decimal, or why it has none.
void read_field(const JsonValue& value, FieldValue& field);

}  // namespace tidemark
