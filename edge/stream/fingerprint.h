// What makes a new version of a stream (SEMANTICS, rule 9).
#pragma once

#include <string>

#include "edge/stream/stream_definition.h"

namespace tidemark {

/// A canonical text of the stream's window size, offset, fields and aggregates: two definitions of the same stream
/// belong to the same version exactly when their fingerprints are equal. The order in which fields and aggregates are
/// written means nothing. The text is stored with the version: its form never changes, only lines may be appended for
/// what did not exist before.
std::string fingerprint(const StreamDefinition& definition);

}  // namespace tidemark
