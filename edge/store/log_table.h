// The log: immutable events in the order of their commits. The embedded log of INTERFACES, and what Kafka gets.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "edge/store/counters.h"
#include "edge/store/extent.h"
#include "edge/store/sealed_blob.h"
#include "edge/store/sqlite.h"
#include "edge/store/store.h"

namespace tidemark {

class LogTable {
 public:
  /// Restored when a transaction is rolled back.
  struct Figures {
    Extent extent;  // bytes: of sealed bodies
    std::uint64_t last_epoch = 0;
    std::uint64_t last_sequence = 0;
    std::uint64_t last_at_least = 0;  // Counters::log_last_at_least
  };

  static sqlite::Outcome<LogTable> prepare(sqlite::Connection& connection);

  /// Learns the figures from the last row and from what was counted at the last trim; nullopt (the counters were
  /// damaged): from every row.
  sqlite::Outcome<void> load(const std::optional<Counters>& counters, BlobSealer& sealer);

  /// Loads again after the table was salvaged. Positions that were used, or may have been, are not used again.
  sqlite::Outcome<void> load_salvaged(const Counters& counters, std::uint64_t positions_doubtful, BlobSealer& sealer);

  /// `journal`: the position of the commit.
  sqlite::Outcome<void> append(const LogEvent& event, ArrivalTime committed, std::uint64_t journal, BlobSealer& sealer);

  /// As Store::read_log.
  sqlite::Outcome<std::vector<LogRow>> read(std::uint64_t from, std::uint64_t max_bytes, BlobSealer& sealer);

  /// The events of one commit that are still there and whole, in order.
  sqlite::Outcome<std::vector<std::string>> of_commit(std::uint64_t journal, BlobSealer& sealer);

  /// As Store::trim_log.
  sqlite::Outcome<std::uint64_t> trim(ArrivalTime before, std::uint64_t max_rows, BlobSealer& sealer);

  /// Writes into `counters` what the rows that are left will not tell.
  void count(Counters& counters) const;

  [[nodiscard]] const Figures& figures() const { return figures_; }
  void restore(const Figures& figures) { figures_ = figures; }
  /// Damaged rows met while reading, each counted once.
  [[nodiscard]] std::uint64_t damaged_rows() const { return damaged_.size(); }

 private:
  sqlite::Statement insert_;
  sqlite::Statement select_;
  sqlite::Statement newest_;
  sqlite::Statement ends_;
  sqlite::Statement remove_;
  Figures figures_;
  std::set<std::uint64_t> damaged_;
};

}  // namespace tidemark
