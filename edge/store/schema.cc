#include "edge/store/schema.h"

#include <string>
#include <vector>

#include "edge/bytes/assert.h"

namespace tidemark {
namespace {

// Every table is keyed by its rowid and has no index: a commit then touches as few b-trees as it can, and a damaged
// b-tree can be salvaged row by row, by number.
constexpr const char* kFirstVersion =
    "CREATE TABLE journal(position INTEGER PRIMARY KEY, readings INTEGER NOT NULL, body BLOB);"
    "CREATE TABLE shard(shard INTEGER PRIMARY KEY, position INTEGER NOT NULL, body BLOB);"
    "CREATE TABLE log(position INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL,"
    " committed INTEGER NOT NULL, bytes_before INTEGER NOT NULL, journal INTEGER NOT NULL, body BLOB NOT NULL);"
    "CREATE TABLE setting(id INTEGER PRIMARY KEY, name TEXT NOT NULL, value BLOB NOT NULL, crc INTEGER NOT NULL);"
    "CREATE TABLE dead_letter(id INTEGER PRIMARY KEY, arrival INTEGER NOT NULL, stream TEXT NOT NULL,"
    " source TEXT NOT NULL, topic TEXT NOT NULL, reason TEXT NOT NULL, payload BLOB NOT NULL,"
    " payload_size INTEGER NOT NULL, bytes_before INTEGER NOT NULL, crc INTEGER NOT NULL);"
    "CREATE TABLE damaged(id INTEGER PRIMARY KEY, origin TEXT NOT NULL, row INTEGER NOT NULL,"
    " readings INTEGER NOT NULL, body BLOB);";

// Events that Kafka did not take.
constexpr const char* kParkedEvents =
    "CREATE TABLE parked(id INTEGER PRIMARY KEY, position INTEGER NOT NULL, epoch INTEGER NOT NULL,"
    " sequence INTEGER NOT NULL, parked INTEGER NOT NULL, body BLOB NOT NULL);";

/// No table changed: plans and shards of format 2 may be there, which an earlier program would take for damage.
constexpr const char* kClockGenerations = "";

constexpr std::array<const char*, 3> kMigrations = {kFirstVersion, kParkedEvents, kClockGenerations};

}  // namespace

std::span<const char* const> migrations() {
  return kMigrations;
}

std::int64_t schema_version() {
  return static_cast<std::int64_t>(kMigrations.size());
}

sqlite::Outcome<void> migrate(sqlite::Connection& connection, std::span<const char* const> steps) {
  const auto version = connection.integer("PRAGMA user_version");
  if (!version) return tl::unexpected(version.error());
  const auto last = static_cast<std::int64_t>(steps.size());
  TIDEMARK_ASSERT(*version >= 0 && *version <= last);
  if (*version == last) return {};
  std::string sql = "BEGIN IMMEDIATE;";
  for (auto step = static_cast<std::size_t>(*version); step < steps.size(); ++step) sql += steps[step];
  sql += "PRAGMA application_id=" + std::to_string(kApplicationId) + ";PRAGMA user_version=" + std::to_string(last) +
         ";COMMIT;";
  return connection.execute(sql.c_str());
}

namespace {

struct Definition {
  std::string table;
  std::string sql;
};

sqlite::Outcome<std::vector<Definition>> definitions_of(sqlite::Connection& connection) {
  std::vector<Definition> out;
  auto statement = connection.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table'");
  if (!statement) return tl::unexpected(statement.error());
  auto rows = statement->query();
  for (;;) {
    const auto more = rows.next();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return out;
    out.push_back({std::string(rows.bytes(0)), std::string(rows.bytes(1))});
  }
}

}  // namespace

sqlite::Outcome<void> mend_definitions(sqlite::Connection& connection) {
  const std::string in_memory = ":memory:";
  auto pattern = sqlite::Connection::open(in_memory, "");
  if (!pattern) return tl::unexpected(pattern.error());
  if (auto made = migrate(**pattern, migrations()); !made) return made;
  const auto wanted = definitions_of(**pattern);
  if (!wanted) return tl::unexpected(wanted.error());
  const auto found = definitions_of(connection);
  if (!found) return tl::unexpected(found.error());
  bool mended = false;
  for (const Definition& right : *wanted) {
    for (const Definition& is : *found) {
      if (is.table != right.table || is.sql == right.sql) continue;
      if (auto on = connection.execute("PRAGMA writable_schema=ON"); !on) return on;
      auto update = connection.prepare("UPDATE sqlite_schema SET sql = ?1 WHERE type = 'table' AND name = ?2");
      if (!update) return tl::unexpected(update.error());
      if (auto done = update->execute(sqlite::Text{right.sql}, sqlite::Text{right.table}); !done) return done;
      mended = true;
    }
  }
  if (!mended) return {};
  return connection.execute("PRAGMA writable_schema=RESET");
}

}  // namespace tidemark
