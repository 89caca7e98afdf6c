// State shards: any bytes as the gateway's shard or as one of sources. What is read is written with the same bytes and
// lives on; what is not leaves the state as it was. The first byte says which shard it is.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "edge/bytes/assert.h"
#include "edge/processor/shard.h"
#include "tests/fuzz/seeds.h"
#include "tests/scenario/busy_gateway.h"

namespace tidemark::test {

std::vector<std::string> fuzz_seeds() {
  ModelGateway gateway = busy_gateway();
  std::vector<std::string> seeds;
  for (const std::uint32_t shard : {kWholeGatewayShard, 0U, 1U, 2U, 3U}) {
    seeds.push_back(static_cast<char>(shard) + encode_shard(gateway.state(), shard));
  }
  return seeds;
}

}  // namespace tidemark::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemark;
  if (size == 0) return 0;
  static test::ModelGateway gateway = test::busy_gateway();
  static const std::string kWhole = encode_shard(gateway.state(), kWholeGatewayShard);
  const std::uint32_t shard = data[0] % kShardCount;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);

  const auto processor = std::move(*Processor::create(gateway.settings()));
  Recovery& recovery = processor->recovery();
  if (shard != kWholeGatewayShard) TIDEMARK_ASSERT(recovery.shard(kWholeGatewayShard, 1, kWhole));
  const bool read = recovery.shard(shard, 1, bytes);
  // Not the same bytes: a number may have been written longer than it need be. But what is written now stays so.
  const std::string once = encode_shard(processor->state(), shard);
  if (read) {
    State state;
    if (shard != kWholeGatewayShard) TIDEMARK_ASSERT(decode_shard(state, kWholeGatewayShard, kWhole));
    TIDEMARK_ASSERT(decode_shard(state, shard, once));
    TIDEMARK_ASSERT(encode_shard(state, shard) == once);
  }
  test::live_on(*processor);
  return 0;
}
