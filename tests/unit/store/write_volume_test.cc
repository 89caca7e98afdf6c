// What flash wears out by: bytes written for a reading, at the rate and group size of DESIGN's budget.
#include "tests/support/counting_vfs.h"
#include "tests/unit/store/fixture.h"

namespace tidemark::test {
namespace {

TEST_CASE("journal and WAL write at most 20 bytes a reading at 5,000 readings a second") {
  constexpr std::uint64_t kReadings = 500;  // a group of 100 ms
  constexpr std::uint64_t kRound = 600;     // groups in which every shard is written once: a minute
  constexpr std::uint64_t kGroups = 1'800;
  Folder folder;
  CountingVfs vfs(false);
  StoreOptions options = options_of(folder.file());
  options.vfs = vfs.vfs();
  Started started = start(options);
  Store& store = *started.store;
  std::vector<ShardImage> shards;
  for (std::uint32_t shard = 0; shard < kShards; ++shard) shards.push_back({shard, 0, noise(6'000, shard)});
  std::uint64_t next = 0;
  for (std::uint64_t i = 0; i < kRound + kGroups; ++i) {
    if (i == kRound) vfs.start_over();
    GroupCommit group = group_of("", kReadings);
    const std::string plan = noise(3'700 + i * 37 % 600, i);  // 8 bytes a reading
    group.plan = plan;
    const std::uint64_t due = (i + 1) * kShards / kRound;
    group.shards = std::span(shards).subspan(next % kShards, due - next);
    next = due;
    commit(store, group);
    REQUIRE(store.checkpoint_if_due());
  }
  const double readings = static_cast<double>(kGroups * kReadings);
  const double total = static_cast<double>(vfs.bytes()) / readings;
  MESSAGE("bytes a reading: WAL " << static_cast<double>(vfs.wal().bytes) / readings << ", file "
                                  << static_cast<double>(vfs.database().bytes) / readings << ", together " << total
                                  << "; syncs a group "
                                  << static_cast<double>(vfs.syncs()) / static_cast<double>(kGroups));
  CHECK(total <= 20.0);
  CHECK(vfs.syncs() <= kGroups + 20);
}

}  // namespace
}  // namespace tidemark::test
