#include <sqlite3.h>

#include "tests/unit/store/fixture.h"

namespace tidemark::test {
namespace {

// Bodies that can be found in the file, because they cannot be compressed.
const std::string kPlan = noise(2'000, 1);
const std::string kShard = noise(2'000, 2);
const std::string kEvent = noise(2'000, 3);
const std::string kSetting = noise(60, 4);
const std::string kPayload = noise(60, 5);

// Three of everything; the second of each holds the body that is looked for.
void fill(const std::string& path) {
  Started started = start(options_of(path));
  Store& store = *started.store;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    const std::string plan = i == 2 ? kPlan : noise(2'000, 10 + i);
    const std::vector<LogEvent> events = {{9, i, i == 2 ? kEvent : noise(2'000, 20 + i)}};
    const std::vector<ShardImage> shards = {{static_cast<std::uint32_t>(i), 0, i == 2 ? kShard : noise(2'000, 30 + i)}};
    std::vector<DeadLetter> letters(1);
    letters[0].payload = i == 2 ? kPayload : "payload";
    store.put_setting("setting " + std::to_string(i), i == 2 ? kSetting : "value");
    GroupCommit group = group_of(plan, 7);
    group.events = events;
    group.shards = shards;
    group.dead_letters = letters;
    commit(store, group);
  }
  close(started);
}

// Flips one bit in the middle of `body` where it lies in the file.
void damage(const std::string& path, const std::string& body) {
  std::string bytes = bytes_of(path);
  // Bodies are cut into pages: their middle is looked for.
  const std::size_t found = bytes.find(body.substr(body.size() / 2, 20));
  REQUIRE(found != std::string::npos);
  bytes[found + 5] = static_cast<char>(static_cast<unsigned char>(bytes[found + 5]) ^ 0x10u);
  write_bytes(path, bytes);
}

std::int64_t query(const std::string& path, const std::string& sql) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
  sqlite3_stmt* statement = nullptr;
  REQUIRE(sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK);
  const std::int64_t value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
  sqlite3_finalize(statement);
  sqlite3_close(db);
  return value;
}

TEST_CASE("a damaged plan is set aside, told of with its number of readings at every start, and counted once") {
  Folder folder;
  fill(folder.file());
  damage(folder.file(), kPlan);
  for (int life = 0; life < 3; ++life) {
    Started started = start(options_of(folder.file()));
    REQUIRE(started.rows.size() == 3);
    CHECK(started.rows[0].plan.has_value());
    CHECK_FALSE(started.rows[1].plan.has_value());
    CHECK(started.rows[1].position == 2);
    CHECK(started.rows[1].readings == 7);
    CHECK(started.rows[1].events == std::vector<std::string>{kEvent});
    CHECK(started.rows[0].events.empty());
    CHECK(started.rows[2].plan.has_value());
    CHECK(started.store->figures().damaged_rows == 1);
    CHECK(started.store->figures().journal_readings == 21);
    if (life == 2) CHECK(commit_all_shards(*started.store, "state") == 4);
    close(started);
  }
  CHECK(query(folder.file(), "SELECT count(*) FROM damaged WHERE origin = 'journal' AND row = 2 AND readings = 7") ==
        1);
  CHECK(query(folder.file(), "SELECT length(body) FROM damaged") == 2'005);
  Started started = start(options_of(folder.file()));
  CHECK(started.rows.empty());
  CHECK(started.store->figures().damaged_rows == 1);
}

TEST_CASE("a damaged shard is set aside and told of until it is written again; no journal row goes until then") {
  Folder folder;
  fill(folder.file());
  {
    Started started = start(options_of(folder.file()));
    CHECK(commit_all_shards(*started.store, kShard) == 4);
    commit(*started.store, group_of("five"));
    close(started);
  }
  damage(folder.file(), kShard);
  std::uint32_t shard = 0;
  for (int life = 0; life < 2; ++life) {
    Started started = start(options_of(folder.file()));
    REQUIRE(started.recovered.damaged_shards.size() == 1);
    shard = started.recovered.damaged_shards[0];
    CHECK(started.recovered.shards.size() == kShards - 1);
    CHECK(started.rows.size() == 1);
    CHECK(started.store->figures().damaged_rows == 1);
    close(started);
  }
  {
    Started started = start(options_of(folder.file()));
    std::vector<ShardImage> shards;
    for (std::uint32_t other = 0; other < kShards; ++other) {
      if (other != shard) shards.push_back({other, 0, "state"});
    }
    GroupCommit group = group_of("six");
    group.shards = shards;
    commit(*started.store, group);
    CHECK(started.store->figures().journal_rows == 2);
    const std::vector<ShardImage> missing = {{shard, 0, "state"}};
    group.shards = missing;
    commit(*started.store, group);
    CHECK(started.store->figures().journal_rows == 1);
  }
  CHECK(start(options_of(folder.file())).recovered.damaged_shards.empty());
}

TEST_CASE("a damaged event is left out and counted once however often it is read, and goes with those before it") {
  Folder folder;
  fill(folder.file());
  damage(folder.file(), kEvent);
  Started started = start(options_of(folder.file()));
  for (int i = 0; i < 3; ++i) {
    const auto rows = read_all(*started.store);
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].position == 1);
    CHECK(rows[1].position == 3);
    CHECK(started.store->figures().damaged_rows == 1);
  }
  CHECK(started.recovered.last_sequence == 3);
  CHECK(started.store->trim_log(ArrivalTime{INT64_MAX}, 2) == 0u);  // not trimmed: no time of commit was given
  const std::vector<LogEvent> events = {{9, 4, "four"}};
  commit_events(*started.store, events);
  CHECK(read_all(*started.store).size() == 3);
}

TEST_CASE("a damaged event at the end of the log does not lead to a sequence or position that was used") {
  Folder folder;
  {
    Started started = start(options_of(folder.file()));
    const std::vector<LogEvent> events = {{9, 1, noise(600, 1)}, {9, 2, noise(600, 2)}, {9, 3, kEvent}};
    commit_events(*started.store, events);
    close(started);
  }
  damage(folder.file(), kEvent);
  Started started = start(options_of(folder.file()));
  CHECK(started.recovered.last_epoch == 9);
  CHECK(started.recovered.last_sequence == 3);
  const StoreFigures figures = started.store->figures();
  CHECK(figures.log_last == 3);
  CHECK(figures.log_bytes == 600 + 600 + 2'000 + 3 * 5);
  const std::vector<LogEvent> events = {{9, 4, "four"}};
  commit_events(*started.store, events);
  CHECK(read_all(*started.store).back().position == 4);
}

TEST_CASE("a damaged setting or dead letter is left out and counted") {
  Folder folder;
  fill(folder.file());
  damage(folder.file(), kSetting);
  damage(folder.file(), kPayload);
  for (int life = 0; life < 2; ++life) {
    Started started = start(options_of(folder.file()));
    CHECK(started.store->setting("setting 1") == "value");
    CHECK_FALSE(started.store->setting("setting 2"));
    CHECK(started.store->read_dead_letters(0, 100).value().size() == 2);
    CHECK(started.store->figures().dead_letters == 3);
    CHECK(started.store->figures().damaged_rows == 1);
    close(started);
  }
}

// Overwrites a b-tree's root page.
void wreck(const std::string& path, const std::string& table) {
  const auto page =
      static_cast<std::size_t>(query(path, "SELECT rootpage FROM sqlite_schema WHERE name='" + table + "'"));
  std::string bytes = bytes_of(path);
  for (std::size_t i = 0; i < 512; ++i) bytes[(page - 1) * 512 + i] = static_cast<char>(i * 37);
  write_bytes(path, bytes);
}

TEST_CASE("a table that cannot be read at all is put aside and work goes on") {
  Folder folder;
  fill(folder.file());
  std::string table;
  SUBCASE("the journal") {
    table = "journal";
  }
  SUBCASE("the shards") {
    table = "shard";
  }
  SUBCASE("the log") {
    table = "log";
  }
  SUBCASE("the settings") {
    table = "setting";
  }
  SUBCASE("the dead letters") {
    table = "dead_letter";
  }
  wreck(folder.file(), table);
  for (int life = 0; life < 2; ++life) {
    Started started = start(options_of(folder.file()));
    CHECK(started.rows.size() == (life == 0 ? 3u : 4u));
    for (const JournalRow& row : started.rows) {
      CHECK(row.plan.has_value() == (table != "journal" || row.position > 3));
    }
    if (table == "shard") CHECK(started.recovered.damaged_shards.size() == kShards);
    if (table != "shard") CHECK(started.recovered.shards.size() == 3);
    const auto log = read_all(*started.store);
    if (table != "log") CHECK(log.size() == 3 + static_cast<std::size_t>(life));
    // Where nobody knows which positions were used, new ones start well behind.
    if (table == "log" && life == 1) CHECK(log.at(0).position > 1'000);
    CHECK(started.store->setting("setting 2").has_value() == (table != "setting"));
    if (life == 0) {
      const std::vector<LogEvent> events = {{9, 4, "four"}};
      commit_events(*started.store, events);
    }
    CHECK(started.store->figures().damaged_rows > 0);
    close(started);
  }
  CHECK(query(folder.file(), "SELECT count(*) FROM sqlite_schema WHERE name = 'damaged_" + table + "_1'") == 1);
}

TEST_CASE("damage can be set aside also when the table for it is damaged") {
  Folder folder;
  fill(folder.file());
  wreck(folder.file(), "damaged");
  damage(folder.file(), kPlan);
  for (int life = 0; life < 2; ++life) {
    Started started = start(options_of(folder.file()));
    REQUIRE(started.rows.size() == 3);
    CHECK_FALSE(started.rows[1].plan);
    close(started);
  }
  CHECK(query(folder.file(), "SELECT count(*) FROM sqlite_schema WHERE name = 'damaged_damaged_1'") == 1);
  CHECK(query(folder.file(), "SELECT count(*) FROM damaged") == 1);
}

TEST_CASE("a log that is damaged while it is in use is mended without a restart") {
  Folder folder;
  {
    Started started = start(options_of(folder.file()));
    for (std::uint64_t i = 1; i <= 200; ++i) {
      const std::vector<LogEvent> events = {{9, i, noise(700, i)}};
      commit_events(*started.store, events, ArrivalTime{static_cast<std::int64_t>(i)});
    }
    close(started);
  }
  // A leaf in the middle of the log, found by an event in it.
  std::string bytes = bytes_of(folder.file());
  const std::size_t found = bytes.find(noise(700, 100).substr(0, 20));
  REQUIRE(found != std::string::npos);
  const std::size_t page = found / 512 * 512;
  for (std::size_t i = 0; i < 12; ++i) bytes[page + i] = '\x55';
  write_bytes(folder.file(), bytes);

  Started started = start(options_of(folder.file()));
  const auto rows = read_all(*started.store);
  CHECK(rows.size() >= 190);
  CHECK(rows.size() < 200);
  for (const LogRow& row : rows) CHECK(row.event.bytes == noise(700, row.position));
  CHECK(started.store->figures().damaged_rows >= 200 - rows.size());
  CHECK(started.store->figures().log_last == 200);
  const std::vector<LogEvent> events = {{9, 201, "more"}};
  commit_events(*started.store, events);
  CHECK(read_all(*started.store).back().position == 201);
  CHECK(started.store->trim_log(ArrivalTime{150}, 1'000).value() > 140);
}

TEST_CASE("damage to the list of free pages is mended by rebuilding the file") {
  Folder folder;
  fill(folder.file());
  {
    // Free some pages.
    Started started = start(options_of(folder.file()));
    for (std::uint64_t i = 0; i < 40; ++i) commit(*started.store, group_of(noise(3'000, i)));
    commit_all_shards(*started.store, "state");
    close(started);
  }
  std::string bytes = bytes_of(folder.file());
  // https://www.sqlite.org/fileformat2.html: the first trunk page of the list is named at offset 32.
  std::size_t trunk = 0;
  for (std::size_t i = 0; i < 4; ++i) trunk = trunk << 8 | static_cast<unsigned char>(bytes[32 + i]);
  REQUIRE(trunk > 0);
  for (std::size_t i = 0; i < 8; ++i) bytes[(trunk - 1) * 512 + i] = '\x7f';
  write_bytes(folder.file(), bytes);
  Started started = start(options_of(folder.file()));
  const auto before = read_all(*started.store).size();
  for (std::uint64_t i = 0; i < 60; ++i) commit(*started.store, group_of(noise(3'000, i)));
  close(started);
  CHECK(query(folder.file(), "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'") == 0);
  started = start(options_of(folder.file()));
  CHECK(started.rows.size() == 60);
  CHECK(read_all(*started.store).size() == before);
}

TEST_CASE("a file whose list of tables is damaged is refused, with what to do") {
  Folder folder;
  fill(folder.file());
  std::string bytes = bytes_of(folder.file());
  for (std::size_t i = 100; i < 112; ++i) bytes[i] = '\x55';
  write_bytes(folder.file(), bytes);
  auto opened = Store::open(options_of(folder.file()));
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == StoreError::broken);
  CHECK(opened.error().context.find(".recover") != std::string::npos);
  CHECK(bytes_of(folder.file()) == bytes);
}

}  // namespace
}  // namespace tidemark::test
