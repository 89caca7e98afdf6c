// Events that Kafka's topic did not take, whole, for people: the log may forget them, this table keeps them until newer
// ones need the room.
#pragma once

#include <cstdint>
#include <vector>

#include "edge/store/sealed_blob.h"
#include "edge/store/sqlite.h"
#include "edge/store/store.h"

namespace tidemark {

class ParkedTable {
 public:
  /// What one call of append() does to the table.
  struct Change {
    std::uint64_t id = 0;
    std::uint64_t position = 0;
    std::uint64_t bytes = 0;
    std::uint64_t removed_through = 0;  // an id
  };

  static sqlite::Outcome<ParkedTable> prepare(sqlite::Connection& connection);

  /// Learns which rows there are and are whole.
  sqlite::Outcome<void> load(BlobSealer& sealer);

  /// Within a transaction. The table knows of it when settle() was called, after the commit. While all together are
  /// larger than `max_bytes`, the oldest others go.
  sqlite::Outcome<Change> append(const LogRow& row, ArrivalTime now, std::uint64_t max_bytes, BlobSealer& sealer);
  void settle(const Change& change);

  /// As Store::read_parked.
  sqlite::Outcome<std::vector<LogRow>> read(std::uint64_t from, std::uint64_t max_bytes, BlobSealer& sealer);

  [[nodiscard]] bool has(std::uint64_t position) const;
  [[nodiscard]] std::vector<std::uint64_t> positions() const;  // ascending
  [[nodiscard]] std::uint64_t rows() const { return entries_.size(); }
  [[nodiscard]] std::uint64_t bytes() const;
  /// Since the file was made. The newest row never goes, so the oldest one's number tells.
  [[nodiscard]] std::uint64_t dropped() const { return entries_.empty() ? 0 : entries_.front().id - 1; }

 private:
  struct Entry {
    std::uint64_t id = 0;
    std::uint64_t position = 0;
    std::uint64_t bytes = 0;  // of the sealed body
  };

  sqlite::Statement insert_;
  sqlite::Statement select_;
  sqlite::Statement select_one_;
  sqlite::Statement remove_;
  std::vector<Entry> entries_;  // by id
};

}  // namespace tidemark
