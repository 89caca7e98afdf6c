#include "edge/decode/decoder.h"

#include <algorithm>
#include <array>

#include "edge/bytes/assert.h"
#include "edge/decode/batch_decoder.h"
#include "edge/decode/identity.h"
#include "edge/decode/json_decoder.h"
#include "edge/decode/line_protocol_decoder.h"
#include "edge/decode/scalar_decoder.h"
#include "edge/decode/senml_decoder.h"

namespace tidemark {
namespace {

struct Format {
  PayloadFormat format;
  Result<std::unique_ptr<Decoder>, DecoderError> (*make)(const StreamDefinition&, const PayloadLimits&, Identity);
};

// A new format is a file and a line here.
constexpr std::array kFormats = {
    Format{PayloadFormat::json, make_json_decoder},   Format{PayloadFormat::scalar, make_scalar_decoder},
    Format{PayloadFormat::batch, make_batch_decoder}, Format{PayloadFormat::line_protocol, make_line_protocol_decoder},
    Format{PayloadFormat::senml, make_senml_decoder},
};

}  // namespace

Result<std::unique_ptr<Decoder>, DecoderError> Decoder::create(const StreamDefinition& definition,
                                                               const PayloadLimits& limits) {
  auto identity = Identity::create(definition);
  if (!identity) return tl::unexpected(identity.error());
  const auto* const format = std::find_if(kFormats.begin(), kFormats.end(),
                                          [&](const Format& known) { return known.format == definition.format; });
  TIDEMARK_ASSERT(format != kFormats.end());
  return format->make(definition, limits, std::move(*identity));
}

}  // namespace tidemark
