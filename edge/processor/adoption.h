// What a definition in the configuration makes of a stream in the state (SEMANTICS, rule 9): a new stream, a new
// version of one, other settings for the version that runs, or nothing. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "edge/processor/plan.h"
#include "edge/processor/state.h"
#include "edge/stream/stream_definition.h"

namespace tidemark {

struct Adoption {
  StreamConfigured decision;
  bool ends_version = false;  // what the stream's current version holds must leave and be sealed first
};

/// `lost_sources`: damage took sources, and with them how far their windows had come; every stream then begins a new
/// version, for no revision may have two contents (rule 22). Nullopt: the stream is as the definition wants it.
std::optional<Adoption> decide_adoption(const State& state, const StreamDefinition& definition, bool lost_sources,
                                        ArrivalTime now);

/// The stream of that name, as an index into State::streams; that of a new stream where there is none yet.
std::uint32_t stream_id(const State& state, std::string_view name);

}  // namespace tidemark
