// Recovery: shards, then the journal rows that each shard has not yet seen. Nothing is decided again; what a damaged
// row or shard leaves without its base is counted as damaged, and the rest works.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "edge/processor/plan.h"
#include "edge/processor/shard.h"
#include "edge/processor/state.h"

namespace tidemark {

class Recovery {
 public:
  explicit Recovery(State& state) : state_(state) { positions_.fill(0); }

  /// A shard as of journal position `position`. The gateway's shard first. False: damaged; its readings are gone.
  bool shard(std::uint32_t shard, std::uint64_t position, std::string_view bytes);

  /// A journal row, in order of position. False: not readable; then call `damaged`.
  bool row(std::uint64_t position, std::string_view plan);

  /// A row that was set aside, in its place among the others: its readings are counted as damaged, for the gateway, but
  /// those that had left with it as deltas. `events`: what was committed with it, as far as it is known; deltas in
  /// there do not leave again.
  void damaged(std::uint64_t position, std::uint32_t readings, const std::vector<std::string>& events);

  /// A source shard that is not there or not readable: what its sources held is gone. How far their windows had come is
  /// not known, so every stream begins a new version at the start (no revision may have two contents, rule 22).
  void lost_shard(std::uint32_t shard);
  [[nodiscard]] bool lost_sources() const { return lost_sources_; }

  /// Whether anything was damaged or lost: then every shard should be written soon, so that the next start is whole.
  [[nodiscard]] bool found_damage() const { return orphans_ > 0; }

  /// Restores what is not durable: the totals by stream.
  void finish();

  /// Decisions that referred to what a damaged row or shard took with it.
  [[nodiscard]] std::uint64_t orphans() const { return orphans_; }

 private:
  template <typename Decision>
  void apply_where_new(std::uint32_t shard, const Decision& decision);
  [[nodiscard]] bool is_new(std::uint32_t shard) const { return position_ > positions_[shard]; }
  void orphan_reading();
  void count_damaged(std::uint32_t readings);
  void delta_had_left(const SeriesIdentity& identity, const Pane& pane);
  [[nodiscard]] Series* find_series(const SeriesIdentity& identity) const;
  void settle_damage();

  State& state_;
  std::array<std::uint64_t, kShardCount> positions_{};
  std::uint64_t position_ = 0;  // of the row at hand
  std::uint64_t orphans_ = 0;
  std::array<std::uint32_t, kShardCount> damaged_rows_{};  // that a shard has not seen
  bool lost_sources_ = false;
};

}  // namespace tidemark
