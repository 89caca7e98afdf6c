// The bytes of a state shard: what a snapshot of the processor is made of. Shards 0 to 63 hold sources by id modulo 64
// with their series and windows; shard 64 holds what belongs to the gateway as a whole. Equal states have equal bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "edge/processor/state.h"

namespace tidemark {

inline constexpr std::uint32_t kSourceShardCount = 64;
inline constexpr std::uint32_t kWholeGatewayShard = 64;
inline constexpr std::uint32_t kShardCount = 65;

inline constexpr std::uint32_t shard_of_source(std::uint32_t source) {
  return source % kSourceShardCount;
}

std::string encode_shard(const State& state, std::uint32_t shard);

/// Adds the content of a shard to the state. False: not a shard this version can read; the state is then unchanged. The
/// gateway's shard comes first: sources refer to its streams.
bool decode_shard(State& state, std::uint32_t shard, std::string_view bytes);

}  // namespace tidemark
