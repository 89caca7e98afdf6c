// apply(state, decision): the only code that changes durable state. Live running and recovery both go through it, so a
// recovered state equals the live one byte for byte.
#pragma once

#include "edge/processor/plan.h"
#include "edge/processor/state.h"

namespace tidemark {

void apply(State& state, const StreamConfigured& decision);
void apply(State& state, const NewSource& decision);
void apply(State& state, const NewSeries& decision);
void apply(State& state, const DeliveryChange& decision);
void apply(State& state, const Taken& decision, ArrivalTime arrival);
void apply(State& state, const Count& decision);
void apply(State& state, const SequenceTaken& decision);
void apply(State& state, const CountedReading& decision);
void apply(State& state, const ClockSuspected& decision);
void apply(State& state, const PaneEmitted& decision);
void apply(State& state, const Sealed& decision);
void apply(State& state, const SeriesDropped& decision);

/// Null: nothing is suspected.
void set_suspicion(Source& source, const ClockSuspicion* suspicion);

/// Adds n to a counter of a source and to its stream's total.
void count(State& state, Source& source, Counter counter, std::uint64_t n);

}  // namespace tidemark
