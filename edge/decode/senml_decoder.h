// Format "senml": packs of RFC 8428, in JSON (the first byte that is no white space is '[') or CBOR (the first byte is
// that of an array). Both are resolved alike: base fields hold for their record and all that follow, until replaced.
//
// What a field is called depends on `source`. From the topic, or the whole topic: by the resolved name, base name and
// name joined ("urn:dev:ow:10e2073a0108006:voltage", "/3303/0/5700"). "bn": the base name is the source, without one
// separator at its end, and the field is called by the name alone; without a name by its unit (section 5.1.3 tells
// quantities apart by nothing else), without both "value".
//
// A value is a reading of that field, a sum one of a field with "#sum" behind the name. A configured field takes what
// has its name and, where both say one, its unit; what has its name and another unit is rejected as wrong_type, so that
// degrees of two kinds never meet in one mean. Text and data values are no readings.
//
// bver above 10, or an unknown field that must be understood, and the pack is malformed (section 4.4).
#pragma once

#include <memory>

#include "edge/decode/decoder.h"
#include "edge/decode/identity.h"

namespace tidemark {

Result<std::unique_ptr<Decoder>, DecoderError> make_senml_decoder(const StreamDefinition& definition,
                                                                  const PayloadLimits& limits, Identity identity);

}  // namespace tidemark
