#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "edge/store/store.h"

namespace tidemark {
namespace {

struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "tidemark-store-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

TEST_CASE("what was committed is there after a reopening") {
  Folder folder;
  StoreOptions options;
  options.path = (folder.path / "state.db").string();
  {
    auto store = Store::open(options);
    REQUIRE_MESSAGE(store.has_value(), store.error().context);
    REQUIRE((*store)->recover({}, {}));
    const std::vector<LogEvent> events = {{7, 1, "one"}, {7, 2, std::string(5000, 'x')}};
    const std::vector<ShardImage> shards = {{3, 0, "shard three"}};
    (*store)->put_setting("gateway", "plant-7");
    CHECK((*store)->commit(
              {.plan = "first", .readings = 2, .committed = {}, .events = events, .dead_letters = {}, .shards = {}}) ==
          1u);
    CHECK((*store)->commit(
              {.plan = "second", .readings = 3, .committed = {}, .events = {}, .dead_letters = {}, .shards = shards}) ==
          2u);
    REQUIRE((*store)->close());
  }
  CHECK(!std::filesystem::exists(options.path + "-wal"));
  auto store = Store::open(options);
  REQUIRE_MESSAGE(store.has_value(), store.error().context);
  std::vector<JournalRow> rows;
  auto recovered = (*store)->recover({}, [&](const JournalRow& row) { rows.push_back(row); });
  REQUIRE(recovered.has_value());
  REQUIRE(rows.size() == 2);
  CHECK(rows[1].plan == "second");
  CHECK(recovered->shards.at(0).body == "shard three");
  CHECK(recovered->journal_position == 2);
  CHECK(recovered->last_sequence == 2);
  CHECK((*store)->setting("gateway") == "plant-7");
  auto log = (*store)->read_log(1, 1 << 20);
  REQUIRE(log.has_value());
  CHECK(log->size() == 2);
}

}  // namespace
}  // namespace tidemark
