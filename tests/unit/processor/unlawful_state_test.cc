// Found by the fuzz targets: plans and shards that can be read and that no gateway of ours would have written.
#include <doctest/doctest.h>

#include "edge/bytes/byte_writer.h"
#include "edge/processor/plan.h"
#include "edge/processor/shard.h"
#include "tests/scenario/busy_gateway.h"

namespace tidemark::test {

TEST_CASE("a plan whose ids say more than a gateway's life can bring is damaged, and gets no room") {
  Plan plan;
  plan.sources.push_back({static_cast<std::uint32_t>(kMostIds) - 1, 0, "d"});
  CHECK(Plan::decode(plan.encode()));
  plan.sources.front().source = static_cast<std::uint32_t>(kMostIds);
  CHECK_FALSE(Plan::decode(plan.encode()));

  plan.sources.clear();
  plan.series.push_back({static_cast<std::uint32_t>(kMostIds) - 1, 0, 0, "", "v", "", FieldKind::gauge});
  CHECK(Plan::decode(plan.encode()));
  plan.series.front().series = UINT32_MAX;
  CHECK_FALSE(Plan::decode(plan.encode()));
}

TEST_CASE("an open window below what its source has sealed leaves and is sealed, and the group ends") {
  ModelGateway gateway = busy_gateway();
  constexpr std::uint32_t kShard = 1;
  State state;
  REQUIRE(decode_shard(state, kWholeGatewayShard, encode_shard(gateway.state(), kWholeGatewayShard)));
  REQUIRE(decode_shard(state, kShard, encode_shard(gateway.state(), kShard)));
  REQUIRE_FALSE(state.series[state.sources[kShard]->series.front()]->windows.empty());
  state.sources[kShard]->progress.sealed_through = kLatestEvent;

  const auto processor = std::move(*Processor::create(gateway.settings()));
  REQUIRE(processor->recovery().shard(kWholeGatewayShard, 1, encode_shard(state, kWholeGatewayShard)));
  REQUIRE(processor->recovery().shard(kShard, 1, encode_shard(state, kShard)));
  live_on(*processor);
  for (const auto& series : processor->state().series) CHECK((!series || series->windows.empty()));
}

TEST_CASE("a window later than any reading can be is damage") {
  ModelGateway gateway = busy_gateway();
  constexpr std::uint32_t kShard = 1;
  const std::string whole = encode_shard(gateway.state(), kWholeGatewayShard);
  std::string bytes = encode_shard(gateway.state(), kShard);
  const auto readable = [&] {
    State state;
    REQUIRE(decode_shard(state, kWholeGatewayShard, whole));
    return decode_shard(state, kShard, bytes);
  };
  REQUIRE(readable());
  // The last window's start stands in the shard as eight little-endian bytes.
  const EventTime start =
      gateway.state().series[gateway.state().sources[kShard]->series.front()]->windows.last_start_until(
          EventTime::latest());
  ByteWriter now, late;
  now.i64(start.ns);
  late.i64(kLatestEvent.ns + 1);
  const std::size_t at = bytes.rfind(now.view());
  REQUIRE(at != std::string::npos);
  bytes.replace(at, 8, late.view());
  CHECK_FALSE(readable());
}

}  // namespace tidemark::test
