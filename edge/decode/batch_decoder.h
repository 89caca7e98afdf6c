// Format "batch": what devices and gateways send to ThingsBoard as telemetry.
//
//   {"ts":1451649600512,"values":{"temperature":21.5}}     a record of that time
//   {"temperature":21.5}                                   a record of its arrival
//   [{...},{...}]                                          records of either kind
//   {"Device A":[{...},{...}],"Device B":[...]}            those of a gateway's devices (v1/gateway/telemetry)
//
// With source = "device" the payload is the last of these and its keys are the sources; it is one of the others
// otherwise. Both cannot be told apart by looking at them: a device may name a value as it likes.
#pragma once

#include <memory>
#include <string_view>

#include "edge/decode/decoder.h"
#include "edge/decode/identity.h"

namespace tidemark {

/// `source` of a stream whose sources are the keys of the payload.
inline constexpr std::string_view kBatchDevice = "device";

Result<std::unique_ptr<Decoder>, DecoderError> make_batch_decoder(const StreamDefinition& definition,
                                                                  const PayloadLimits& limits, Identity identity);

}  // namespace tidemark
