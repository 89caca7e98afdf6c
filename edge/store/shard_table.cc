#include "edge/store/shard_table.h"

#include <algorithm>
#include <utility>

#include "edge/bytes/assert.h"
#include "edge/bytes/byte_writer.h"

namespace tidemark {
namespace {

std::string identity_of(std::uint32_t shard, std::uint64_t position) {
  ByteWriter identity;
  identity.raw("shard");
  identity.u32(shard);
  identity.u64(position);
  return identity.take();
}

}  // namespace

sqlite::Outcome<ShardTable> ShardTable::prepare(sqlite::Connection& connection) {
  ShardTable table;
  auto prepared = connection.prepare_all({
      {&table.select_, "SELECT position, body FROM shard WHERE shard = ?1"},
      {&table.write_, "INSERT OR REPLACE INTO shard(shard, position, body) VALUES(?1, ?2, ?3)"},
      {&table.leave_, "INSERT OR REPLACE INTO shard(shard, position, body) VALUES(?1, 0, NULL)"},
  });
  if (!prepared) return tl::unexpected(prepared.error());
  return table;
}

sqlite::Outcome<ShardTable::Contents> ShardTable::read(BlobSealer& sealer, bool all_written) {
  Contents contents;
  positions_ = {};
  for (std::uint32_t shard = 0; shard < kShards; ++shard) {
    auto rows = select_.query(shard);
    const auto there = rows.next();
    if (!there) return tl::unexpected(there.error());
    if (!*there && !all_written) continue;
    if (*there && rows.is_null(1)) {
      contents.damaged.push_back(shard);
      continue;
    }
    const std::uint64_t position = *there ? rows.natural(0) : 0;
    auto body = *there ? sealer.open(identity_of(shard, position), rows.bytes(1)) : std::nullopt;
    if (!body) {
      contents.damaged.push_back(shard);
      contents.found_damaged.push_back(shard);
      continue;
    }
    positions_[shard] = position;
    contents.whole.push_back({shard, position, *std::move(body)});
  }
  return contents;
}

sqlite::Outcome<void> ShardTable::set_aside(std::uint32_t shard, DamagedTable& damaged) {
  {
    auto rows = select_.query(shard);
    const auto there = rows.next();
    if (!there) return tl::unexpected(there.error());
    const auto body = *there ? std::optional(rows.bytes(1)) : std::nullopt;
    if (auto added = damaged.add("shard", shard, 0, body); !added) return added;
  }
  return leave_.execute(shard);
}

sqlite::Outcome<void> ShardTable::write(const ShardImage& image, std::uint64_t position, BlobSealer& sealer) {
  TIDEMARK_ASSERT(image.shard < kShards);
  const auto body = sealer.seal(identity_of(image.shard, position), image.body);
  if (auto written = write_.execute(image.shard, position, sqlite::Blob{body}); !written) return written;
  positions_[image.shard] = position;
  return {};
}

std::uint64_t ShardTable::passed() const {
  return *std::ranges::min_element(positions_);
}

std::uint64_t ShardTable::passed_by_whole() const {
  std::uint64_t passed = 0;
  for (const std::uint64_t position : positions_) {
    if (position != 0 && (passed == 0 || position < passed)) passed = position;
  }
  return passed;
}

std::uint64_t ShardTable::newest() const {
  return *std::ranges::max_element(positions_);
}

}  // namespace tidemark
