#include <csignal>
#include <cstring>

#include <sys/wait.h>
#include <unistd.h>

#include "edge/store/sqlite.h"
#include "tests/support/crash_vfs.h"
#include "tests/unit/store/fixture.h"

namespace tidemark::test {
namespace {

TEST_CASE("what was committed is there at the next start") {
  Folder folder;
  {
    Started started = start(options_of(folder.file()));
    GroupCommit first = group_of("first", 2);
    const std::vector<LogEvent> events = {{7, 1, "one"}, {7, 2, std::string(5000, 'x')}, {7, 3, ""}};
    first.events = events;
    CHECK(commit(*started.store, first) == 1);
    GroupCommit second = group_of("second", 3);
    const std::vector<ShardImage> shards = {{3, 0, "shard three"}, {kGatewayShard, 0, ""}};
    second.shards = shards;
    CHECK(commit(*started.store, second) == 2);
    SUBCASE("after a clean close") {
      close(started);
    }
    SUBCASE("without one") {}
  }
  Started started = start(options_of(folder.file()));
  REQUIRE(started.rows.size() == 2);
  CHECK(started.rows[0].position == 1);
  CHECK(started.rows[0].readings == 2);
  CHECK(started.rows[0].plan == "first");
  CHECK(started.rows[1].plan == "second");
  REQUIRE(started.recovered.shards.size() == 2);
  CHECK(started.recovered.shards[0].shard == 3);
  CHECK(started.recovered.shards[0].body == "shard three");
  CHECK(started.recovered.shards[0].position == 2);
  CHECK(started.recovered.shards[1].body == "");
  CHECK(started.recovered.damaged_shards.empty());
  CHECK(started.recovered.journal_position == 2);
  CHECK(started.recovered.last_epoch == 7);
  CHECK(started.recovered.last_sequence == 3);
  const auto log = read_all(*started.store);
  REQUIRE(log.size() == 3);
  CHECK(log[1].position == 2);
  CHECK(log[1].event.bytes == std::string(5000, 'x'));
  CHECK(log[2].event.bytes == "");
  CHECK(started.store->figures().journal_rows == 2);
  CHECK(started.store->figures().journal_readings == 5);
}

TEST_CASE("recover hands the shards over before the first row, and rows after the oldest shard only") {
  Folder folder;
  {
    Started started = start(options_of(folder.file()));
    commit(*started.store, group_of("one"));
    CHECK(commit_all_shards(*started.store, "state") == 2);
    commit(*started.store, group_of("three"));
  }
  auto store = Store::open(options_of(folder.file())).value();
  std::string order;
  const auto recovered =
      store->recover([&](const auto& shards) { order += std::to_string(shards.size()) + " shards"; },
                     [&](const JournalRow& row) { order += ", row " + std::to_string(row.position); });
  REQUIRE(recovered);
  CHECK(order == "65 shards, row 3");
}

TEST_CASE("an empty plan is a position like any other, before and after a restart") {
  Folder folder;
  {
    Started started = start(options_of(folder.file()));
    CHECK(commit(*started.store, group_of("")) == 1);
    CHECK(commit(*started.store, group_of("plan")) == 2);
    CHECK(commit(*started.store, group_of("")) == 3);
  }
  Started started = start(options_of(folder.file()));
  CHECK(started.rows.size() == 3);
  CHECK(started.rows[0].plan == "");
  CHECK(commit(*started.store, group_of("plan")) == 4);
}

TEST_CASE("rows that every shard has passed are gone with the commit, and no position is used twice") {
  Folder folder;
  {
    Started started = start(options_of(folder.file()));
    Store& store = *started.store;
    for (int i = 0; i < 10; ++i) commit(store, group_of("plan", 5));
    CHECK(store.figures().journal_rows == 10);
    std::vector<ShardImage> shards;
    for (std::uint32_t shard = 0; shard + 1 < kShards; ++shard) shards.push_back({shard, 0, "state"});
    GroupCommit all_but_one = group_of("plan", 5);
    all_but_one.shards = shards;
    commit(store, all_but_one);
    CHECK(store.figures().journal_rows == 11);
    const std::vector<ShardImage> last = {{kShards - 1, 0, "state"}};
    GroupCommit rest = group_of("plan", 5);
    rest.shards = last;
    CHECK(commit(store, rest) == 12);
    CHECK(store.figures().journal_rows == 1);
    CHECK(store.figures().journal_readings == 5);
    CHECK(commit_all_shards(store, "state") == 13);
    CHECK(store.figures().journal_rows == 0);
  }
  Started started = start(options_of(folder.file()));
  CHECK(started.rows.empty());
  CHECK(started.recovered.journal_position == 13);
  CHECK(commit(*started.store, group_of("plan")) == 14);
}

TEST_CASE("settings are known at once, durable with the next commit, and there before recover") {
  Folder folder;
  {
    Started started = start(options_of(folder.file()));
    started.store->put_setting("gateway", "plant-7");
    CHECK(started.store->setting("gateway") == "plant-7");
    commit(*started.store, group_of(""));
    started.store->put_setting("gateway", "never committed");
    started.store->put_setting("empty", "");
  }
  {
    auto store = Store::open(options_of(folder.file())).value();
    CHECK(store->setting("gateway") == "plant-7");
    CHECK_FALSE(store->setting("empty"));
    REQUIRE(store->recover({}, {}));
    store->put_setting("gateway", std::string("\0\xff", 2));
    store->put_setting("empty", "");
    commit(*store, group_of(""));
  }
  const auto store = Store::open(options_of(folder.file())).value();
  CHECK(store->setting("gateway") == std::string("\0\xff", 2));
  CHECK(store->setting("empty") == "");
}

TEST_CASE("the WAL is moved into the file when it has grown enough, and then starts over") {
  Folder folder;
  StoreOptions options = options_of(folder.file());
  options.checkpoint_bytes = 100'000;
  Started started = start(options);
  Store& store = *started.store;
  std::uint64_t largest = 0;
  std::uint64_t checkpoints = 0;
  for (unsigned i = 0; i < 200; ++i) {
    commit(store, group_of(noise(4'000, i)));
    const std::uint64_t before = store.figures().wal_bytes;
    largest = std::max(largest, before);
    REQUIRE(store.checkpoint_if_due());
    if (before >= options.checkpoint_bytes) {
      ++checkpoints;
      CHECK(store.figures().wal_bytes == 0);
    } else {
      CHECK(store.figures().wal_bytes == before);
    }
  }
  CHECK(checkpoints > 3);
  CHECK(largest < options.checkpoint_bytes + 20'000);
  CHECK(std::filesystem::file_size(folder.file("state.db-wal")) <= 2 * options.checkpoint_bytes);
  CHECK(store.figures().file_bytes > 400'000);
}

TEST_CASE("after an I/O error the store says broken, does nothing more, and is not closed") {
  CrashDisk disk(1);
  StoreOptions options = options_of("state.db");
  options.vfs = disk.vfs();
  Started started = start(options);
  commit(*started.store, group_of("kept"));
  disk.set_faults({.read = 0, .write = 0, .sync = 1'000'000});
  const auto failed = started.store->commit(group_of("lost"));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == StoreError::broken);
  disk.set_faults({});
  const std::uint64_t operations = disk.counts().operations;
  CHECK(started.store->commit(group_of("never")).error().code == StoreError::broken);
  CHECK(started.store->read_log(1, 1).error().code == StoreError::broken);
  CHECK(started.store->trim_log(ArrivalTime{1}, 1).error().code == StoreError::broken);
  CHECK(started.store->checkpoint_if_due().error().code == StoreError::broken);
  CHECK(started.store->close().error().code == StoreError::broken);
  started.store.reset();
  CHECK(disk.counts().operations == operations);
  disk.kill();
  CHECK(sqlite::close_abandoned() == 1);
  disk.power_cut();
  disk.restart();
  CHECK(start(options).rows.at(0).plan == "kept");
}

TEST_CASE("a process killed while it commits loses nothing it was told is durable") {
  Folder folder;
  StoreOptions options = options_of(folder.file());
  options.checkpoint_bytes = 60'000;
  std::uint64_t told = 0;
  for (int kill = 0; kill < 12; ++kill) {
    int pipe[2] = {};
    REQUIRE(::pipe(pipe) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      auto store = Store::open(options);
      if (!store || !(*store)->recover({}, {})) ::_exit(1);
      for (;;) {
        const std::string plan(2'000, 'p');
        const std::vector<LogEvent> events = {{1, 1, plan}};
        GroupCommit group = group_of(plan);
        group.events = events;
        const auto done = (*store)->commit(group);
        if (!done || !(*store)->checkpoint_if_due()) ::_exit(2);
        if (::write(pipe[1], &*done, sizeof *done) != sizeof *done) ::_exit(3);
      }
    }
    ::close(pipe[1]);
    const std::uint64_t until = told + 20 + static_cast<std::uint64_t>(kill) * 7;
    std::uint64_t position = 0;
    while (told < until && ::read(pipe[0], &position, sizeof position) == sizeof position) told = position;
    REQUIRE(told == until);
    REQUIRE(::kill(child, SIGKILL) == 0);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WTERMSIG(status) == SIGKILL);
    while (::read(pipe[0], &position, sizeof position) == sizeof position) told = position;
    ::close(pipe[0]);

    Started started = start(options);
    CHECK(started.recovered.journal_position >= told);
    CHECK(started.recovered.journal_position <= told + 1);
    CHECK(started.rows.size() == started.recovered.journal_position);
    CHECK(read_all(*started.store).size() == started.recovered.journal_position);
    told = started.recovered.journal_position;
  }
}

}  // namespace
}  // namespace tidemark::test
