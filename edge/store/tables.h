// All tables of the file together: their statements, what is known of them in memory, and the one transaction in which
// they change.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "edge/store/counters.h"
#include "edge/store/damaged_table.h"
#include "edge/store/dead_letter_table.h"
#include "edge/store/journal_table.h"
#include "edge/store/log_table.h"
#include "edge/store/parked_table.h"
#include "edge/store/salvage.h"
#include "edge/store/sealed_blob.h"
#include "edge/store/setting_table.h"
#include "edge/store/shard_table.h"
#include "edge/store/sqlite.h"

namespace tidemark {

class Tables {
 public:
  /// Prepares the statements and reads what is kept in memory, but neither journal nor shards. `before`: tables that
  /// were salvaged in an attempt that failed.
  static sqlite::Outcome<std::unique_ptr<Tables>> open(sqlite::Connection& connection,
                                                       const std::vector<Salvaged>& before);

  /// Runs `body`, an Outcome<void>(), in a transaction, and settings and counters with it. If anything fails, nothing
  /// has changed, in the file or in memory. (Only after an I/O error the connection is left as it is: a rollback would
  /// go on reading and writing.)
  template <typename Body>
  sqlite::Outcome<void> transaction(Body body);

  /// Tables that were salvaged under this object are read again.
  sqlite::Outcome<void> salvaged(const std::vector<Salvaged>& tables);

  /// The shards, as ShardTable::read.
  sqlite::Outcome<ShardTable::Contents> read_shards() { return shards.read(sealer, shards_salvaged_); }

  /// Moves what was found damaged to the table for it.
  sqlite::Outcome<void> set_aside(const std::vector<std::uint32_t>& damaged_shards,
                                  const std::vector<JournalTable::Damage>& damaged_rows);

  [[nodiscard]] std::uint64_t damaged_rows() const { return damaged_rows_ + log.damaged_rows(); }

  JournalTable journal;
  ShardTable shards;
  LogTable log;
  DeadLetterTable dead_letters;
  ParkedTable parked;
  SettingTable settings;
  DamagedTable damaged;
  BlobSealer sealer;

 private:
  // What a transaction changes in memory, to be put back when it fails.
  struct Memory {
    JournalTable::Figures journal;
    ShardTable::Positions shards;
    LogTable::Figures log;
    Extent dead_letters;
    Counters counters;
    std::uint64_t damaged_rows = 0;
  };

  explicit Tables(sqlite::Connection& connection) : connection_(connection) {}
  sqlite::Outcome<void> prepare();
  sqlite::Outcome<void> load(const std::vector<Salvaged>& before);
  sqlite::Outcome<void> write_settings();
  [[nodiscard]] Memory remember() const;
  void restore(const Memory& memory);

  sqlite::Connection& connection_;
  sqlite::Statement begin_;
  sqlite::Statement commit_;
  Counters counters_;  // as they stand in the file
  std::vector<std::uint64_t> damaged_settings_;
  std::uint64_t damaged_rows_ = 0;
  bool shards_salvaged_ = false;
};

template <typename Body>
sqlite::Outcome<void> Tables::transaction(Body body) {
  const Memory before = remember();
  sqlite::Outcome<void> done = begin_.execute();
  if (done) done = body();
  if (done) done = write_settings();
  if (done) done = commit_.execute();
  if (done) {
    settings.written();
    return done;
  }
  restore(before);
  if (done.error().code != sqlite::Error::full && !sqlite::is_damage(done.error().code)) return done;
  if (auto undone = connection_.rollback(); !undone) return undone;
  return done;
}

}  // namespace tidemark
