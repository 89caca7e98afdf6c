// The journal: one row per group, numbered 1, 2, ... without gaps, holding its Plan until every shard has passed it.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "edge/store/damaged_table.h"
#include "edge/store/sealed_blob.h"
#include "edge/store/sqlite.h"
#include "edge/store/store.h"

namespace tidemark {

class JournalTable {
 public:
  /// Restored when a transaction is rolled back.
  struct Figures {
    std::uint64_t last = 0;  // position of the newest row there ever was
    std::uint64_t rows = 0;
    std::uint64_t readings = 0;
  };

  /// A row whose body cannot be used, found by `read`.
  struct Damage {
    std::uint64_t row = 0;       // its number in the table; 0: it is not there at all
    std::uint64_t position = 0;  // its position, by its place among the others
    std::uint32_t readings = 0;
  };

  static sqlite::Outcome<JournalTable> prepare(sqlite::Connection& connection);

  /// Before the first `read`: everything up to and including `passed` is in every shard.
  void start_after(std::uint64_t passed) { figures_ = {passed, 0, 0}; }

  /// The same where a shard is damaged, and with it how far the journal was removed: it starts at its oldest row, but
  /// what is after `passed` was never removed.
  sqlite::Outcome<void> start_at_oldest(std::uint64_t passed);

  /// Hands the rows after the last one it handed over to `row`, in order. Rows that are damaged, or missing although
  /// later ones are there, are handed over without a plan and noted in `damaged`.
  sqlite::Outcome<void> read(BlobSealer& sealer, std::vector<Damage>& damaged,
                             const std::function<void(const JournalRow&)>& row);

  /// Hands over what is missing at the end: the shards have seen positions up to `last`.
  void read_missing(std::uint64_t last, std::vector<Damage>& damaged,
                    const std::function<void(const JournalRow&)>& row);

  /// Moves a damaged row to `damaged` and leaves a row without a body in its place, so that later recoveries tell of it
  /// too, until every shard has passed it.
  sqlite::Outcome<void> set_aside(const Damage& damage, DamagedTable& damaged);

  /// The row after the last one.
  sqlite::Outcome<void> append(std::uint32_t readings, std::string_view plan, BlobSealer& sealer);

  /// Deletes the rows up to and including `position`.
  sqlite::Outcome<void> remove_through(std::uint64_t position);

  [[nodiscard]] const Figures& figures() const { return figures_; }
  void restore(const Figures& figures) { figures_ = figures; }

 private:
  void hand_over(std::uint64_t position, std::uint32_t readings, std::optional<std::string> plan,
                 const std::function<void(const JournalRow&)>& row);

  sqlite::Statement insert_;
  sqlite::Statement select_;
  sqlite::Statement body_;
  sqlite::Statement leave_;
  sqlite::Statement remove_one_;
  sqlite::Statement sum_;
  sqlite::Statement remove_;
  Figures figures_;
};

}  // namespace tidemark
