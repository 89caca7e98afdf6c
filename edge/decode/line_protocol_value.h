// The value of a field of line protocol: what kind it is, and the decimal that a number or boolean says.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "edge/decode/decoded.h"
#include "edge/decode/line_protocol_reader.h"

namespace tidemark {

/// `text`: a value that is no string, with the 'i' of an integer or the 'u' of an unsigned one. nullopt: it is no
/// value.
std::optional<LineProtocolField::Kind> line_protocol_kind(std::string_view text);

/// '-' or not, digits with or without a point anywhere among or beside them, and an exponent or none: "-04.", ".5",
/// "1e-3". A '+' stands only in an exponent.
bool is_line_protocol_decimal(std::string_view text);

/// Puts the value of a field into a reading, or why it has none: a string is `wrong_type`, an integer beyond int64 and
/// an unsigned one beyond uint64 `out_of_range`. `scratch` is overwritten.
void read_line_protocol_value(const LineProtocolField& field, std::string& scratch, FieldValue& reading);

}  // namespace tidemark
