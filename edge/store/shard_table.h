// The state shards: one row each, replaced as a whole, with the journal position it includes.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "edge/store/damaged_table.h"
#include "edge/store/sealed_blob.h"
#include "edge/store/sqlite.h"
#include "edge/store/store.h"

namespace tidemark {

class ShardTable {
 public:
  /// Position by shard; 0: never written, or set aside. Restored when a transaction is rolled back.
  using Positions = std::array<std::uint64_t, kShards>;

  struct Contents {
    std::vector<ShardImage> whole;
    std::vector<std::uint32_t> damaged;        // set aside now or at an earlier start, and not written since
    std::vector<std::uint32_t> found_damaged;  // now: to be set aside
  };

  static sqlite::Outcome<ShardTable> prepare(sqlite::Connection& connection);

  /// `all_written`: one that is not there is damaged.
  sqlite::Outcome<Contents> read(BlobSealer& sealer, bool all_written);

  /// Moves a damaged body to `damaged` and leaves a row without a body, so that later recoveries tell of it too, until
  /// the shard is written again.
  sqlite::Outcome<void> set_aside(std::uint32_t shard, DamagedTable& damaged);

  sqlite::Outcome<void> write(const ShardImage& image, std::uint64_t position, BlobSealer& sealer);

  /// Every shard includes the journal up to here.
  [[nodiscard]] std::uint64_t passed() const;
  /// The same of the shards that are there and whole; 0: none is.
  [[nodiscard]] std::uint64_t passed_by_whole() const;
  /// No shard includes anything after this.
  [[nodiscard]] std::uint64_t newest() const;

  [[nodiscard]] const Positions& positions() const { return positions_; }
  void restore(const Positions& positions) { positions_ = positions; }

 private:
  sqlite::Statement select_;
  sqlite::Statement write_;
  sqlite::Statement leave_;
  Positions positions_{};
};

}  // namespace tidemark
