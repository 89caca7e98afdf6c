#include "tests/scenario/model_gateway.h"

#include <stdexcept>

#include "edge/processor/shard.h"

namespace tidemark::test {

std::unique_ptr<Processor> ModelGateway::recovered() {
  auto processor = Processor::create(settings_);
  if (!processor) throw std::runtime_error("configuration: " + processor.error().context);
  Recovery& recovery = (*processor)->recovery();
  // The gateway's shard first: sources refer to its streams.
  for (const bool gateway : {true, false}) {
    for (const auto& [number, shard] : shards_) {
      if ((number == kWholeGatewayShard) != gateway) continue;
      if (!recovery.shard(number, shard.position, shard.bytes)) {
        break_law("shard " + std::to_string(number) + " cannot be read");
      }
    }
  }
  for (std::size_t i = 0; i < plans_.size(); ++i) {
    // An empty group has no row.
    if (!plans_[i].empty() && !recovery.row(i + 1, plans_[i])) {
      break_law("row " + std::to_string(i + 1) + " cannot be read");
    }
  }
  if (recovery.orphans() != 0) break_law("a decision found nothing to be applied to");
  return std::move(*processor);
}

std::vector<EmittedPane> ModelGateway::start(Now now) {
  processor_ = recovered();
  return commit(processor_->start(now));
}

std::vector<EmittedPane> ModelGateway::reconfigure(Now now) {
  auto group = processor_->reconfigure(settings_, now);
  if (!group) {
    break_law("the settings are refused: " + group.error().context);
    return {};
  }
  return commit(*std::move(group));
}

std::vector<EmittedPane> ModelGateway::end_group(Now now) {
  return commit(processor_->end_group(now));
}

std::vector<EmittedPane> ModelGateway::commit(Group group) {
  if (!group.plan.empty()) plans_.push_back(group.plan);
  if (group.every_shard) {
    for (std::uint32_t shard = 0; shard < kShardCount; ++shard) snapshot(shard);
  }
  for (DeadLetter& letter : group.dead_letters) dead_letters_.push_back(std::move(letter));
  std::vector<EmittedPane> panes;
  for (const SeriesPane& pane : group.panes) {
    fold_.accept(*pane.series, *pane.pane);
    panes.push_back({*pane.series, *pane.pane});
  }
  check_laws();
  return panes;
}

void ModelGateway::snapshot(std::uint32_t shard) {
  shards_[shard] = {plans_.size(), processor_->shard(shard)};
}

void ModelGateway::check_progress(std::uint64_t key, std::uint32_t generation, const Progress& progress) {
  Marks& marks = marks_[key];
  if (generation < marks.generation) break_law("a generation went back");
  if (generation == marks.generation && progress.watermark < marks.watermark) break_law("a watermark went back");
  if (progress.sealed_through < marks.sealed_through) break_law("sealed_through went back");
  marks = {generation, progress.watermark, progress.sealed_through};
}

void ModelGateway::check_laws() {
  const State& state = processor_->state();
  auto emitted = fold_.totals();
  std::string imbalance = state.gateway.imbalance();
  for (const StreamState& stream : state.streams) {
    if (imbalance.empty()) imbalance = stream.own.imbalance();
    if (imbalance.empty()) imbalance = stream.total.imbalance();
  }
  for (const auto& source : state.sources) {
    if (!source) continue;
    const Ledger& ledger = source->ledger;
    if (imbalance.empty()) imbalance = ledger.imbalance();
    const std::uint64_t folded = emitted[{state.streams[source->stream].name, source->name}];
    if (ledger[Counter::emitted] != folded) {
      break_law("emitted " + std::to_string(ledger[Counter::emitted]) + " is not the fold's " + std::to_string(folded));
    }
    check_progress(source->id, source->generation, source->progress);
    std::uint64_t open = 0;
    for (const std::uint32_t id : source->series) {
      const Series& series = *state.series[id];
      check_progress((std::uint64_t{1} << 32) | id, source->generation, own_progress(series));
      series.windows.for_each([&](const OpenWindow& window) { open += window.state.count() - window.emitted; });
      for (const PendingDelta& delta : series.deltas) open += delta.state.count();
    }
    if (ledger[Counter::open] != open) {
      break_law("open " + std::to_string(ledger[Counter::open]) + " is not the windows' " + std::to_string(open));
    }
  }
  if (!imbalance.empty()) break_law(imbalance);
  if (fold_.conflicts() != 0) break_law("a revision came twice, or went back");
}

std::optional<std::uint32_t> ModelGateway::first_difference(const State& a, const State& b) {
  for (std::uint32_t shard = 0; shard < kShardCount; ++shard) {
    if (encode_shard(a, shard) != encode_shard(b, shard)) return shard;
  }
  return std::nullopt;
}

}  // namespace tidemark::test
