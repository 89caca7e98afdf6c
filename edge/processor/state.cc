#include "edge/processor/state.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

#include "edge/bytes/assert.h"

namespace tidemark {

std::size_t hash_value(const SeriesKey& key) {
  const std::uint64_t ids = (static_cast<std::uint64_t>(key.source) << 32) | key.version;
  const std::uint64_t field = XXH3_64bits_withSeed(key.field.data(), key.field.size(), ids);
  return static_cast<std::size_t>(XXH3_64bits_withSeed(key.tags.data(), key.tags.size(), field));
}

std::size_t hash_value(const SourceKey& key) {
  return static_cast<std::size_t>(XXH3_64bits_withSeed(key.name.data(), key.name.size(), key.stream));
}

void State::insert(std::unique_ptr<Source> source) {
  const std::uint32_t id = source->id;
  if (id >= sources.size()) sources.resize(id + std::size_t{1});
  TIDEMARK_ASSERT(sources[id] == nullptr);
  sources[id] = std::move(source);
  source_index.insert(id);
}

void State::insert(std::unique_ptr<Series> one) {
  const std::uint32_t id = one->id;
  if (id >= series.size()) series.resize(id + std::size_t{1});
  TIDEMARK_ASSERT(series[id] == nullptr);
  sources[one->source]->series.push_back(id);
  series[id] = std::move(one);
  series_index.insert(id);
}

void State::drop_series(std::uint32_t id) {
  const Series& one = *series[id];
  series_index.erase(id);
  auto& siblings = sources[one.source]->series;
  siblings.erase(std::remove(siblings.begin(), siblings.end(), id), siblings.end());
  labels.release(one.label);
  series[id].reset();
}

}  // namespace tidemark
