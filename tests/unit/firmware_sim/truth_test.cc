#include "firmware-sim/truth.h"

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "firmware-sim/fleet.h"

using namespace firmware_sim;

namespace {

struct TemporaryFile {
  TemporaryFile() : path("/tmp/firmware-sim-truth-" + std::to_string(::getpid()) + "-" + std::to_string(next++)) {}
  ~TemporaryFile() { std::remove(path.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string path;
  static inline int next = 0;
};

// All rows as text, columns separated by |.
std::string query(const std::string& path, const char* sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
  sqlite3_stmt* statement = nullptr;
  REQUIRE_MESSAGE(sqlite3_prepare_v2(database, sql, -1, &statement, nullptr) == SQLITE_OK, sqlite3_errmsg(database));
  std::string text;
  while (sqlite3_step(statement) == SQLITE_ROW) {
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
      const auto* column = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
      text += (i > 0 ? "|" : "") + std::string(column == nullptr ? "NULL" : column);
    }
    text += "\n";
  }
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return text;
}

FleetOptions options() {
  FleetOptions o;
  o.devices = 100;
  o.duration_us = 60'000'000;
  o.start_ms = 1'767'225'600'000;
  o.seed = 3;
  o.profile = *find_profile("chaos");
  for (const CatalogueEntry& entry : catalogue()) o.models.push_back(&entry);
  return o;
}

void write_truth(const std::string& path, bool backwards) {
  auto truth = Truth::create(path);
  REQUIRE(truth);
  Fleet fleet(options());
  std::vector<Message> messages;
  fleet.advance(kForever_us, 1'000'000, messages);
  if (backwards) std::reverse(messages.begin(), messages.end());
  for (const Message& message : messages) REQUIRE(truth->put(message, {1, true, 0}));
  REQUIRE(truth->finish());
}

}  // namespace

TEST_CASE("the same seed gives the same truth, in whatever order messages are acknowledged") {
  const TemporaryFile first;
  const TemporaryFile second;
  write_truth(first.path, false);
  write_truth(second.path, true);
  for (const char* sql : {"SELECT * FROM reading ORDER BY id", "SELECT * FROM message ORDER BY id"}) {
    const std::string text = query(first.path, sql);
    CHECK(text.size() > 100'000);
    CHECK(text == query(second.path, sql));
  }
}

TEST_CASE("a truth has the columns that its format document names") {
  const TemporaryFile file;
  write_truth(file.path, false);
  CHECK(query(file.path,
              "SELECT id, stream, topic, source, field, event_time, value, sequence, sent_at, fate, message "
              "FROM reading ORDER BY id LIMIT 1") != "");
  CHECK(query(file.path,
              "SELECT id, stream, topic, source, sequence, sent_at, acked, fate, size, resent, retained, fault "
              "FROM message ORDER BY id LIMIT 1") != "");
  CHECK(query(file.path, "SELECT value FROM meta WHERE key = 'finished'") == "1\n");
  // Nanoseconds, canonical decimals, and every reading belongs to a message.
  CHECK(query(file.path, "SELECT count(*) FROM reading WHERE event_time IS NOT NULL AND event_time % 1000000 <> 0") ==
        "0\n");
  CHECK(query(file.path, "SELECT count(*) FROM reading WHERE value LIKE '%.%0' OR value LIKE '%.'") == "0\n");
  CHECK(query(file.path,
              "SELECT count(*) FROM reading LEFT JOIN message ON message.id = reading.message "
              "WHERE message.id IS NULL OR message.topic <> reading.topic") == "0\n");
  CHECK(query(file.path, "SELECT count(*) FROM reading WHERE (event_time IS NULL) <> (stream = 'illuminance')") ==
        "0\n");
}

TEST_CASE("what was published and never acknowledged is neither sent nor withheld") {
  const TemporaryFile file;
  auto truth = Truth::create(file.path);
  REQUIRE(truth);
  FleetOptions o = options();
  o.profile = *find_profile("clean");
  Fleet fleet(o);
  std::vector<Message> messages;
  fleet.advance(kForever_us, 3, messages);
  mark(messages[2], Fate::withheld);
  REQUIRE(truth->put(messages[0], {5, true, 2}));
  REQUIRE(truth->put(messages[1], {6, false, 1}));
  REQUIRE(truth->put(messages[2], {0, false, 0}));
  REQUIRE(truth->finish());
  CHECK(query(file.path, "SELECT fate, sent_at, acked, resent FROM message ORDER BY id") ==
        "sent|5|1|2\nunacknowledged|6|0|1\nwithheld|NULL|0|0\n");
  CHECK(query(file.path, "SELECT DISTINCT message, fate FROM reading ORDER BY message") ==
        "1|sent\n2|unacknowledged\n3|withheld\n");
}

TEST_CASE("a truth file replaces an older one, and nothing else") {
  const TemporaryFile file;
  write_truth(file.path, false);
  const std::string before = query(file.path, "SELECT count(*) FROM reading");
  {
    auto truth = Truth::create(file.path);
    REQUIRE(truth);
    REQUIRE(truth->finish());
  }
  CHECK(query(file.path, "SELECT count(*) FROM reading") == "0\n");
  CHECK(before != "0\n");

  std::ofstream(file.path)
      << "somebody's notes, a good deal longer than the header of a database would be, to be sure\n";
  const auto refused = Truth::create(file.path);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().context.find("left alone") != std::string::npos);
  std::string kept;
  std::getline(std::ifstream(file.path) >> std::ws, kept);
  CHECK(kept.starts_with("somebody's notes"));

  CHECK_FALSE(Truth::create("/nowhere/at/all.db"));
  CHECK_FALSE(Truth::create("/tmp"));
}

TEST_CASE("a truth that was not finished says so") {
  const TemporaryFile file;
  auto truth = Truth::create(file.path);
  REQUIRE(truth);
  REQUIRE(truth->put_meta("seed", "1"));
  REQUIRE(truth->commit());
  CHECK(query(file.path, "SELECT key FROM meta") == "seed\n");
}
