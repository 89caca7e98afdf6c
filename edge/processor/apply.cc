#include "edge/processor/apply.h"

#include <algorithm>

#include "edge/bytes/assert.h"

namespace tidemark {
namespace {

std::uint16_t pane_flags_of(const CountedReading& reading, bool drop_duplicates) {
  std::uint16_t flags = 0;
  if ((reading.flags & CountedReading::kInexact) != 0) flags |= pane_flag::inexact;
  if ((reading.flags & CountedReading::kRestamped) != 0) flags |= pane_flag::restamped;
  if ((reading.flags & CountedReading::kBadClock) != 0) flags |= pane_flag::bad_clock;
  if ((reading.flags & CountedReading::kDelta) != 0 && drop_duplicates) flags |= pane_flag::dedup_unknown;
  return flags;
}

/// The delta of the window at `start`; made, in its place by start, where there is none.
PendingDelta& delta_at(std::vector<PendingDelta>& deltas, EventTime start, ComponentSet components) {
  auto place = deltas.end();
  while (place != deltas.begin() && std::prev(place)->start >= start) --place;
  if (place != deltas.end() && place->start == start) return *place;
  PendingDelta fresh;
  fresh.start = start;
  fresh.state = WindowState(components);
  return *deltas.insert(place, std::move(fresh));
}

/// Rule 13. The marks of a source's series begin with their source's clock; what is sealed stays so.
void begin_generation(State& state, Source& source) {
  ++source.generation;
  source.suspicion.reset();
  source.progress.begin_generation();
  for (const std::uint32_t id : source.series) {
    if (state.series[id]->progress) state.series[id]->progress->begin_generation();
  }
}

void emit(State& state, Source& source, std::int64_t n) {
  source.ledger.emit(n);
  state.streams[source.stream].total.emit(n);
}

}  // namespace

void count(State& state, Source& source, Counter counter, std::uint64_t n) {
  source.ledger.add(counter, n);
  state.streams[source.stream].total.add(counter, n);
}

void set_suspicion(Source& source, const ClockSuspicion* suspicion) {
  if (suspicion == nullptr) {
    source.suspicion.reset();
  } else if (source.suspicion) {
    *source.suspicion = *suspicion;
  } else {
    source.suspicion = std::make_unique<ClockSuspicion>(*suspicion);
  }
}

void apply(State& state, const StreamConfigured& decision) {
  if (decision.stream >= state.streams.size()) state.streams.resize(decision.stream + std::size_t{1});
  StreamState& stream = state.streams[decision.stream];
  const bool fresh = stream.name.empty();
  stream.name = decision.name;
  stream.settings = decision.settings;
  if (!fresh && state.versions[stream.current].number == decision.version) return;
  stream.current = static_cast<std::uint32_t>(state.versions.size());
  state.versions.push_back(
      {decision.stream, decision.version, decision.fingerprint, decision.grid, decision.components});
}

void apply(State& state, const NewSource& decision) {
  auto source = std::make_unique<Source>();
  source->id = decision.source;
  source->stream = decision.stream;
  source->name = decision.name;
  state.insert(std::move(source));
}

void apply(State& state, const NewSeries& decision) {
  auto series = std::make_unique<Series>();
  series->id = decision.series;
  series->source = decision.source;
  series->version = decision.version;
  series->label = state.labels.take(decision.tags, decision.field, decision.unit, decision.kind);
  const Source& source = *state.sources[decision.source];
  const bool own_marks = state.streams[source.stream].settings.watermark_per_series;
  if (own_marks && source.expired_through != EventTime::earliest()) {
    own_progress(*series).seal(source.expired_through);
  }
  state.insert(std::move(series));
}

void apply(State& state, const DeliveryChange& decision) {
  switch (decision.kind) {
    case DeliveryChange::Kind::taken:
      state.redeliveries.take(decision.packet_id, decision.value, decision.ordinal);
      break;
    case DeliveryChange::Kind::retired:
      state.redeliveries.retire(decision.value);
      break;
    case DeliveryChange::Kind::cleared:
      state.redeliveries.clear();
      break;
  }
}

void apply(State& state, const Taken& decision, ArrivalTime arrival) {
  Source& source = *state.sources[decision.source];
  count(state, source, Counter::received, decision.messages);
  count(state, source, Counter::decoded, decision.messages);
  count(state, source, Counter::readings, decision.readings);
  source.last_arrival = arrival;
}

void apply(State& state, const Count& decision) {
  switch (decision.scope) {
    case Count::Scope::gateway:
      state.gateway.add(decision.counter, decision.n);
      break;
    case Count::Scope::stream:
      state.streams[decision.id].own.add(decision.counter, decision.n);
      state.streams[decision.id].total.add(decision.counter, decision.n);
      break;
    case Count::Scope::source:
      count(state, *state.sources[decision.id], decision.counter, decision.n);
      break;
  }
}

void apply(State& state, const SequenceTaken& decision) {
  state.sources[decision.source]->sequence.take(decision.number, decision.modulus, decision.verdict);
}

void apply(State& state, const CountedReading& decision) {
  Series& series = *state.series[decision.series];
  Source& source = *state.sources[series.source];
  const StreamSettings& settings = state.streams[source.stream].settings;
  const StreamVersion& version = state.versions[series.version];
  const EventTime start = version.grid.start_of(decision.time);
  const std::uint16_t flags = pane_flags_of(decision, settings.drop_duplicates);

  if ((decision.flags & CountedReading::kDelta) != 0) {
    PendingDelta& delta = delta_at(series.deltas, start, version.components);
    delta.state.add(decision.time, decision.value);
    delta.flags |= flags;
  } else {
    OpenWindow& window = series.windows.at(start, version.components);
    window.state.add(decision.time, decision.value);
    window.flags |= flags;
    window.dirty = true;
    if ((decision.flags & CountedReading::kExempt) == 0 && settings.drop_duplicates) {
      window.points.add(decision.time - start, decision.value);
      if (decision.time > series.max_event) series.max_event = decision.time;
    }
  }
  if ((decision.flags & CountedReading::kNewGeneration) != 0) begin_generation(state, source);
  if ((decision.flags & CountedReading::kMovesClock) != 0) {
    if (settings.watermark_per_series) {
      own_progress(series).observe(decision.time, settings.out_of_orderness);
      // The source's maximum is that of all its series: rule 28 asks for it.
      source.progress.max_event = std::max(source.progress.max_event, decision.time);
    } else {
      source.progress.observe(decision.time, settings.out_of_orderness);
    }
  }
  count(state, source, Counter::counted, 1);
  count(state, source, Counter::open, 1);
}

void apply(State& state, const ClockSuspected& decision) {
  set_suspicion(*state.sources[decision.source], decision.suspicion ? &*decision.suspicion : nullptr);
}

void apply(State& state, const PaneEmitted& decision) {
  Series& series = *state.series[decision.series];
  Source& source = *state.sources[series.source];
  if (decision.kind == PaneKind::delta) {
    const auto at = std::find_if(series.deltas.begin(), series.deltas.end(),
                                 [&](const PendingDelta& delta) { return delta.start == decision.start; });
    TIDEMARK_ASSERT(at != series.deltas.end());
    emit(state, source, static_cast<std::int64_t>(at->state.count()));
    series.deltas.erase(at);
    return;
  }
  emit(state, source, series.windows.emit(decision.start));
}

void apply(State& state, const Sealed& decision) {
  if (decision.one_series) {
    Series& series = *state.series[decision.id];
    series.windows.erase_through(decision.through - state.versions[series.version].grid.size);
    own_progress(series).seal(decision.through);
    return;
  }
  Source& source = *state.sources[decision.id];
  for (const std::uint32_t id : source.series) {
    Series& series = *state.series[id];
    series.windows.erase_through(decision.through - state.versions[series.version].grid.size);
  }
  source.progress.seal(decision.through);
}

void apply(State& state, const SeriesDropped& decision) {
  if (decision.expired) {
    const Series& series = *state.series[decision.series];
    EventTime& through = state.sources[series.source]->expired_through;
    through = std::max(through, own_progress(series).sealed_through);
  }
  state.drop_series(decision.series);
}

}  // namespace tidemark
