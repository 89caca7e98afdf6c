#include "edge/store/dead_letter_table.h"

#include <limits>
#include <utility>

#include "edge/bytes/byte_writer.h"
#include "edge/bytes/crc32c.h"

namespace tidemark {
namespace {

// What a row takes in the file beside its texts.
constexpr std::uint64_t kRowOverhead = 48;

std::uint64_t size_of(const DeadLetter& letter) {
  return kRowOverhead + letter.stream.size() + letter.source.size() + letter.topic.size() + letter.reason.size() +
         letter.payload.size();
}

std::int64_t check_of(std::uint64_t id, const DeadLetter& letter, std::uint64_t bytes_before) {
  ByteWriter writer;
  writer.raw("dead_letter");
  writer.u64(id);
  writer.i64(letter.arrival.ns);
  writer.bytes(letter.stream);
  writer.bytes(letter.source);
  writer.bytes(letter.topic);
  writer.bytes(letter.reason);
  writer.bytes(letter.payload);
  writer.u64(letter.payload_size);
  writer.u64(bytes_before);
  return crc32c(writer.view());
}

struct Row {
  DeadLetterRow row;
  std::uint64_t bytes_before = 0;
  bool whole = false;
};

Row row_of(const sqlite::Rows& rows) {
  Row row;
  row.row.id = rows.natural(0);
  row.row.letter.arrival = ArrivalTime{rows.integer(1)};
  row.row.letter.stream = rows.bytes(2);
  row.row.letter.source = rows.bytes(3);
  row.row.letter.topic = rows.bytes(4);
  row.row.letter.reason = rows.bytes(5);
  row.row.letter.payload = rows.bytes(6);
  row.row.letter.payload_size = rows.natural(7);
  row.bytes_before = rows.natural(8);
  row.whole = rows.integer(9) == check_of(row.row.id, row.row.letter, row.bytes_before);
  return row;
}

}  // namespace

sqlite::Outcome<DeadLetterTable> DeadLetterTable::prepare(sqlite::Connection& connection) {
  DeadLetterTable table;
  auto prepared = connection.prepare_all({
      {&table.insert_,
       "INSERT INTO dead_letter(id, arrival, stream, source, topic, reason, payload, payload_size, bytes_before, crc)"
       " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"},
      {&table.select_,
       "SELECT id, arrival, stream, source, topic, reason, payload, payload_size, bytes_before, crc FROM dead_letter"
       " WHERE id >= ?1 ORDER BY id"},
      {&table.newest_,
       "SELECT id, arrival, stream, source, topic, reason, payload, payload_size, bytes_before, crc FROM dead_letter"
       " ORDER BY id DESC"},
      {&table.remove_, "DELETE FROM dead_letter WHERE id <= ?1"},
  });
  if (!prepared) return tl::unexpected(prepared.error());
  return table;
}

sqlite::Outcome<void> DeadLetterTable::load(const std::optional<Counters>& counters) {
  extent_ = {};
  if (counters) {
    extent_.removed_through = extent_.last = counters->dead_removed_through;
    extent_.removed_bytes = extent_.bytes = counters->dead_removed_bytes;
  }
  std::uint64_t size_after = 0;
  bool told = false;
  auto rows = newest_.query();
  for (;;) {
    const auto more = rows.next();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return {};
    const Row row = row_of(rows);
    extent_.last = std::max(extent_.last, row.row.id);
    if (row.whole && !told) {
      extent_.bytes = row.bytes_before + size_of(row.row.letter) + size_after;
      told = true;
    }
    size_after += size_of(row.row.letter);
    if (told && counters) return {};
    // Without counters every row is walked, and the last one met is the oldest.
    extent_.removed_through = row.row.id - 1;
    if (row.whole) extent_.removed_bytes = row.bytes_before;
  }
}

sqlite::Outcome<void> DeadLetterTable::append(const DeadLetter& letter) {
  const std::uint64_t id = extent_.last + 1;
  auto inserted = insert_.execute(id, letter.arrival.ns, sqlite::Text{letter.stream}, sqlite::Text{letter.source},
                                  sqlite::Text{letter.topic}, sqlite::Text{letter.reason}, sqlite::Blob{letter.payload},
                                  letter.payload_size, extent_.bytes, check_of(id, letter, extent_.bytes));
  if (!inserted) return inserted;
  extent_.append(size_of(letter));
  return {};
}

sqlite::Outcome<void> DeadLetterTable::bound(std::uint64_t max_bytes) {
  if (extent_.kept_bytes() <= max_bytes) return {};
  // An eighth more goes than must, so that a flood does not touch the oldest page with every commit.
  const std::uint64_t target = max_bytes - max_bytes / 8;
  Extent extent = extent_;
  {
    auto rows = select_.query(std::uint64_t{0});
    while (extent.kept_bytes() > target) {
      const auto more = rows.next();
      if (!more) return tl::unexpected(more.error());
      if (!*more) break;
      const Row row = row_of(rows);
      extent.removed_through = row.row.id;
      extent.removed_bytes = row.whole ? row.bytes_before + size_of(row.row.letter)
                                       : std::min(extent.bytes, extent.removed_bytes + size_of(row.row.letter));
    }
  }
  if (auto removed = remove_.execute(extent.removed_through); !removed) return removed;
  extent_ = extent;
  return {};
}

sqlite::Outcome<std::vector<DeadLetterRow>> DeadLetterTable::read(std::uint64_t from, std::uint64_t max_rows) {
  std::vector<DeadLetterRow> read;
  auto rows = select_.query(from);
  while (read.size() < max_rows) {
    const auto more = rows.next();
    if (!more) return tl::unexpected(more.error());
    if (!*more) break;
    Row row = row_of(rows);
    if (row.whole) read.push_back(std::move(row.row));
  }
  return read;
}

void DeadLetterTable::count(Counters& counters) const {
  counters.dead_removed_through = extent_.removed_through;
  counters.dead_removed_bytes = extent_.removed_bytes;
}

}  // namespace tidemark
