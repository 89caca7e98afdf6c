// Short ways to say what most tests say.
#pragma once

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "edge/store/store.h"
#include "tests/support/folder.h"
#include "tests/support/seeded_random.h"

namespace tidemark::test {

/// Bytes that cannot be compressed.
inline std::string noise(std::size_t size, std::uint64_t seed) {
  SeededRandom random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.next());
  return bytes;
}

inline StoreOptions options_of(const std::string& path) {
  StoreOptions options;
  options.path = path;
  return options;
}

/// What a start gave.
struct Started {
  std::unique_ptr<Store> store;
  Recovered recovered;
  std::vector<JournalRow> rows;
};

/// Opens and recovers; a failure fails the test.
inline Started start(const StoreOptions& options) {
  Started started;
  auto opened = Store::open(options);
  REQUIRE_MESSAGE(opened.has_value(), opened.error().context);
  started.store = *std::move(opened);
  auto recovered = started.store->recover({}, [&](const JournalRow& row) { started.rows.push_back(row); });
  REQUIRE_MESSAGE(recovered.has_value(), recovered.error().context);
  started.recovered = *std::move(recovered);
  return started;
}

inline StoreError refusal(const StoreOptions& options) {
  auto opened = Store::open(options);
  REQUIRE_FALSE(opened.has_value());
  // Every refusal says which file, and ends as a sentence.
  CHECK(opened.error().context.find(options.path) == 0);
  CHECK(opened.error().context.back() == '.');
  return opened.error().code;
}

inline GroupCommit group_of(std::string_view plan, std::uint32_t readings = 1) {
  GroupCommit group;
  group.plan = plan;
  group.readings = readings;
  return group;
}

inline std::uint64_t commit(Store& store, const GroupCommit& group) {
  const auto done = store.commit(group);
  REQUIRE_MESSAGE(done.has_value(), done.error().context);
  return *done;
}

inline std::uint64_t commit_events(Store& store, std::span<const LogEvent> events, ArrivalTime committed = {1}) {
  GroupCommit group;
  group.events = events;
  group.committed = committed;
  return commit(store, group);
}

/// Writes all 65 shards with one group, so that every shard has passed it.
inline std::uint64_t commit_all_shards(Store& store, const std::string& body) {
  std::vector<ShardImage> shards;
  for (std::uint32_t shard = 0; shard < kShards; ++shard) shards.push_back({shard, 0, body});
  GroupCommit group = group_of("with every shard");
  group.shards = shards;
  return commit(store, group);
}

inline std::vector<LogRow> read_all(Store& store) {
  auto rows = store.read_log(1, UINT64_MAX);
  REQUIRE_MESSAGE(rows.has_value(), rows.error().context);
  return *std::move(rows);
}

inline void close(Started& started) {
  const auto closed = started.store->close();
  REQUIRE_MESSAGE(closed.has_value(), closed.error().context);
  started.store.reset();
}

inline std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
}

inline unsigned mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777u;
}

}  // namespace tidemark::test
