// Format "line_protocol": InfluxDB's line protocol, as Telegraf writes it. Each line is a record; a malformed one is
// rejected alone. A number or boolean is a reading, named by its measurement and key ("cpu.usage_idle"); strings are
// none. The line's own tags are the series' tags, beside the topic's variables, unless `tags` says which. Lines in
// which the stream wants nothing are skipped; a message of nothing else is missing_field.
#pragma once

#include <memory>

#include "edge/decode/decoder.h"
#include "edge/decode/identity.h"

namespace tidemark {

Result<std::unique_ptr<Decoder>, DecoderError> make_line_protocol_decoder(const StreamDefinition& definition,
                                                                          const PayloadLimits& limits,
                                                                          Identity identity);

}  // namespace tidemark
