// Which state shard is written with which group: one at a time, evenly, so that the journal stays short and no commit
// carries a big snapshot. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "edge/store/store.h"

namespace tidemark {

class ShardRotation {
 public:
  /// After a group of `readings`: the shard to write with it, if one is due.
  std::optional<std::uint32_t> after(std::uint32_t readings) {
    readings_ += readings;
    ++groups_;
    if (readings_ < kReadings && groups_ < kGroups) return std::nullopt;
    began_anew();
    next_ = (next_ + 1) % kShards;
    return next_;
  }

  /// Every shard was written.
  void began_anew() { readings_ = groups_ = 0; }

 private:
  /// A round of 65 shards is 780,000 readings or 26,000 rows: the journal's bound is 1,000,000 readings (DESIGN).
  static constexpr std::uint64_t kReadings = 12'000;
  static constexpr std::uint64_t kGroups = 400;

  std::uint64_t readings_ = 0;
  std::uint64_t groups_ = 0;
  std::uint32_t next_ = kShards - 1;
};

}  // namespace tidemark
