#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edge/store/opening.h"
#include "edge/store/schema.h"
#include "tests/support/crash_vfs.h"
#include "tests/unit/store/fixture.h"

namespace tidemark::test {
namespace {

// Another program's file: SQLite, but not ours.
void make_foreign(const std::string& path, const char* sql) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
  REQUIRE(sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  REQUIRE(sqlite3_close(db) == SQLITE_OK);
}

// Runs `body` in a child process and gives its exit status.
template <typename Body>
int in_child(Body body) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(body());
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// In a child, because locks and user ids belong to the process. 100: it opened.
int refusal_in_child(const StoreOptions& options, uid_t user = 0) {
  return in_child([&] {
    if (user != 0 && ::setuid(user) != 0) return 101;
    auto opened = Store::open(options);
    return opened ? 100 : static_cast<int>(opened.error().code);
  });
}

TEST_CASE("a file is made where there is none, unless it was not to be created") {
  Folder folder;
  StoreOptions options = options_of(folder.file());
  options.create = false;
  CHECK(refusal(options) == StoreError::missing);
  CHECK_FALSE(std::filesystem::exists(options.path));
  options.create = true;
  Started started = start(options);
  CHECK(started.recovered.journal_position == 0);
  CHECK(started.rows.empty());
  close(started);
  options.create = false;
  start(options);
}

TEST_CASE("a folder that does not exist is said to be missing") {
  Folder folder;
  CHECK(refusal(options_of(folder.file("nowhere/state.db"))) == StoreError::missing);
}

TEST_CASE("a folder in the file's place is not ours") {
  Folder folder;
  std::filesystem::create_directory(folder.file());
  const auto opened = Store::open(options_of(folder.file()));
  REQUIRE_FALSE(opened);
  CHECK_MESSAGE(opened.error().code == StoreError::not_ours, opened.error().context);
}

TEST_CASE("only the owner can read the file and those beside it") {
  Folder folder;
  const mode_t mask = ::umask(0);
  Started started = start(options_of(folder.file()));
  commit(*started.store, group_of("plan"));
  ::umask(mask);
  CHECK(mode_of(folder.file()) == 0600);
  CHECK(mode_of(folder.file("state.db-wal")) == 0600);
  CHECK_FALSE(std::filesystem::exists(folder.file("state.db-shm")));
}

TEST_CASE("a clean close leaves one file") {
  Folder folder;
  Started started = start(options_of(folder.file()));
  commit(*started.store, group_of("plan"));
  close(started);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("files of others are refused and not touched") {
  Folder folder;
  SUBCASE("a text") {
    write_bytes(folder.file(), std::string(5000, 'x'));
  }
  SUBCASE("a short text") {
    write_bytes(folder.file(), "hello");
  }
  SUBCASE("another program's database") {
    make_foreign(folder.file(), "CREATE TABLE t(a); INSERT INTO t VALUES(1)");
  }
  SUBCASE("another program's database with an application id") {
    make_foreign(folder.file(), "PRAGMA application_id=7; CREATE TABLE t(a)");
  }
  SUBCASE("another program's database with a WAL") {
    make_foreign(folder.file(), "PRAGMA journal_mode=WAL; CREATE TABLE t(a)");
  }
  const std::string before = bytes_of(folder.file());
  CHECK(refusal(options_of(folder.file())) == StoreError::not_ours);
  CHECK(bytes_of(folder.file()) == before);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("an empty file, as a crash while making it leaves, is as good as none") {
  Folder folder;
  write_bytes(folder.file(), "");
  StoreOptions options = options_of(folder.file());
  options.create = false;
  CHECK(refusal(options) == StoreError::missing);
  options.create = true;
  REQUIRE(::chmod(options.path.c_str(), 0644) == 0);
  Started started = start(options);
  CHECK(mode_of(options.path) == 0600);
  CHECK(commit(*started.store, group_of("plan")) == 1);
}

TEST_CASE("a file of a newer version is refused and not changed") {
  Folder folder;
  Started started = start(options_of(folder.file()));
  commit(*started.store, group_of("plan"));
  close(started);
  make_foreign(folder.file(), "PRAGMA user_version=1000");
  CHECK(refusal(options_of(folder.file())) == StoreError::newer);
  make_foreign(folder.file(), ("PRAGMA user_version=" + std::to_string(schema_version())).c_str());
  CHECK(start(options_of(folder.file())).rows.size() == 1);
}

TEST_CASE("an older file is brought to the version of today in one transaction, keeping what it holds") {
  Folder folder;
  Started started = start(options_of(folder.file()));
  commit(*started.store, group_of("plan"));
  close(started);
  auto opened = sqlite::Connection::open(folder.file(), "");
  REQUIRE(opened);
  sqlite::Connection& connection = **opened;
  std::vector<const char*> steps(migrations().begin(), migrations().end());
  std::vector<const char*> failing = steps;
  steps.insert(steps.end(), {"CREATE TABLE more(a);", "ALTER TABLE more ADD COLUMN b;"});
  failing.insert(failing.end(), {"CREATE TABLE more(a);", "CREATE TABLE journal(a);"});
  CHECK_FALSE(migrate(connection, failing));
  REQUIRE(connection.rollback());
  CHECK(connection.integer("PRAGMA user_version") == schema_version());
  CHECK(connection.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'more'") == 0);
  REQUIRE(migrate(connection, steps));
  CHECK(connection.integer("PRAGMA user_version") == schema_version() + 2);
  CHECK(connection.integer("SELECT count(b) FROM more") == 0);
  CHECK(connection.integer("SELECT count(*) FROM journal") == 1);
}

TEST_CASE("a file that another process holds is in use") {
  Folder folder;
  Started started = start(options_of(folder.file()));
  CHECK(refusal_in_child(options_of(folder.file())) == static_cast<int>(StoreError::in_use));
  // Also before its first commit, and the holder is not disturbed.
  commit(*started.store, group_of("plan"));
  CHECK(refusal_in_child(options_of(folder.file())) == static_cast<int>(StoreError::in_use));
  CHECK(commit(*started.store, group_of("plan")) == 2);
  close(started);
  CHECK(refusal_in_child(options_of(folder.file())) == 100);
}

TEST_CASE("what this process may not write is read-only") {
  if (::getuid() != 0) {
    MESSAGE("skipped: needs root, to become another user");
    return;
  }
  Folder folder;
  constexpr uid_t kNobody = 65534;
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
  const StoreOptions options = options_of(folder.file());
  CHECK(refusal_in_child(options, kNobody) == static_cast<int>(StoreError::read_only));  // cannot be made

  Started started = start(options);
  commit(*started.store, group_of("plan"));
  close(started);
  REQUIRE(::chmod(options.path.c_str(), 0644) == 0);
  CHECK(refusal_in_child(options, kNobody) == static_cast<int>(StoreError::read_only));  // may be read

  REQUIRE(::chown(options.path.c_str(), kNobody, kNobody) == 0);
  CHECK(refusal_in_child(options, kNobody) == static_cast<int>(StoreError::read_only));  // no WAL can be made

  REQUIRE(::chown(folder.path().c_str(), kNobody, kNobody) == 0);
  CHECK(refusal_in_child(options, kNobody) == 100);
}

TEST_CASE("a file system that is mounted read-only is read-only") {
  Folder folder;
  const std::string mount = folder.file("mount");
  std::filesystem::create_directory(mount);
  if (::mount("tmpfs", mount.c_str(), "tmpfs", 0, "size=4m") != 0) {
    MESSAGE("skipped: cannot mount a tmpfs");
    return;
  }
  const StoreOptions options = options_of(mount + "/state.db");
  {
    Started started = start(options);
    commit(*started.store, group_of("plan"));
    close(started);
  }
  CHECK(::mount(nullptr, mount.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0);
  CHECK(refusal(options) == StoreError::read_only);
  CHECK(refusal(options_of(mount + "/other.db")) == StoreError::read_only);
  CHECK(::umount(mount.c_str()) == 0);
}

TEST_CASE("an I/O error while opening is broken, and after it nothing more is read or written") {
  CrashDisk disk(1);
  StoreOptions options = options_of("state.db");
  options.vfs = disk.vfs();
  {
    Started started = start(options);
    commit(*started.store, group_of("plan"));
  }
  disk.set_faults({.read = 0, .write = 0, .sync = 1'000'000});
  CHECK(refusal(options) == StoreError::broken);
  const std::uint64_t operations = disk.counts().operations;
  disk.set_faults({});
  CHECK(disk.counts().operations == operations);
  disk.kill();
  CHECK(sqlite::close_abandoned() <= 1);
  disk.restart();
  CHECK(start(options).rows.size() == 1);
}

}  // namespace
}  // namespace tidemark::test
