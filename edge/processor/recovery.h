// Recovery: shards, then the journal rows that each shard has not yet seen. Nothing is decided again; what a damaged
// row or shard leaves without its base is counted as damaged, and the rest works.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

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

  /// A row that was set aside: its readings are counted as damaged, for the gateway.
  void damaged(std::uint32_t readings);

  /// Restores what is not durable: the totals by stream.
  void finish();

  /// Decisions that referred to what a damaged row or shard took with it.
  [[nodiscard]] std::uint64_t orphans() const { return orphans_; }

 private:
  template <typename Decision>
  void apply_where_new(std::uint32_t shard, const Decision& decision);
  [[nodiscard]] bool is_new(std::uint32_t shard) const { return position_ > positions_[shard]; }
  void orphan_reading();
  void settle_damage();

  State& state_;
  std::array<std::uint64_t, kShardCount> positions_{};
  std::uint64_t position_ = 0;  // of the row at hand
  std::uint64_t orphans_ = 0;
  std::uint32_t damaged_rows_ = 0;
};

}  // namespace tidemark
