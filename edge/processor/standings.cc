#include "edge/processor/standings.h"

#include <utility>
#include <vector>

namespace tidemark {
namespace {

std::vector<LedgerEntry> entries_of(const Ledger& ledger) {
  std::vector<LedgerEntry> entries;
  for (const auto& [counter, n] : ledger.entries()) entries.push_back({name_of(counter), n});
  return entries;
}

SourceStanding standing_of(const State& state, const Source& source) {
  const StreamState& stream = state.streams[source.stream];
  SourceStanding standing;
  standing.stream = stream.name;
  standing.version = state.versions[stream.current].number;
  standing.source = source.name;
  standing.generation = source.generation;
  if (source.progress.watermark != EventTime::earliest()) standing.watermark = source.progress.watermark;
  if (source.progress.sealed_through != EventTime::earliest()) standing.sealed_through = source.progress.sealed_through;
  standing.last_arrival = source.last_arrival;
  standing.clock_offset = source.clock_offset;
  standing.clock_lag = source.clock_lag;
  standing.ledger = entries_of(source.ledger);
  return standing;
}

}  // namespace

void Standings::begin() {
  for (const auto& source : state_.sources) {
    if (source) ++unreported_;
  }
}

SourceReport Standings::report(std::size_t most) {
  SourceReport report;
  // The gateway and the streams are few and say what belongs to no source: they are in every report.
  SourceStanding gateway;
  gateway.ledger = entries_of(state_.gateway);
  report.sources.push_back(std::move(gateway));
  for (const StreamState& stream : state_.streams) {
    SourceStanding own;
    own.stream = stream.name;
    own.version = state_.versions[stream.current].number;
    own.ledger = entries_of(stream.own);
    report.sources.push_back(std::move(own));
  }
  std::size_t looked_at = 0;
  while (unreported_ > 0 && most > 0 && looked_at < state_.sources.size()) {
    if (next_ >= state_.sources.size()) next_ = 0;
    Source* source = state_.sources[next_++].get();
    ++looked_at;
    if (source == nullptr || source->reported) continue;
    report.sources.push_back(standing_of(state_, *source));
    source->reported = true;
    --unreported_;
    --most;
  }
  return report;
}

}  // namespace tidemark
