#include "gateway/pipeline/shard_rotation.h"

#include <doctest/doctest.h>

#include <set>

namespace tidemark {
namespace {

TEST_CASE("every shard is written before the journal holds a million readings, whatever the size of the groups") {
  for (const std::uint32_t readings : {1u, 500u, 9'999u, 10'000u, 50'000u}) {
    CAPTURE(readings);
    ShardRotation rotation;
    std::set<std::uint32_t> written;
    std::uint64_t journal = 0;
    while (written.size() < kShards) {
      journal += readings;
      for (const std::uint32_t shard : rotation.after(readings)) written.insert(shard);
    }
    CHECK(journal <= 1'000'000);
  }
}

TEST_CASE("small groups write a shard for some hundred of them") {
  ShardRotation rotation;
  int shards = 0;
  for (int group = 0; group < 800; ++group) shards += static_cast<int>(rotation.after(1).size());
  CHECK(shards == 2);
}

}  // namespace
}  // namespace tidemark
