// The durable half of the gateway: one SQLite file, one connection, one transaction a group. Holds the journal of
// Plans, the state shards, the log of events and the dead letters. docs/formats/state.md describes the file.
//
// Operation: `open`, then `recover` once, then `commit` for every group. What a commit holds is durable when it
// returns. Concurrency: one thread. Limitations: the file belongs to one process at a time (locking_mode=EXCLUSIVE).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "edge/bytes/result.h"
#include "edge/time/instant.h"

namespace tidemark {

/// Shards 0 to 63 hold sources (by source id modulo 64); shard 64 holds what belongs to the gateway as a whole.
inline constexpr std::uint32_t kSourceShards = 64;
inline constexpr std::uint32_t kGatewayShard = 64;
inline constexpr std::uint32_t kShards = 65;

enum class StoreError : std::uint8_t {
  full,       // no room: rolled back; the same commit can be retried and will be
  in_use,     // another process holds the file
  not_ours,   // not a Tidemark state file
  newer,      // written by a newer version
  read_only,  // the file or its folder cannot be written
  missing,    // no such file, and it was not to be created
  broken,     // I/O error or corruption: the process must end at once, without closing the file
};

struct StoreOptions {
  std::string path;
  std::string vfs;  // empty: the platform's own; tests inject faults here
  bool create = true;
  std::uint64_t max_log_bytes = 1ull << 30;  // of events kept, compressed
  std::uint64_t max_dead_letter_bytes = 16ull << 20;
  std::uint64_t max_parked_bytes = 16ull << 20;  // compressed
  std::uint64_t checkpoint_bytes = 8ull << 20;   // of WAL, from which checkpoint_if_due moves it into the file
};

struct ShardImage {
  std::uint32_t shard = 0;
  std::uint64_t position = 0;  // the last journal position it includes; in a commit not read: it is the commit's own
  std::string body;
};

struct LogEvent {
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;
  std::string bytes;  // the event, not compressed; the store compresses it
};

struct LogRow {
  std::uint64_t position = 0;  // row of the log: 1, 2, ...; never used twice
  LogEvent event;
};

struct DeadLetter {
  ArrivalTime arrival;
  std::string stream;  // empty: no stream matched
  std::string source;  // empty: not known
  std::string topic;
  std::string reason;   // a rejection's name, or "quarantined"
  std::string payload;  // its first 256 bytes
  std::uint64_t payload_size = 0;
};

struct DeadLetterRow {
  std::uint64_t id = 0;  // 1, 2, ...
  DeadLetter letter;
};

/// What one transaction holds. Views need to live only for the call.
struct GroupCommit {
  std::string_view plan;                          // not compressed; may be empty when nothing was decided
  std::uint32_t readings = 0;                     // of the plan: kept beside it, for the ledger, should it be damaged
  ArrivalTime committed = ArrivalTime::latest();  // the time of the commit: trim_log goes by it. Not set: not trimmed
  std::span<const LogEvent> events;
  std::span<const DeadLetter> dead_letters;
  std::span<const ShardImage> shards;  // written with this group; each includes this group's plan
};

struct JournalRow {
  std::uint64_t position = 0;
  std::uint32_t readings = 0;
  std::optional<std::string> plan;  // nullopt: damaged (CRC or compression); it has been set aside
  std::vector<std::string> events;  // of a damaged one: what was committed with it, as far as the log still has it
};

struct Recovered {
  std::vector<ShardImage> shards;             // those there are and that are whole
  std::vector<std::uint32_t> damaged_shards;  // set aside
  std::uint64_t journal_position = 0;         // of the last row, 0: none yet
  std::uint64_t last_epoch = 0;               // of the log; 0: none yet. Survives retention
  std::uint64_t last_sequence = 0;
};

struct StoreFigures {
  std::uint64_t log_rows = 0;
  std::uint64_t log_bytes = 0;  // compressed bodies
  std::uint64_t log_first = 0;  // position of the oldest row, 0: none
  std::uint64_t log_last = 0;
  std::uint64_t journal_rows = 0;
  std::uint64_t journal_readings = 0;
  std::uint64_t dead_letters = 0;
  std::uint64_t dead_letter_bytes = 0;
  std::uint64_t dead_letters_dropped = 0;  // oldest out, since the file was made
  std::uint64_t parked = 0;                // events that Kafka did not take, and that are kept
  std::uint64_t parked_bytes = 0;
  std::uint64_t parked_dropped = 0;  // oldest out, since the file was made
  std::uint64_t damaged_rows = 0;
  std::uint64_t wal_bytes = 0;
  std::uint64_t file_bytes = 0;
};

class Store {
 public:
  virtual ~Store() = default;

  static Result<std::unique_ptr<Store>, StoreError> open(const StoreOptions& options);

  /// Shards, then every journal row after the oldest shard's position, in order, through `row`. Called once.
  virtual Result<Recovered, StoreError> recover(const std::function<void(const std::vector<ShardImage>&)>& shards,
                                                const std::function<void(const JournalRow&)>& row) = 0;

  /// One transaction; durable on return. Its journal position is the last one plus 1 (also when the plan is empty).
  /// Journal rows that every shard has passed are deleted with it. `full`: rolled back, nothing changed, retry.
  virtual Result<std::uint64_t, StoreError> commit(const GroupCommit& group) = 0;

  /// Moves the WAL into the file when it has grown enough; call between commits.
  virtual Result<void, StoreError> checkpoint_if_due() = 0;

  /// Rows with position >= from, in order, at most `max_bytes` of events (at least one row if there is one). Damaged
  /// rows are left out and counted.
  virtual Result<std::vector<LogRow>, StoreError> read_log(std::uint64_t from, std::uint64_t max_bytes) = 0;

  /// Removes rows committed before `before`, oldest first, at most `max_rows`; returns how many.
  /// Rows from position `needed` on stay.
  virtual Result<std::uint64_t, StoreError> trim_log(ArrivalTime before, std::uint64_t max_rows,
                                                     std::uint64_t needed = UINT64_MAX) = 0;

  /// Rows with id >= from, oldest first, at most `max_rows`. Damaged rows are left out.
  virtual Result<std::vector<DeadLetterRow>, StoreError> read_dead_letters(std::uint64_t from,
                                                                           std::uint64_t max_rows) = 0;

  /// Keeps an event of the log that Kafka does not take, beyond the log's own retention; the oldest make room. In a
  /// transaction of its own, durable on return. What is parked already stays as it is. `full`: nothing changed, retry.
  virtual Result<void, StoreError> park(const LogRow& row, ArrivalTime now) = 0;

  /// Parked rows with position >= from, in the order of positions, at most `max_bytes` of events (at least one row if
  /// there is one). Damaged rows are left out.
  virtual Result<std::vector<LogRow>, StoreError> read_parked(std::uint64_t from, std::uint64_t max_bytes) = 0;

  /// Their positions, ascending.
  virtual std::vector<std::uint64_t> parked() const = 0;

  /// Small settings that live with the state (gateway id, stream definitions' hashes ...). Written with the next
  /// commit.
  virtual std::optional<std::string> setting(std::string_view name) const = 0;
  virtual void put_setting(std::string_view name, std::string_view value) = 0;

  virtual StoreFigures figures() const = 0;

  /// Whether the log has reached max_log_bytes: commits that add events then fail with `full` until rows are trimmed.
  virtual bool log_full() const = 0;

  /// Clean close: checkpoint, then close. Never after `broken`.
  virtual Result<void, StoreError> close() = 0;
};

}  // namespace tidemark
