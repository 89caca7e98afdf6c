#include "edge/store/journal_table.h"

#include <algorithm>
#include <utility>

#include "edge/bytes/byte_writer.h"

namespace tidemark {
namespace {

std::string identity_of(std::uint64_t position, std::uint32_t readings) {
  ByteWriter identity;
  identity.raw("journal");
  identity.u64(position);
  identity.u32(readings);
  return identity.take();
}

}  // namespace

sqlite::Outcome<JournalTable> JournalTable::prepare(sqlite::Connection& connection) {
  JournalTable table;
  auto prepared = connection.prepare_all({
      {&table.insert_, "INSERT INTO journal(position, readings, body) VALUES(?1, ?2, ?3)"},
      {&table.select_, "SELECT position, readings, body FROM journal WHERE position >= ?1 ORDER BY position"},
      {&table.body_, "SELECT body FROM journal WHERE position = ?1"},
      {&table.leave_, "INSERT OR REPLACE INTO journal(position, readings, body) VALUES(?1, ?2, NULL)"},
      {&table.remove_one_, "DELETE FROM journal WHERE position = ?1"},
      {&table.sum_, "SELECT count(*), sum(readings) FROM journal WHERE position <= ?1"},
      {&table.remove_, "DELETE FROM journal WHERE position <= ?1"},
  });
  if (!prepared) return tl::unexpected(prepared.error());
  return table;
}

void JournalTable::hand_over(std::uint64_t position, std::uint32_t readings, std::optional<std::string> plan,
                             const std::function<void(const JournalRow&)>& row) {
  figures_.last = position;
  figures_.rows += 1;
  figures_.readings += readings;
  row(JournalRow{position, readings, std::move(plan), {}});
}

sqlite::Outcome<void> JournalTable::start_at_oldest(std::uint64_t passed) {
  auto rows = select_.query(std::uint64_t{1});
  const auto there = rows.next();
  if (!there) return tl::unexpected(there.error());
  start_after(*there ? std::min(passed, rows.natural(0) - 1) : passed);
  return {};
}

sqlite::Outcome<void> JournalTable::read(BlobSealer& sealer, std::vector<Damage>& damaged,
                                         const std::function<void(const JournalRow&)>& row) {
  std::uint64_t next = figures_.last + 1;
  auto rows = select_.query(next);
  for (;;) {
    const auto more = rows.next();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return {};
    const std::uint64_t number = rows.natural(0);
    const auto readings = static_cast<std::uint32_t>(rows.natural(1));
    const bool set_aside = rows.is_null(2);
    auto plan = set_aside ? std::nullopt : sealer.open(identity_of(number, readings), rows.bytes(2));
    // The number of a damaged row is as doubtful as its body: it takes the place that is next.
    const std::uint64_t position = plan || set_aside ? number : next;
    for (; next < position; ++next) {
      damaged.push_back({0, next, 0});
      hand_over(next, 0, std::nullopt, row);
    }
    if (!plan && !set_aside) damaged.push_back({number, position, readings});
    hand_over(position, readings, std::move(plan), row);
    next = position + 1;
  }
}

void JournalTable::read_missing(std::uint64_t last, std::vector<Damage>& damaged,
                                const std::function<void(const JournalRow&)>& row) {
  while (figures_.last < last) {
    damaged.push_back({0, figures_.last + 1, 0});
    hand_over(figures_.last + 1, 0, std::nullopt, row);
  }
}

sqlite::Outcome<void> JournalTable::set_aside(const Damage& damage, DamagedTable& damaged) {
  if (damage.row == 0) {
    if (auto added = damaged.add("journal", damage.position, damage.readings, std::nullopt); !added) return added;
  } else {
    auto rows = body_.query(damage.row);
    const auto there = rows.next();
    if (!there) return tl::unexpected(there.error());
    const auto body = *there ? std::optional(rows.bytes(0)) : std::nullopt;
    if (auto added = damaged.add("journal", damage.position, damage.readings, body); !added) return added;
  }
  if (damage.row != damage.position) {
    if (auto removed = remove_one_.execute(damage.row); !removed) return removed;
  }
  return leave_.execute(damage.position, damage.readings);
}

sqlite::Outcome<void> JournalTable::append(std::uint32_t readings, std::string_view plan, BlobSealer& sealer) {
  const std::uint64_t position = figures_.last + 1;
  const auto body = sealer.seal(identity_of(position, readings), plan);
  if (auto inserted = insert_.execute(position, readings, sqlite::Blob{body}); !inserted) return inserted;
  figures_.last = position;
  figures_.rows += 1;
  figures_.readings += readings;
  return {};
}

sqlite::Outcome<void> JournalTable::remove_through(std::uint64_t position) {
  if (figures_.rows == 0) return {};
  std::uint64_t rows_gone = 0;
  std::uint64_t readings_gone = 0;
  {
    auto sums = sum_.query(position);
    const auto there = sums.next();
    if (!there) return tl::unexpected(there.error());
    rows_gone = sums.natural(0);
    readings_gone = sums.natural(1);
  }
  if (rows_gone == 0) return {};
  if (auto removed = remove_.execute(position); !removed) return removed;
  figures_.rows -= std::min(figures_.rows, rows_gone);
  figures_.readings -= std::min(figures_.readings, readings_gone);
  return {};
}

}  // namespace tidemark
