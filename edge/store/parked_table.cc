#include "edge/store/parked_table.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "edge/bytes/byte_writer.h"

namespace tidemark {
namespace {

// Columns of every SELECT.
constexpr int kBody = 5;

// What a row takes in memory and in the file beside its body.
constexpr std::uint64_t kRowOverhead = 64;

std::string identity_of(std::uint64_t id, std::uint64_t position, std::uint64_t epoch, std::uint64_t sequence,
                        std::int64_t parked) {
  ByteWriter writer;
  writer.raw("parked");
  writer.u64(id);
  writer.u64(position);
  writer.u64(epoch);
  writer.u64(sequence);
  writer.i64(parked);
  return writer.take();
}

// nullopt: damaged.
std::optional<LogRow> row_of(const sqlite::Rows& rows, BlobSealer& sealer) {
  LogRow row;
  row.position = rows.natural(1);
  row.event.epoch = rows.natural(2);
  row.event.sequence = rows.natural(3);
  auto body =
      sealer.open(identity_of(rows.natural(0), row.position, row.event.epoch, row.event.sequence, rows.integer(4)),
                  rows.bytes(kBody));
  if (!body) return std::nullopt;
  row.event.bytes = *std::move(body);
  return row;
}

}  // namespace

sqlite::Outcome<ParkedTable> ParkedTable::prepare(sqlite::Connection& connection) {
  ParkedTable table;
  auto prepared = connection.prepare_all({
      {&table.insert_,
       "INSERT INTO parked(id, position, epoch, sequence, parked, body) VALUES(?1, ?2, ?3, ?4, ?5, ?6)"},
      {&table.select_, "SELECT id, position, epoch, sequence, parked, body FROM parked ORDER BY id"},
      {&table.select_one_, "SELECT id, position, epoch, sequence, parked, body FROM parked WHERE id = ?1"},
      {&table.remove_, "DELETE FROM parked WHERE id <= ?1"},
  });
  if (!prepared) return tl::unexpected(prepared.error());
  return table;
}

sqlite::Outcome<void> ParkedTable::load(BlobSealer& sealer) {
  entries_.clear();
  auto rows = select_.query();
  for (;;) {
    const auto more = rows.next();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return {};
    // A doubtful position would make a tombstone of an event that can be sent.
    const auto row = row_of(rows, sealer);
    if (row) entries_.push_back({rows.natural(0), row->position, rows.bytes(kBody).size() + kRowOverhead});
  }
}

sqlite::Outcome<ParkedTable::Change> ParkedTable::append(const LogRow& row, ArrivalTime now, std::uint64_t max_bytes,
                                                         BlobSealer& sealer) {
  Change change;
  change.id = entries_.empty() ? 1 : entries_.back().id + 1;
  change.position = row.position;
  const auto body =
      sealer.seal(identity_of(change.id, row.position, row.event.epoch, row.event.sequence, now.ns), row.event.bytes);
  change.bytes = body.size() + kRowOverhead;
  auto inserted =
      insert_.execute(change.id, row.position, row.event.epoch, row.event.sequence, now.ns, sqlite::Blob{body});
  if (!inserted) return tl::unexpected(inserted.error());
  std::uint64_t kept = bytes() + change.bytes;
  for (const Entry& oldest : entries_) {
    if (kept <= max_bytes) break;
    kept -= oldest.bytes;
    change.removed_through = oldest.id;
  }
  if (change.removed_through == 0) return change;
  if (auto removed = remove_.execute(change.removed_through); !removed) return tl::unexpected(removed.error());
  return change;
}

void ParkedTable::settle(const Change& change) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.id <= change.removed_through; });
  entries_.push_back({change.id, change.position, change.bytes});
}

sqlite::Outcome<std::vector<LogRow>> ParkedTable::read(std::uint64_t from, std::uint64_t max_bytes,
                                                       BlobSealer& sealer) {
  // In the order of the log; they were parked in the order in which they were to be sent.
  std::vector<Entry> wanted;
  std::copy_if(entries_.begin(), entries_.end(), std::back_inserter(wanted),
               [&](const Entry& entry) { return entry.position >= from; });
  std::sort(wanted.begin(), wanted.end(), [](const Entry& a, const Entry& b) { return a.position < b.position; });
  std::vector<LogRow> read;
  std::uint64_t bytes = 0;
  for (const Entry& entry : wanted) {
    auto rows = select_one_.query(entry.id);
    const auto there = rows.next();
    if (!there) return tl::unexpected(there.error());
    if (!*there) continue;
    auto row = row_of(rows, sealer);
    if (!row) continue;
    bytes += row->event.bytes.size();
    if (bytes > max_bytes && !read.empty()) break;
    read.push_back(*std::move(row));
  }
  return read;
}

bool ParkedTable::has(std::uint64_t position) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.position == position; });
}

std::vector<std::uint64_t> ParkedTable::positions() const {
  std::vector<std::uint64_t> out;
  for (const Entry& entry : entries_) out.push_back(entry.position);
  std::sort(out.begin(), out.end());
  return out;
}

std::uint64_t ParkedTable::bytes() const {
  std::uint64_t sum = 0;
  for (const Entry& entry : entries_) sum += entry.bytes;
  return sum;
}

}  // namespace tidemark
