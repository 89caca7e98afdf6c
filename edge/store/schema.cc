#include "edge/store/schema.h"

#include <string>

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

constexpr std::array<const char*, 1> kMigrations = {kFirstVersion};

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

}  // namespace tidemark
