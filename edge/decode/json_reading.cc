#include "edge/decode/json_reading.h"

#include "edge/time/timestamp.h"

namespace tidemark {
namespace {

Duration unit_of(TimeFormat format) {
  switch (format) {
    case TimeFormat::seconds:
      return seconds(1);
    case TimeFormat::milliseconds:
      return milliseconds(1);
    case TimeFormat::microseconds:
      return nanoseconds(1000);
    case TimeFormat::nanoseconds:
    case TimeFormat::rfc3339:
    case TimeFormat::iso8601_local:
      break;
  }
  return nanoseconds(1);
}

}  // namespace

std::optional<Rejection> read_time(const JsonValue& value, TimeFormat format, Duration utc_offset,
                                   std::optional<EventTime>& time) {
  const bool local = format == TimeFormat::iso8601_local;
  const bool is_text = local || format == TimeFormat::rfc3339;
  if (value.kind != (is_text ? JsonValue::Kind::string : JsonValue::Kind::number)) return Rejection::no_time;
  const auto parsed = local     ? parse_iso8601_local(value.text, utc_offset)
                      : is_text ? parse_rfc3339(value.text)
                                : parse_epoch(value.text, unit_of(format));
  if (!parsed) return parsed.error() == TimestampError::out_of_range ? Rejection::out_of_range : Rejection::no_time;
  time = *parsed;
  return std::nullopt;
}

void read_field(const JsonValue& value, FieldValue& field) {
  field.value = value.value;
  field.inexact = value.inexact;
  if (value.out_of_range) {
    field.rejection = Rejection::out_of_range;
  } else if (value.kind == JsonValue::Kind::nonfinite) {
    field.rejection = Rejection::nonfinite;
  } else if (value.kind != JsonValue::Kind::number && value.kind != JsonValue::Kind::boolean) {
    field.rejection = Rejection::wrong_type;
  }
}

}  // namespace tidemark
