// Rejected and quarantined payloads, the first bytes of each, for whoever looks after the devices. Bounded: the oldest
// go.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "edge/store/counters.h"
#include "edge/store/extent.h"
#include "edge/store/sqlite.h"
#include "edge/store/store.h"

namespace tidemark {

class DeadLetterTable {
 public:
  static sqlite::Outcome<DeadLetterTable> prepare(sqlite::Connection& connection);

  /// Learns the extent from the last row and from what was counted when rows were last dropped; nullopt (the counters
  /// were damaged): from every row.
  sqlite::Outcome<void> load(const std::optional<Counters>& counters);

  sqlite::Outcome<void> append(const DeadLetter& letter);

  /// Drops the oldest rows until at most `max_bytes` are left.
  sqlite::Outcome<void> bound(std::uint64_t max_bytes);

  /// As Store::read_dead_letters.
  sqlite::Outcome<std::vector<DeadLetterRow>> read(std::uint64_t from, std::uint64_t max_rows);

  void count(Counters& counters) const;

  /// Restored when a transaction is rolled back.
  [[nodiscard]] const Extent& extent() const { return extent_; }
  void restore(const Extent& extent) { extent_ = extent; }

 private:
  sqlite::Statement insert_;
  sqlite::Statement select_;
  sqlite::Statement newest_;
  sqlite::Statement remove_;
  Extent extent_;
};

}  // namespace tidemark
