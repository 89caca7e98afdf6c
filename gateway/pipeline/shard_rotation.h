// Which state shard is written with which group: one at a time, evenly, so that the journal stays short and no commit
// carries a big snapshot. Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "edge/store/store.h"

namespace tidemark {

class ShardRotation {
 public:
  /// After a group of `readings`: the shards to write with it. A large group brings several due.
  std::vector<std::uint32_t> after(std::uint32_t readings) {
    readings_ += readings;
    ++groups_;
    std::vector<std::uint32_t> due;
    while ((readings_ >= kReadings || groups_ >= kGroups) && due.size() < kShards) {
      readings_ -= std::min(readings_, kReadings);
      groups_ = 0;
      next_ = (next_ + 1) % kShards;
      due.push_back(next_);
    }
    return due;
  }

  /// Every shard was written.
  void began_anew() { readings_ = groups_ = 0; }

 private:
  /// A round of 65 shards is 650,000 readings or 26,000 rows: the journal's bound is 1,000,000 readings (DESIGN), and a
  /// group may hold some ten thousand.
  static constexpr std::uint64_t kReadings = 10'000;
  static constexpr std::uint64_t kGroups = 400;

  std::uint64_t readings_ = 0;
  std::uint64_t groups_ = 0;
  std::uint32_t next_ = kShards - 1;
};

}  // namespace tidemark
