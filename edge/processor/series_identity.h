// What a series of the state is called in the log.
#pragma once

#include "edge/event/event.h"
#include "edge/processor/state.h"

namespace tidemark {

SeriesIdentity identity_of(const State& state, const Series& series);

}  // namespace tidemark
