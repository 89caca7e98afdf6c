// Format "json": objects and arrays (RFC 8259), values found by paths.
//
// A record is the message, or an element of `each`; `each` may also lead to one object, and "^" makes the message
// itself the array. An element that is neither object nor array is a record rejected as wrong_type: no path leads into
// it. `nodes[].readings` goes into every element of one array for another inside it; of an element in which it leads
// nowhere, one record is rejected as missing_field.
#pragma once

#include <memory>

#include "edge/decode/decoder.h"
#include "edge/decode/identity.h"

namespace tidemark {

Result<std::unique_ptr<Decoder>, DecoderError> make_json_decoder(const StreamDefinition& definition,
                                                                 const PayloadLimits& limits, Identity identity);

}  // namespace tidemark
