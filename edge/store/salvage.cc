#include "edge/store/salvage.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

namespace tidemark {
namespace {

using sqlite::Connection;
using sqlite::Error;
using sqlite::is_damage;
using sqlite::Outcome;

// The check tells an I/O error as if it were damage. It is not: the page may be read at the next start, and a table
// that is salvaged without it has lost its rows.
bool cannot_be_read(std::string_view finding) {
  return finding.find("failed to get page") != std::string_view::npos ||
         (finding.find("unable to get the page") != std::string_view::npos &&
          finding.find("error code=" + std::to_string(SQLITE_CORRUPT)) == std::string_view::npos);
}

Outcome<bool> healthy(Connection& connection, const std::string& table) {
  auto check = connection.prepare(("PRAGMA quick_check('" + table + "')").c_str());
  if (!check) return tl::unexpected(check.error());
  bool healthy = true;
  auto rows = check->query();
  for (;;) {
    const auto more = rows.next();
    if (!more && !is_damage(more.error().code)) return tl::unexpected(more.error());
    if (!more) return false;
    if (!*more) return healthy;
    if (rows.bytes(0) == "ok") continue;
    if (cannot_be_read(rows.bytes(0))) return fail(Error::other, std::string(rows.bytes(0)));
    healthy = false;
  }
}

// The numbers of a table's rows in the order of `sql`, until they end or cannot be read further.
struct Walk {
  std::vector<std::int64_t> numbers;
  bool complete = false;
};

Outcome<Walk> walk(Connection& connection, const std::string& sql, std::int64_t stop) {
  Walk walk;
  auto statement = connection.prepare(sql.c_str());
  if (!statement) return tl::unexpected(statement.error());
  auto rows = statement->query();
  for (;;) {
    const auto more = rows.next();
    if (!more && is_damage(more.error().code)) return walk;
    if (!more) return tl::unexpected(more.error());
    if (!*more) break;
    // Numbers out of order are damage, too; what the other walk has is not needed again.
    if (rows.integer(0) == stop) break;
    walk.numbers.push_back(rows.integer(0));
  }
  walk.complete = true;
  return walk;
}

std::int64_t plus(std::int64_t number, std::int64_t distance) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(number, distance, &sum)) {
    return distance > 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
  }
  return sum;
}

// Which numbers to ask for. `between` counts those that lie inside the table and must have had a row.
struct Candidates {
  std::vector<std::int64_t> numbers;
  std::uint64_t between = 0;
};

Outcome<Candidates> candidates_of(Connection& connection, const std::string& table) {
  Candidates candidates;
  constexpr auto kNowhere = std::numeric_limits<std::int64_t>::min();
  auto up = walk(connection, "SELECT rowid FROM \"" + table + "\" ORDER BY rowid", kNowhere);
  if (!up) return tl::unexpected(up.error());
  candidates.numbers = up->numbers;
  if (up->complete) return candidates;
  const std::int64_t stop = up->numbers.empty() ? kNowhere : up->numbers.back();
  auto down = walk(connection, "SELECT rowid FROM \"" + table + "\" ORDER BY rowid DESC", stop);
  if (!down) return tl::unexpected(down.error());
  candidates.numbers.insert(candidates.numbers.end(), down->numbers.begin(), down->numbers.end());

  const auto add = [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t number = from; number < to; ++number) candidates.numbers.push_back(number);
  };
  if (!up->numbers.empty() && !down->numbers.empty()) {
    const std::int64_t from = plus(up->numbers.back(), 1);
    const std::int64_t to = std::max(from, down->numbers.back());
    add(from, std::min(to, plus(from, kSalvageReach)));
    add(std::max(plus(from, kSalvageReach), plus(to, -kSalvageReach)), to);
    candidates.between = static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
  } else if (!up->numbers.empty()) {
    add(plus(up->numbers.back(), 1), plus(up->numbers.back(), kSalvageReach));
  } else if (!down->numbers.empty()) {
    add(plus(down->numbers.back(), -kSalvageReach), down->numbers.back());
  }
  std::ranges::sort(candidates.numbers);
  candidates.numbers.erase(std::unique(candidates.numbers.begin(), candidates.numbers.end()), candidates.numbers.end());
  return candidates;
}

// The rows of a damaged table that can be read.
struct Readable {
  std::vector<std::int64_t> numbers;
  std::uint64_t lost = 0;
};

// Outside any transaction: SQLite refuses to commit one in which it met damage.
Outcome<Readable> readable_rows(Connection& connection, const std::string& table) {
  Readable readable;
  const auto candidates = candidates_of(connection, table);
  if (!candidates) return tl::unexpected(candidates.error());
  auto select = connection.prepare(("SELECT * FROM " + table + " WHERE rowid = ?1").c_str());
  if (!select) return tl::unexpected(select.error());
  std::uint64_t unreadable = 0;
  for (const std::int64_t number : candidates->numbers) {
    auto rows = select->query(number);
    const auto there = rows.next();
    if (!there && !is_damage(there.error().code)) return tl::unexpected(there.error());
    if (!there) ++unreadable;
    if (there && *there) readable.numbers.push_back(number);
  }
  // Beyond the ends nobody knows how many there were.
  readable.lost =
      candidates->between > 0 ? std::min(candidates->between, unreadable) : std::min<std::uint64_t>(unreadable, 1);
  return readable;
}

Outcome<std::string> first_text(Connection& connection, const std::string& sql) {
  auto statement = connection.prepare(sql.c_str());
  if (!statement) return tl::unexpected(statement.error());
  auto rows = statement->query();
  const auto there = rows.next();
  if (!there) return tl::unexpected(there.error());
  return *there ? std::string(rows.bytes(0)) : std::string();
}

// Inside a transaction.
Outcome<Salvaged> replace(Connection& connection, const std::string& table, const Readable& readable) {
  const auto definition = first_text(connection, "SELECT sql FROM sqlite_schema WHERE name = '" + table + "'");
  if (!definition) return tl::unexpected(definition.error());
  const auto number = connection.integer(
      ("SELECT count(*) + 1 FROM sqlite_schema WHERE name LIKE 'damaged\\_" + table + "\\_%' ESCAPE '\\'").c_str());
  if (!number) return tl::unexpected(number.error());
  const std::string aside = "damaged_" + table + "_" + std::to_string(*number);
  const std::string rename = "ALTER TABLE " + table + " RENAME TO " + aside + ";" + *definition + ";";
  if (auto renamed = connection.execute(rename.c_str()); !renamed) return tl::unexpected(renamed.error());

  Salvaged salvaged{table, 0, readable.lost};
  auto copy = connection.prepare(("INSERT INTO " + table + " SELECT * FROM " + aside + " WHERE rowid = ?1").c_str());
  if (!copy) return tl::unexpected(copy.error());
  for (const std::int64_t row : readable.numbers) {
    auto copied = copy->execute(row);
    if (!copied && copied.error().code != Error::constraint) return tl::unexpected(copied.error());
    (copied ? salvaged.rows : salvaged.lost) += 1;
  }
  return salvaged;
}

}  // namespace

Outcome<std::vector<Salvaged>> salvage_tables(Connection& connection, std::span<const char* const> tables) {
  std::vector<std::pair<std::string, Readable>> damaged;
  for (const char* table : tables) {
    const auto whole = healthy(connection, table);
    if (!whole) return tl::unexpected(whole.error());
    if (*whole) continue;
    auto readable = readable_rows(connection, table);
    if (!readable) return tl::unexpected(readable.error());
    damaged.emplace_back(table, *std::move(readable));
  }
  std::vector<Salvaged> salvaged;
  if (damaged.empty()) return salvaged;
  auto done = connection.execute("BEGIN IMMEDIATE");
  for (const auto& [table, readable] : damaged) {
    if (!done) break;
    auto replaced = replace(connection, table, readable);
    if (!replaced) {
      done = tl::unexpected(replaced.error());
      break;
    }
    salvaged.push_back(*std::move(replaced));
  }
  if (done) done = connection.execute("COMMIT");
  if (done) return salvaged;
  if (auto undone = connection.rollback(); !undone) return tl::unexpected(undone.error());
  return tl::unexpected(done.error());
}

Outcome<void> rebuild_file(Connection& connection) {
  if (connection.file_bytes() > kRebuildBytes) return fail(Error::corrupt, "the list of free pages is damaged");
  return connection.execute("VACUUM");
}

}  // namespace tidemark
