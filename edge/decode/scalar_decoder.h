// Format "scalar": the payload is one number, or true, false, on or off in any case. White space around it is allowed.
// The reading is named by the one configured field, or "value"; its time is its arrival.
#pragma once

#include <memory>
#include <string_view>

#include "edge/decode/decoder.h"
#include "edge/decode/identity.h"

namespace tidemark {

/// Names the reading where no field does.
inline constexpr std::string_view kScalarName = "value";

Result<std::unique_ptr<Decoder>, DecoderError> make_scalar_decoder(const StreamDefinition& definition,
                                                                   const PayloadLimits& limits, Identity identity);

}  // namespace tidemark
