#include "edge/processor/series_labels.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "edge/bytes/assert.h"

namespace tidemark {

std::size_t SeriesLabels::Hash::operator()(const Kept& label) const {
  const std::uint64_t tags = XXH3_64bits(label.tags.data(), label.tags.size());
  return static_cast<std::size_t>(XXH3_64bits_withSeed(label.field.data(), label.field.size(), tags));
}

const SeriesLabel* SeriesLabels::take(std::string_view tags, std::string_view field, std::string_view unit,
                                      FieldKind kind) {
  Kept wanted;
  wanted.tags = tags;
  wanted.field = field;
  wanted.unit = unit;
  wanted.kind = kind;
  const Kept& kept = *kept_.insert(std::move(wanted)).first;
  ++kept.users;
  return &kept;
}

void SeriesLabels::release(const SeriesLabel* label) {
  const auto& kept = *static_cast<const Kept*>(label);
  TIDEMARK_ASSERT(kept.users > 0);
  if (--kept.users == 0) kept_.erase(kept_.find(kept));
}

}  // namespace tidemark
