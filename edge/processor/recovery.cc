#include "edge/processor/recovery.h"

#include <algorithm>

#include "edge/processor/apply.h"

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
  if (shard >= kShardCount || !decode_shard(state_, shard, bytes)) return false;
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
      damaged(decision.readings);
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

void Recovery::damaged(std::uint32_t readings) {
  ++orphans_;
  ++damaged_rows_;
  state_.gateway.add(Counter::readings, readings);
  state_.gateway.add(Counter::damaged, readings);
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
    for (const std::uint32_t id : source->series) state_.series[id]->windows.emit_again(damaged_rows_);
  }
}

}  // namespace tidemark
