#include "edge/store/sqlite_store.h"

#include <array>
#include <span>
#include <string>
#include <utility>

#include "edge/bytes/assert.h"
#include "edge/store/opening.h"
#include "edge/store/salvage.h"
#include "edge/store/schema.h"
#include "edge/store/sqlite.h"
#include "edge/store/store_failure.h"
#include "edge/store/tables.h"

namespace tidemark {
namespace {

using sqlite::Connection;
using sqlite::Outcome;

// What is read whole at every start: checking its b-trees first costs no more than reading it, and nothing is ever
// written into, or followed out of, a page that is not as it must be.
constexpr std::array<const char*, 2> kStateTables = {"journal", "shard"};

class SqliteStore final : public Store {
 public:
  SqliteStore(const StoreOptions& options, const Discipline& discipline, std::unique_ptr<Connection> connection)
      : options_(options), discipline_(discipline), connection_(std::move(connection)) {}

  Result<void, StoreError> start();

  Result<Recovered, StoreError> recover(const std::function<void(const std::vector<ShardImage>&)>& shards,
                                        const std::function<void(const JournalRow&)>& row) override;
  Result<std::uint64_t, StoreError> commit(const GroupCommit& group) override;
  Result<void, StoreError> checkpoint_if_due() override;
  Result<std::vector<LogRow>, StoreError> read_log(std::uint64_t from, std::uint64_t max_bytes) override;
  Result<std::uint64_t, StoreError> trim_log(ArrivalTime before, std::uint64_t max_rows, std::uint64_t needed) override;
  Result<std::vector<DeadLetterRow>, StoreError> read_dead_letters(std::uint64_t from, std::uint64_t max_rows) override;
  Result<void, StoreError> park(const LogRow& row, ArrivalTime now) override;
  Result<std::vector<LogRow>, StoreError> read_parked(std::uint64_t from, std::uint64_t max_bytes) override;
  std::vector<std::uint64_t> parked() const override;
  std::optional<std::string> setting(std::string_view name) const override;
  void put_setting(std::string_view name, std::string_view value) override;
  StoreFigures figures() const override;
  bool log_full() const override;
  Result<void, StoreError> close() override;

 private:
  Outcome<void> write_group(const GroupCommit& group);
  Outcome<void> commit_group(const GroupCommit& group);
  Outcome<void> checkpoint(int mode);

  // Runs `operation`; if the file turns out to be damaged, mends it and runs it again.
  template <typename Operation>
  auto mending(Operation operation) -> decltype(operation());
  Outcome<bool> mend(std::span<const char* const> tables, bool may_rebuild);

  [[nodiscard]] std::uint64_t wal_bytes() const;
  tl::unexpected<Failure<StoreError>> failed(const Failure<sqlite::Error>& failure, std::string_view doing);
  [[nodiscard]] tl::unexpected<Failure<StoreError>> gone() const;

  const StoreOptions options_;
  const Discipline discipline_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<Tables> tables_;  // after the connection: statements go first
  std::vector<Salvaged> salvaged_;  // before there were tables_
  std::uint64_t page_bytes_ = 0;
  std::uint64_t file_bytes_ = 0;
  std::uint64_t checkpoint_due_ = 0;      // bytes of WAL
  std::uint64_t full_checkpoint_at_ = 0;  // bytes of WAL at which a checkpoint could not help a full disk
  bool recovered_ = false;
  bool broken_ = false;
};

tl::unexpected<Failure<StoreError>> SqliteStore::failed(const Failure<sqlite::Error>& failure, std::string_view doing) {
  Failure<StoreError> told = store_failure(failure, options_.path, doing);
  if (told.code == StoreError::broken) {
    broken_ = true;
    if (discipline_.abandon_when_broken) {
      connection_->abandon();
    } else {
      connection_->checkpoint_on_close(true);
    }
  }
  return tl::unexpected(std::move(told));
}

tl::unexpected<Failure<StoreError>> SqliteStore::gone() const {
  return fail(StoreError::broken, options_.path +
                                      ": the store has failed or was closed. The process must end; what was "
                                      "acknowledged is in the file and is read at the next start.");
}

template <typename Operation>
auto SqliteStore::mending(Operation operation) -> decltype(operation()) {
  auto done = operation();
  if (done || !sqlite::is_damage(done.error().code)) return done;
  const auto mended = mend(kTables, true);
  if (!mended) return tl::unexpected(mended.error());
  return *mended ? operation() : std::move(done);
}

Outcome<bool> SqliteStore::mend(std::span<const char* const> tables, bool may_rebuild) {
  const auto salvaged = salvage_tables(*connection_, tables);
  if (!salvaged) return tl::unexpected(salvaged.error());
  if (salvaged->empty()) {
    if (!may_rebuild) return false;
    if (auto rebuilt = rebuild_file(*connection_); !rebuilt) return tl::unexpected(rebuilt.error());
    return true;
  }
  if (!tables_) {
    salvaged_ = *salvaged;
    return true;
  }
  if (auto loaded = tables_->salvaged(*salvaged); !loaded) return tl::unexpected(loaded.error());
  return true;
}

Result<void, StoreError> SqliteStore::start() {
  auto tables = mending([&] { return Tables::open(*connection_, salvaged_); });
  if (!tables) return failed(tables.error(), "reading it");
  tables_ = *std::move(tables);
  const auto page_bytes = connection_->integer("PRAGMA page_size");
  if (!page_bytes) return failed(page_bytes.error(), "reading it");
  page_bytes_ = static_cast<std::uint64_t>(*page_bytes);
  checkpoint_due_ = options_.checkpoint_bytes;
  file_bytes_ = connection_->file_bytes();
  return {};
}

Result<Recovered, StoreError> SqliteStore::recover(const std::function<void(const std::vector<ShardImage>&)>& shards,
                                                   const std::function<void(const JournalRow&)>& row) {
  if (broken_) return gone();
  TIDEMARK_ASSERT(!recovered_);
  if (auto mended = mend(kStateTables, false); !mended) return failed(mended.error(), "mending it");
  auto contents = mending([&] { return tables_->read_shards(); });
  if (!contents) return failed(contents.error(), "reading the state");
  if (shards) shards(contents->whole);

  std::vector<JournalTable::Damage> damaged;
  JournalTable& journal = tables_->journal;
  journal.start_after(tables_->shards.passed());
  if (!contents->damaged.empty()) {
    const std::uint64_t passed = tables_->shards.passed_by_whole();
    auto begun = mending([&] { return journal.start_at_oldest(passed); });
    if (!begun) return failed(begun.error(), "reading the journal");
  }
  const auto hand_over = [&](const JournalRow& read) {
    if (!row) return;
    if (read.plan) return row(read);
    JournalRow damaged_row = read;
    // Where the log cannot be read either, nothing is known of what had left.
    if (auto events = tables_->log.of_commit(read.position, tables_->sealer)) damaged_row.events = *std::move(events);
    row(damaged_row);
  };
  // After mending it goes on behind what was handed over.
  if (auto read = mending([&] { return journal.read(tables_->sealer, damaged, hand_over); }); !read) {
    return failed(read.error(), "reading the journal");
  }
  journal.read_missing(tables_->shards.newest(), damaged, hand_over);

  // With no room for it, the damage stays where it is and is found again at the next start.
  auto done = mending([&] { return tables_->set_aside(contents->found_damaged, damaged); });
  if (!done && done.error().code != sqlite::Error::full) return failed(done.error(), "setting damaged rows aside");

  recovered_ = true;
  Recovered recovered;
  recovered.shards = std::move(contents->whole);
  recovered.damaged_shards = std::move(contents->damaged);
  recovered.journal_position = journal.figures().last;
  recovered.last_epoch = tables_->log.figures().last_epoch;
  recovered.last_sequence = tables_->log.figures().last_sequence;
  return recovered;
}

Outcome<void> SqliteStore::write_group(const GroupCommit& group) {
  JournalTable& journal = tables_->journal;
  if (auto done = journal.append(group.readings, group.plan, tables_->sealer); !done) return done;
  for (const LogEvent& event : group.events) {
    if (auto done = tables_->log.append(event, group.committed, journal.figures().last, tables_->sealer); !done)
      return done;
  }
  for (const DeadLetter& letter : group.dead_letters) {
    if (auto done = tables_->dead_letters.append(letter); !done) return done;
  }
  if (!group.dead_letters.empty()) {
    if (auto done = tables_->dead_letters.bound(options_.max_dead_letter_bytes); !done) return done;
  }
  if (group.shards.empty()) return {};
  for (const ShardImage& shard : group.shards) {
    if (auto done = tables_->shards.write(shard, journal.figures().last, tables_->sealer); !done) return done;
  }
  return journal.remove_through(tables_->shards.passed());
}

Result<std::uint64_t, StoreError> SqliteStore::commit(const GroupCommit& group) {
  if (broken_) return gone();
  TIDEMARK_ASSERT(recovered_);
  if (!group.events.empty() && log_full()) {
    return fail(StoreError::full, options_.path + ": the log has reached its limit of " +
                                      std::to_string(options_.max_log_bytes) +
                                      " bytes. Nothing was lost: messages wait at the broker until rows are trimmed. "
                                      "See that the log is read, shorten its retention, or raise its limit.");
  }
  auto done = mending([&] { return commit_group(group); });
  if (!done) return failed(done.error(), "committing a group");
  return tables_->journal.figures().last;
}

Outcome<void> SqliteStore::commit_group(const GroupCommit& group) {
  const auto attempt = [&] { return tables_->transaction([&] { return write_group(group); }); };
  auto done = attempt();
  if (done || done.error().code != sqlite::Error::full || wal_bytes() == full_checkpoint_at_) return done;
  // Room in the WAL may be all that is missing: after a checkpoint it starts over. Tried once for a WAL of this size.
  if (auto moved = checkpoint(SQLITE_CHECKPOINT_RESTART); !moved) {
    full_checkpoint_at_ = wal_bytes();
    return moved;
  }
  return attempt();
}

std::uint64_t SqliteStore::wal_bytes() const {
  // https://www.sqlite.org/fileformat2.html, section 4: each frame has a header of 24 bytes.
  return connection_->wal_frames() * (page_bytes_ + 24);
}

Outcome<void> SqliteStore::checkpoint(int mode) {
  auto done = connection_->checkpoint(mode);
  if (done) {
    checkpoint_due_ = options_.checkpoint_bytes;
    file_bytes_ = connection_->file_bytes();
  }
  return done;
}

Result<void, StoreError> SqliteStore::checkpoint_if_due() {
  if (broken_) return gone();
  if (wal_bytes() == 0 || wal_bytes() < checkpoint_due_) return {};
  // Not TRUNCATE: the next commits then write over the WAL they have, and the file system has no blocks to find.
  auto done = checkpoint(SQLITE_CHECKPOINT_RESTART);
  if (done || !discipline_.checkpoint_errors_are_fatal) return {};
  // A checkpoint that met a full disk wrote for nothing: it waits until the WAL has grown some more.
  if (done.error().code == sqlite::Error::full) checkpoint_due_ = wal_bytes() + options_.checkpoint_bytes / 4;
  return failed(done.error(), "moving the WAL into the file");
}

Result<std::vector<LogRow>, StoreError> SqliteStore::read_log(std::uint64_t from, std::uint64_t max_bytes) {
  if (broken_) return gone();
  auto rows = mending([&] { return tables_->log.read(from, max_bytes, tables_->sealer); });
  if (!rows) return failed(rows.error(), "reading the log");
  return *std::move(rows);
}

Result<std::uint64_t, StoreError> SqliteStore::trim_log(ArrivalTime before, std::uint64_t max_rows,
                                                        std::uint64_t needed) {
  if (broken_) return gone();
  std::uint64_t count = 0;
  const auto trim = [&]() -> Outcome<void> {
    auto trimmed = tables_->log.trim(before, max_rows, needed, tables_->sealer);
    if (!trimmed) return tl::unexpected(trimmed.error());
    count = *trimmed;
    return {};
  };
  auto done = mending([&] { return tables_->transaction(trim); });
  if (!done) return failed(done.error(), "trimming the log");
  return count;
}

Result<std::vector<DeadLetterRow>, StoreError> SqliteStore::read_dead_letters(std::uint64_t from,
                                                                              std::uint64_t max_rows) {
  if (broken_) return gone();
  auto rows = mending([&] { return tables_->dead_letters.read(from, max_rows); });
  if (!rows) return failed(rows.error(), "reading the dead letters");
  return *std::move(rows);
}

Result<void, StoreError> SqliteStore::park(const LogRow& row, ArrivalTime now) {
  if (broken_) return gone();
  if (tables_->parked.has(row.position)) return {};
  std::optional<ParkedTable::Change> change;
  const auto append = [&]() -> Outcome<void> {
    auto appended = tables_->parked.append(row, now, options_.max_parked_bytes, tables_->sealer);
    if (!appended) return tl::unexpected(appended.error());
    change = *appended;
    return {};
  };
  auto done = mending([&] { return tables_->transaction(append); });
  if (!done) return failed(done.error(), "parking an event");
  tables_->parked.settle(*change);
  return {};
}

Result<std::vector<LogRow>, StoreError> SqliteStore::read_parked(std::uint64_t from, std::uint64_t max_bytes) {
  if (broken_) return gone();
  auto rows = mending([&] { return tables_->parked.read(from, max_bytes, tables_->sealer); });
  if (!rows) return failed(rows.error(), "reading the parked events");
  return *std::move(rows);
}

std::vector<std::uint64_t> SqliteStore::parked() const {
  return tables_ ? tables_->parked.positions() : std::vector<std::uint64_t>();
}

std::optional<std::string> SqliteStore::setting(std::string_view name) const {
  return tables_ ? tables_->settings.value(name) : std::nullopt;
}

void SqliteStore::put_setting(std::string_view name, std::string_view value) {
  if (tables_) tables_->settings.put(name, value);
}

StoreFigures SqliteStore::figures() const {
  StoreFigures figures;
  if (!tables_) return figures;
  const Extent& log = tables_->log.figures().extent;
  figures.log_rows = log.kept_rows();
  figures.log_bytes = log.kept_bytes();
  figures.log_first = log.first();
  figures.log_last = log.last;
  figures.journal_rows = tables_->journal.figures().rows;
  figures.journal_readings = tables_->journal.figures().readings;
  const Extent& dead = tables_->dead_letters.extent();
  figures.dead_letters = dead.kept_rows();
  figures.dead_letter_bytes = dead.kept_bytes();
  figures.dead_letters_dropped = dead.removed_through;
  figures.parked = tables_->parked.rows();
  figures.parked_bytes = tables_->parked.bytes();
  figures.parked_dropped = tables_->parked.dropped();
  figures.damaged_rows = tables_->damaged_rows();
  figures.wal_bytes = wal_bytes();
  figures.file_bytes = file_bytes_;
  return figures;
}

bool SqliteStore::log_full() const {
  return tables_ && tables_->log.figures().extent.kept_bytes() >= options_.max_log_bytes;
}

Result<void, StoreError> SqliteStore::close() {
  if (broken_) return gone();
  if (auto done = checkpoint(SQLITE_CHECKPOINT_TRUNCATE); !done) {
    // On a full disk the WAL stays beside the file and is taken up at the next start.
    return failed(done.error(), "closing it");
  }
  tables_.reset();
  // Everything is in the file now, so that this only removes the empty WAL.
  connection_->checkpoint_on_close(true);
  connection_.reset();
  broken_ = true;
  return {};
}

}  // namespace

Result<std::unique_ptr<Store>, StoreError> open_sqlite_store(const StoreOptions& options,
                                                             const Discipline& discipline) {
  auto connection = open_state_file(options, discipline);
  if (!connection) return tl::unexpected(connection.error());
  auto store = std::make_unique<SqliteStore>(options, discipline, *std::move(connection));
  if (auto started = store->start(); !started) return tl::unexpected(started.error());
  return store;
}

Result<std::unique_ptr<Store>, StoreError> Store::open(const StoreOptions& options) {
  return open_sqlite_store(options);
}

}  // namespace tidemark
