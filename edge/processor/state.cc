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
  source_index[{source->stream, source->name}] = id;
  sources[id] = std::move(source);
}

void State::insert(std::unique_ptr<Series> one) {
  const std::uint32_t id = one->id;
  if (id >= series.size()) series.resize(id + std::size_t{1});
  TIDEMARK_ASSERT(series[id] == nullptr);
  series_index[{one->source, one->version, one->tags, one->field}] = id;
  sources[one->source]->series.push_back(id);
  series[id] = std::move(one);
  ++live_series;
}

void State::drop_series(std::uint32_t id) {
  const Series& one = *series[id];
  series_index.erase({one.source, one.version, one.tags, one.field});
  std::erase(sources[one.source]->series, id);
  series[id].reset();
  --live_series;
}

const OpenWindow* find_window(const Series& series, EventTime start) {
  for (auto window = series.windows.rbegin(); window != series.windows.rend(); ++window) {
    if (window->start == start) return &*window;
    if (window->start < start) return nullptr;
  }
  return nullptr;
}

OpenWindow* find_window(Series& series, EventTime start) {
  return const_cast<OpenWindow*>(find_window(static_cast<const Series&>(series), start));
}

}  // namespace tidemark
