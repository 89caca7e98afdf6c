#include <sys/mount.h>
#include <unistd.h>

#include "tests/support/crash_vfs.h"
#include "tests/unit/store/fixture.h"

namespace tidemark::test {
namespace {

// A file system of its own that is really full. Nothing where it cannot be mounted.
class SmallDisk {
 public:
  explicit SmallDisk(const Folder& folder) : path_(folder.file("mount")) {
    std::filesystem::create_directory(path_);
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=1m") == 0;
    if (!mounted_) MESSAGE("skipped: cannot mount a tmpfs");
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }

  [[nodiscard]] bool mounted() const { return mounted_; }
  [[nodiscard]] std::string file() const { return path_ + "/state.db"; }

  void fill() {
    std::ofstream ballast(path_ + "/ballast", std::ios::binary | std::ios::app);
    const std::string block(4'096, 'b');
    while (ballast.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
  void make_room() { std::filesystem::remove(path_ + "/ballast"); }

 private:
  std::string path_;
  bool mounted_ = false;
};

TEST_CASE("on a full disk a commit changes nothing, and the same one succeeds when there is room") {
  Folder folder;
  SmallDisk disk(folder);
  if (!disk.mounted()) return;
  StoreOptions options = options_of(disk.file());
  options.checkpoint_bytes = 100'000;
  {
    Started started = start(options);
    Store& store = *started.store;
    commit(store, group_of("first"));
    disk.fill();
    const std::vector<LogEvent> events = {{1, 1, noise(60'000, 1)}};
    GroupCommit group = group_of("second", 9);
    group.events = events;
    store.put_setting("with", "it");
    for (int attempt = 0; attempt < 5; ++attempt) {
      const auto refused = store.commit(group);
      REQUIRE_FALSE(refused);
      CHECK_MESSAGE(refused.error().code == StoreError::full, refused.error().context);
      CHECK(store.figures().journal_rows == 1);
      CHECK(store.figures().log_rows == 0);
      CHECK(read_all(store).empty());
    }
    disk.make_room();
    CHECK(commit(store, group) == 2);
    CHECK(read_all(store).size() == 1);
  }
  Started started = start(options);
  CHECK(started.rows.size() == 2);
  CHECK(started.store->setting("with") == "it");
}

TEST_CASE("a checkpoint that meets a full disk is refused, and work goes on when there is room") {
  Folder folder;
  SmallDisk disk(folder);
  if (!disk.mounted()) return;
  StoreOptions options = options_of(disk.file());
  options.checkpoint_bytes = 200'000;
  Started started = start(options);
  Store& store = *started.store;
  std::uint64_t committed = 0;
  while (store.figures().wal_bytes < options.checkpoint_bytes) {
    commit(store, group_of(noise(5'000, committed)));
    ++committed;
  }
  disk.fill();
  const auto refused = store.checkpoint_if_due();
  REQUIRE_FALSE(refused);
  CHECK_MESSAGE(refused.error().code == StoreError::full, refused.error().context);
  disk.make_room();
  CHECK(commit(store, group_of("more")) == committed + 1);
  std::uint64_t before = store.figures().wal_bytes;
  while (store.figures().wal_bytes >= before) {
    before = store.figures().wal_bytes;
    commit(store, group_of(noise(5'000, before)));
    REQUIRE(store.checkpoint_if_due());
  }
  CHECK(store.figures().wal_bytes == 0);
}

TEST_CASE("a start on a full disk says full, and succeeds when there is room") {
  Folder folder;
  SmallDisk disk(folder);
  if (!disk.mounted()) return;
  const StoreOptions options = options_of(disk.file());
  SUBCASE("of a new file") {
    disk.fill();
    CHECK(refusal(options) == StoreError::full);
    CHECK(refusal(options) == StoreError::full);
    disk.make_room();
    CHECK(start(options).rows.empty());
  }
  SUBCASE("with a WAL left by a process that was killed") {
    {
      Started started = start(options);
      for (std::uint64_t i = 0; i < 40; ++i) commit(*started.store, group_of(noise(5'000, i)));
    }
    disk.fill();
    CHECK(refusal(options) == StoreError::full);
    disk.make_room();
    CHECK(start(options).rows.size() == 40);
  }
  SUBCASE("while everything is in the file already") {
    {
      Started started = start(options);
      commit(*started.store, group_of("plan"));
      close(started);
    }
    disk.fill();
    Started started = start(options);
    CHECK(started.store->commit(group_of("more")).error().code == StoreError::full);
    disk.make_room();
    CHECK(commit(*started.store, group_of("more")) == 2);
  }
}

TEST_CASE("on a full disk the space of the WAL is used again") {
  CrashDisk disk(1);
  StoreOptions options = options_of("state.db");
  options.vfs = disk.vfs();
  Started started = start(options);
  Store& store = *started.store;
  // A journal that comes and goes: in the end its pages are free ones of the file.
  for (int round = 0; round < 3; ++round) {
    for (std::uint64_t i = 0; i < 20; ++i) commit(store, group_of(noise(3'000, i)));
    commit_all_shards(store, "state");
  }
  close(started);
  started = start(options);
  for (std::uint64_t i = 0; i < 10; ++i) commit(*started.store, group_of(noise(3'000, i)));
  disk.set_quota(disk.used());
  for (std::uint64_t i = 0; i < 10; ++i) commit(*started.store, group_of(noise(3'000, i)));
  CHECK(disk.counts().refused > 0);
}

}  // namespace
}  // namespace tidemark::test
