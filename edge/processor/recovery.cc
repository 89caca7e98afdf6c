#include "edge/processor/recovery.h"

#include <algorithm>

#include "edge/event/event.h"
#include "edge/processor/apply.h"
#include "edge/processor/tags.h"

namespace tidemark {
namespace {

/// Whether every source and series the decision names is there, so that apply's asserts hold.
bool applicable(const State& state, const Count& decision) {
  switch (decision.scope) {
    case Count::Scope::gateway:
      return true;
    case Count::Scope::stream:
      return decision.id < state.streams.size();
    case Count::Scope::source:
      return state.find_source(decision.id) != nullptr;
  }
  return false;
}

bool applicable(const State& state, const NewSource& decision) {
  return decision.stream < state.streams.size() && state.find_source(decision.source) == nullptr;
}

bool applicable(const State& state, const NewSeries& decision) {
  return decision.version < state.versions.size() && state.find_source(decision.source) != nullptr &&
         state.find_series(decision.series) == nullptr;
}

bool applicable(const State& state, const CountedReading& decision) {
  return state.find_series(decision.series) != nullptr;
}

bool applicable(const State& state, const PaneEmitted& decision) {
  const Series* series = state.find_series(decision.series);
  if (series == nullptr) return false;
  if (decision.kind != PaneKind::delta) return series->windows.holds(decision.start);
  return std::any_of(series->deltas.begin(), series->deltas.end(),
                     [&](const PendingDelta& delta) { return delta.start == decision.start; });
}

bool applicable(const State& state, const Sealed& decision) {
  return decision.one_series ? state.find_series(decision.id) != nullptr : state.find_source(decision.id) != nullptr;
}

bool applicable(const State& state, const SeriesDropped& decision) {
  return state.find_series(decision.series) != nullptr;
}

}  // namespace

bool Recovery::shard(std::uint32_t shard, std::uint64_t position, std::string_view bytes) {
  if (shard >= kShardCount) return false;
  if (!decode_shard(state_, shard, bytes)) {
    lost_shard(shard);
    return false;
  }
  positions_[shard] = position;
  return true;
}

template <typename Decision>
void Recovery::apply_where_new(std::uint32_t shard, const Decision& decision) {
  if (!is_new(shard)) return;
  if (applicable(state_, decision)) {
    apply(state_, decision);
  } else {
    ++orphans_;
  }
}

bool Recovery::row(std::uint64_t position, std::string_view bytes) {
  if (bytes.empty()) return true;  // a group that only wrote events decided nothing
  const std::optional<Plan> plan = Plan::decode(bytes);
  if (!plan) return false;
  position_ = position;
  const auto shard_of_series = [&](std::uint32_t id) {
    const Series* series = state_.find_series(id);
    return series == nullptr ? kWholeGatewayShard : shard_of_source(series->source);
  };
  if (is_new(kWholeGatewayShard)) {
    for (const StreamConfigured& decision : plan->streams) {
      if (decision.stream <= state_.streams.size()) apply(state_, decision);
    }
    for (const DeliveryChange& decision : plan->deliveries) apply(state_, decision);
  }
  for (const NewSource& decision : plan->sources) {
    if (decision.source >= state_.sources.size()) state_.sources.resize(decision.source + std::size_t{1});
    apply_where_new(shard_of_source(decision.source), decision);
  }
  for (const NewSeries& decision : plan->series) {
    if (decision.series >= state_.series.size()) state_.series.resize(decision.series + std::size_t{1});
    apply_where_new(shard_of_source(decision.source), decision);
  }
  for (const Taken& decision : plan->taken) {
    if (!is_new(shard_of_source(decision.source))) continue;
    if (state_.find_source(decision.source) != nullptr) {
      apply(state_, decision, plan->arrival);
    } else {
      // Its source went with a damaged row: the messages stay accounted for, by the gateway.
      state_.gateway.add(Counter::received, decision.messages);
      state_.gateway.add(Counter::decoded, decision.messages);
      count_damaged(decision.readings);
    }
  }
  for (const Count& decision : plan->counts) {
    apply_where_new(decision.scope == Count::Scope::source ? shard_of_source(decision.id) : kWholeGatewayShard,
                    decision);
  }
  for (const SequenceTaken& decision : plan->sequences) {
    if (is_new(shard_of_source(decision.source)) && state_.find_source(decision.source) != nullptr) {
      apply(state_, decision);
    }
  }
  for (const CountedReading& decision : plan->readings) {
    if (state_.find_series(decision.series) == nullptr) {
      orphan_reading();
      continue;
    }
    apply_where_new(shard_of_series(decision.series), decision);
  }
  for (const ClockSuspected& decision : plan->suspicions) {
    if (is_new(shard_of_source(decision.source)) && state_.find_source(decision.source) != nullptr) {
      apply(state_, decision);
    }
  }
  for (const PaneEmitted& decision : plan->panes) apply_where_new(shard_of_series(decision.series), decision);
  for (const Sealed& decision : plan->sealed) {
    apply_where_new(decision.one_series ? shard_of_series(decision.id) : shard_of_source(decision.id), decision);
  }
  for (const SeriesDropped& decision : plan->dropped) apply_where_new(shard_of_series(decision.series), decision);
  return true;
}

void Recovery::orphan_reading() {
  // A series that was dropped later, in a part of the journal its shard has seen, is no orphan: only one whose shard
  // has not seen this row is. Its shard is not known any more, so the gateway's stands for it.
  if (!is_new(kWholeGatewayShard)) return;
  ++orphans_;
}

void Recovery::count_damaged(std::uint32_t readings) {
  ++orphans_;
  state_.gateway.add(Counter::readings, readings);
  state_.gateway.add(Counter::damaged, readings);
}

void Recovery::damaged(std::uint64_t position, std::uint32_t readings, const std::vector<std::string>& events) {
  position_ = position;
  ++orphans_;
  // A shard that was written after the row has seen it, and knows what became of it.
  for (std::uint32_t shard = 0; shard < kShardCount; ++shard) damaged_rows_[shard] += is_new(shard) ? 1u : 0u;
  if (is_new(kWholeGatewayShard)) count_damaged(readings);
  for (const std::string& bytes : events) {
    const auto event = decode_event(bytes);
    const auto* batch = event ? std::get_if<WindowBatch>(&event->body) : nullptr;
    if (batch == nullptr) continue;
    for (const DecodedPane& decoded : batch->panes) {
      if (decoded.pane.kind == PaneKind::delta) delta_had_left(batch->series[decoded.series], decoded.pane);
    }
  }
}

void Recovery::lost_shard(std::uint32_t shard) {
  ++orphans_;
  if (shard != kWholeGatewayShard) lost_sources_ = true;
}

Series* Recovery::find_series(const SeriesIdentity& identity) const {
  for (std::uint32_t stream = 0; stream < state_.streams.size(); ++stream) {
    if (state_.streams[stream].name != identity.stream) continue;
    const Source* source = state_.source_index.find({stream, identity.source});
    if (source == nullptr) return nullptr;
    for (const std::uint32_t id : source->series) {
      Series& series = *state_.series[id];
      if (state_.versions[series.version].number == identity.version && series.label->field == identity.field &&
          tags_json(series.label->tags) == identity.tags) {
        return &series;
      }
    }
  }
  return nullptr;
}

/// The log says what the damaged row did: the readings of the delta are emitted, those that came with the row itself,
/// too.
void Recovery::delta_had_left(const SeriesIdentity& identity, const Pane& pane) {
  Series* series = find_series(identity);
  if (series == nullptr || !is_new(shard_of_source(series->source))) return;
  const auto pending = std::find_if(series->deltas.begin(), series->deltas.end(),
                                    [&](const PendingDelta& delta) { return delta.start == pane.start; });
  const std::uint64_t known = pending == series->deltas.end() ? 0 : pending->state.count();
  const std::uint64_t emitted = pane.state.count();
  if (known > emitted) return;  // not the delta that left: it has readings that the pane does not
  Ledger& ledger = state_.sources[series->source]->ledger;
  ledger.emit(static_cast<std::int64_t>(known));
  const std::uint64_t fresh = std::min(emitted - known, state_.gateway[Counter::damaged]);
  for (const Counter counter : {Counter::readings, Counter::counted, Counter::emitted}) ledger.add(counter, fresh);
  // Back from where count_damaged put them: counters wrap.
  for (const Counter counter : {Counter::readings, Counter::damaged}) state_.gateway.add(counter, 0 - fresh);
  if (pending != series->deltas.end()) series->deltas.erase(pending);
}

void Recovery::finish() {
  if (orphans_ > 0) settle_damage();
  for (StreamState& stream : state_.streams) stream.total = stream.own;
  for (const auto& source : state_.sources) {
    if (source) state_.streams[source->stream].total.merge(source->ledger);
  }
}

/// After damage the books are put right by what is known. Readings of a source that were decoded but whose window went
/// with a damaged row are `damaged`. A lost row may have emitted one pane of each window: their revisions are passed
/// over, so that no revision has two contents (rule 22), and each window is emitted again.
void Recovery::settle_damage() {
  for (const auto& source : state_.sources) {
    if (!source) continue;
    const Ledger& ledger = source->ledger;
    const std::uint64_t accounted = ledger[Counter::counted] + ledger[Counter::duplicate] + ledger.rejected_readings() +
                                    ledger[Counter::quarantined] + ledger[Counter::waiting] + ledger[Counter::damaged];
    if (ledger[Counter::readings] > accounted) {
      source->ledger.add(Counter::damaged, ledger[Counter::readings] - accounted);
    }
    const std::uint32_t passed_over = damaged_rows_[shard_of_source(source->id)];
    if (passed_over == 0) continue;
    for (const std::uint32_t id : source->series) state_.series[id]->windows.emit_again(passed_over);
  }
}

}  // namespace tidemark
