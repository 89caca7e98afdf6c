#include "edge/store/log_table.h"

#include <algorithm>
#include <utility>

#include "edge/bytes/byte_writer.h"

namespace tidemark {
namespace {

// Columns of every SELECT of whole rows.
constexpr int kBody = 6;
struct Columns {
  std::uint64_t position = 0;
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;
  std::int64_t committed = 0;
  std::uint64_t bytes_before = 0;
  std::uint64_t journal = 0;

  Columns() = default;
  explicit Columns(const sqlite::Rows& rows)
      : position(rows.natural(0)),
        epoch(rows.natural(1)),
        sequence(rows.natural(2)),
        committed(rows.integer(3)),
        bytes_before(rows.natural(4)),
        journal(rows.natural(5)) {}

  [[nodiscard]] std::string identity() const {
    ByteWriter writer;
    writer.raw("log");
    writer.u64(position);
    writer.u64(epoch);
    writer.u64(sequence);
    writer.i64(committed);
    writer.u64(bytes_before);
    writer.u64(journal);
    return writer.take();
  }
};

}  // namespace

sqlite::Outcome<LogTable> LogTable::prepare(sqlite::Connection& connection) {
  LogTable table;
  auto prepared = connection.prepare_all({
      {&table.insert_,
       "INSERT INTO log(position, epoch, sequence, committed, bytes_before, journal, body)"
       " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"},
      {&table.select_,
       "SELECT position, epoch, sequence, committed, bytes_before, journal, body FROM log WHERE position >= ?1"
       " ORDER BY position"},
      {&table.newest_,
       "SELECT position, epoch, sequence, committed, bytes_before, journal, body FROM log ORDER BY position DESC"},
      {&table.ends_, "SELECT min(position), sum(length(body)) FROM log"},
      {&table.remove_, "DELETE FROM log WHERE position <= ?1"},
  });
  if (!prepared) return tl::unexpected(prepared.error());
  return table;
}

sqlite::Outcome<void> LogTable::load(const std::optional<Counters>& counters, BlobSealer& sealer) {
  figures_ = {};
  Extent& extent = figures_.extent;
  if (counters) {
    extent.removed_through = extent.last = counters->log_removed_through;
    extent.removed_bytes = extent.bytes = counters->log_removed_bytes;
    figures_.last_epoch = counters->log_last_epoch;
    figures_.last_sequence = counters->log_last_sequence;
  }
  {
    // The newest row that is whole tells, together with the number and size of those after it. (Sequences are
    // consecutive within an epoch, and a start draws a new one.)
    auto rows = newest_.query();
    std::uint64_t last = 0;
    std::uint64_t after = 0;
    std::uint64_t size_after = 0;
    for (;;) {
      const auto more = rows.next();
      if (!more) return tl::unexpected(more.error());
      if (!*more) break;
      const Columns columns(rows);
      const std::uint64_t size = rows.bytes(kBody).size();
      last = std::max(last, columns.position);
      if (sealer.open(columns.identity(), rows.bytes(kBody))) {
        extent.bytes = columns.bytes_before + size + size_after;
        figures_.last_epoch = columns.epoch;
        figures_.last_sequence = columns.sequence + after;
        break;
      }
      after += 1;
      size_after += size;
    }
    extent.last = std::max(extent.last, last);
  }
  if (counters) {
    figures_.last_at_least = counters->log_last_at_least;
    extent.last = std::max(extent.last, counters->log_last_at_least);
  }
  if (counters) return {};
  auto rows = ends_.query();
  const auto there = rows.next();
  if (!there) return tl::unexpected(there.error());
  if (*there && !rows.is_null(0)) {
    extent.removed_through = rows.natural(0) - 1;
    extent.removed_bytes = extent.bytes - std::min(extent.bytes, rows.natural(1));
  }
  return {};
}

sqlite::Outcome<void> LogTable::load_salvaged(const Counters& counters, std::uint64_t positions_doubtful,
                                              BlobSealer& sealer) {
  const std::uint64_t last = figures_.extent.last;
  if (auto loaded = load(counters, sealer); !loaded) return loaded;
  figures_.extent.last = std::max(figures_.extent.last + positions_doubtful, last);
  figures_.last_at_least = figures_.extent.last;
  return {};
}

sqlite::Outcome<void> LogTable::append(const LogEvent& event, ArrivalTime committed, std::uint64_t journal,
                                       BlobSealer& sealer) {
  Columns columns;
  columns.position = figures_.extent.last + 1;
  columns.epoch = event.epoch;
  columns.sequence = event.sequence;
  columns.committed = committed.ns;
  columns.bytes_before = figures_.extent.bytes;
  columns.journal = journal;
  const auto body = sealer.seal(columns.identity(), event.bytes);
  auto inserted = insert_.execute(columns.position, columns.epoch, columns.sequence, columns.committed,
                                  columns.bytes_before, columns.journal, sqlite::Blob{body});
  if (!inserted) return inserted;
  figures_.extent.append(body.size());
  figures_.last_epoch = event.epoch;
  figures_.last_sequence = event.sequence;
  return {};
}

sqlite::Outcome<std::vector<LogRow>> LogTable::read(std::uint64_t from, std::uint64_t max_bytes, BlobSealer& sealer) {
  const std::uint64_t last = figures_.extent.last;
  std::vector<LogRow> read;
  std::uint64_t bytes = 0;
  std::uint64_t next = std::max(from, figures_.extent.removed_through + 1);
  auto rows = select_.query(next);
  for (;;) {
    const auto more = rows.next();
    if (!more) return tl::unexpected(more.error());
    if (!*more) break;
    const Columns columns(rows);
    auto body = sealer.open(columns.identity(), rows.bytes(kBody));
    if (!body) {
      // Its number is as doubtful as the rest: it takes the place that is next.
      damaged_.insert(next++);
      continue;
    }
    if (columns.position < next && !read.empty()) {
      return fail(sqlite::Error::corrupt, "rows of the log are out of order");
    }
    if (columns.position > next) damaged_.insert(next);
    bytes += body->size();
    if (bytes > max_bytes && !read.empty()) return read;
    next = columns.position + 1;
    read.push_back({columns.position, {columns.epoch, columns.sequence, *std::move(body)}});
  }
  if (next <= last) damaged_.insert(next);
  return read;
}

sqlite::Outcome<std::vector<std::string>> LogTable::of_commit(std::uint64_t journal, BlobSealer& sealer) {
  std::vector<std::string> events;
  auto rows = newest_.query();
  for (;;) {
    const auto more = rows.next();
    if (!more) return tl::unexpected(more.error());
    if (!*more) break;
    const Columns columns(rows);
    // A damaged row's numbers are as doubtful as its body: only a whole one tells that what is older was reached.
    if (columns.journal > journal) continue;
    auto body = sealer.open(columns.identity(), rows.bytes(kBody));
    if (!body) continue;
    if (columns.journal < journal) break;
    events.push_back(*std::move(body));
  }
  std::reverse(events.begin(), events.end());
  return events;
}

sqlite::Outcome<std::uint64_t> LogTable::trim(ArrivalTime before, std::uint64_t max_rows, BlobSealer& sealer) {
  std::uint64_t count = 0;
  std::uint64_t met = 0;
  Extent extent = figures_.extent;
  {
    // Deleting a row reads all of it, so checking it first costs nothing. A damaged row's time is not to be trusted:
    // it goes with the next whole one.
    auto rows = select_.query(std::uint64_t{0});
    while (met < max_rows) {
      const auto more = rows.next();
      if (!more) return tl::unexpected(more.error());
      if (!*more) break;
      ++met;
      const Columns columns(rows);
      if (!sealer.open(columns.identity(), rows.bytes(kBody))) continue;
      if (columns.committed >= before.ns) break;
      count = met;
      extent.removed_through = columns.position;
      extent.removed_bytes = columns.bytes_before + rows.bytes(kBody).size();
    }
  }
  if (count == 0) return count;
  if (auto removed = remove_.execute(extent.removed_through); !removed) return tl::unexpected(removed.error());
  figures_.extent = extent;
  return count;
}

void LogTable::count(Counters& counters) const {
  counters.log_last_at_least = figures_.last_at_least;
  // While nothing is trimmed, the newest row tells the rest.
  if (counters.log_removed_through == figures_.extent.removed_through) return;
  counters.log_removed_through = figures_.extent.removed_through;
  counters.log_removed_bytes = figures_.extent.removed_bytes;
  counters.log_last_epoch = figures_.last_epoch;
  counters.log_last_sequence = figures_.last_sequence;
}

}  // namespace tidemark
