// Panes into groups, groups into columns.
//
// A group has one exponent, and its smallest decides the width of all. A sensor whose values are floats gives now and
// then a 23.400000000000002 among the 23.4, and one such pane would cost every other pane of the group six bytes a
// number. So the panes of a family are sorted by exponent, and a group ends where the next pane's exponent is more than
// kMaxSpread above the group's. (That small remainders above a group join it all the same was tried: 1 to 4 % on the
// data with the wildest exponents, nothing elsewhere.)
#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <span>
#include <tuple>
#include <utility>

#include "edge/bytes/assert.h"
#include "edge/event/pane_quantities.h"
#include "edge/event/record_builder.h"
#include "edge/event/window_batch.h"

namespace tidemark {
namespace {

constexpr std::int32_t kMaxSpread = 6;

/// Numbers up to 16 bytes live together; beyond, a group holds what is at most twice as wide as its narrowest.
constexpr std::uint32_t kOrdinaryBytes = 16;

struct Row {
  const Pane* pane;
  PaneQuantities quantities;
  std::uint32_t family = 0;
  std::uint32_t origin = 0;
  std::uint32_t size_class = 0;
  std::int32_t exponent = 0;
};

auto order(const PaneFamily& f) {
  return std::tuple(f.stream, f.version, f.field, f.unit, f.kind, f.size, f.components.bits());
}
auto order(const Origin& o) {
  return std::tuple(o.source, o.tags);
}

struct Hash {
  std::size_t operator()(const PaneFamily& family) const {
    std::size_t seed = 0;
    boost::hash_combine(seed, family.stream);
    boost::hash_combine(seed, family.field);
    boost::hash_combine(seed, family.version);
    return seed;
  }
  std::size_t operator()(const Origin& origin) const {
    std::size_t seed = 0;
    boost::hash_combine(seed, origin.source);
    boost::hash_combine(seed, origin.tags);
    return seed;
  }
};

/// Numbers each distinct value, first in order of appearance; sort() renumbers in the order of the values.
template <typename T>
class Dictionary {
 public:
  std::uint32_t number(const T& value) {
    const auto [at, fresh] = numbers_.try_emplace(value, static_cast<std::uint32_t>(values_.size()));
    if (fresh) values_.push_back(value);
    return at->second;
  }

  /// Old number to new.
  std::vector<std::uint32_t> sort() {
    std::vector<std::pair<T, std::uint32_t>> sorted;
    for (const T& value : values_) sorted.emplace_back(value, static_cast<std::uint32_t>(sorted.size()));
    std::sort(sorted.begin(), sorted.end(),
              [](const auto& a, const auto& b) { return order(a.first) < order(b.first); });
    std::vector<std::uint32_t> renumbered(sorted.size());
    for (std::uint32_t i = 0; i < sorted.size(); ++i) {
      values_[i] = sorted[i].first;
      renumbered[sorted[i].second] = i;
    }
    return renumbered;
  }

  [[nodiscard]] const std::vector<T>& values() const { return values_; }

 private:
  boost::unordered_flat_map<T, std::uint32_t, Hash> numbers_;
  std::vector<T> values_;
};

std::uint32_t size_class(std::uint32_t bytes) {
  std::uint32_t result = 0;
  for (; bytes > kOrdinaryBytes; bytes /= 2) ++result;
  return result;
}

// Rows of one family and size class, sorted by exponent: how many at the front make a group.
std::size_t group_length(std::span<const Row> rows) {
  std::size_t length = 1;
  while (length < rows.size() && rows[length].exponent <= rows[0].exponent + kMaxSpread) ++length;
  return length;
}

// What a stream does not keep is all zeros, and a column of zeros is not written.
PaneColumns columns_of(std::span<const Row> rows, std::int32_t exponent) {
  PaneColumns columns;
  for (const Row& row : rows) {
    const Pane& pane = *row.pane;
    columns.origin.push(std::int64_t{row.origin});
    columns.start.push(pane.start.ns);
    columns.revision.push(std::int64_t{pane.revision});
    columns.pane_kind.push(static_cast<std::int64_t>(pane.kind));
    columns.flags.push(std::int64_t{pane.flags});
    columns.count.push(static_cast<std::int64_t>(pane.state.count()));
    row.quantities.append(exponent, columns);
    if (pane.state.kept().has(Component::endpoints)) {
      const Endpoints& ends = pane.state.endpoints();
      columns.first_time.push(BigInteger(ends.first_time.ns) - pane.start.ns);
      columns.last_time.push(BigInteger(ends.last_time.ns) - ends.first_time.ns);
    } else {
      columns.first_time.push(std::int64_t{0});
      columns.last_time.push(std::int64_t{0});
    }
  }
  return columns;
}

flatbuffers::Offset<log::PaneGroup> write_group(RecordBuilder& out, const PaneFamily& family, std::span<const Row> rows,
                                                std::int32_t exponent) {
  const PaneColumns columns = columns_of(rows, exponent);
  flatbuffers::FlatBufferBuilder& builder = out.builder();
  const auto stream = out.text(family.stream), field = out.text(family.field), unit = out.text(family.unit);
  const auto origin = out.column(columns.origin), start = out.column(columns.start);
  const auto revision = out.column(columns.revision), pane_kind = out.column(columns.pane_kind);
  const auto flags = out.column(columns.flags), count = out.column(columns.count);
  const auto sum = out.column(columns.sum), variance = out.column(columns.variance);
  const auto min = out.column(columns.min), max = out.column(columns.max);
  const auto first = out.column(columns.first), last = out.column(columns.last);
  const auto first_time = out.column(columns.first_time), last_time = out.column(columns.last_time);
  return log::CreatePaneGroup(builder, stream, family.version, field, unit, static_cast<log::FieldKind>(family.kind),
                              family.size.ns, family.components.bits(), exponent,
                              static_cast<std::uint32_t>(rows.size()), origin, start, revision, pane_kind, flags, count,
                              sum, variance, min, max, first, last, first_time, last_time);
}

}  // namespace

std::string encode_window_batch(const EventHeader& header, std::span<const SeriesPane> panes) {
  TIDEMARK_ASSERT(panes.size() <= kMaxPanesPerEvent);
  // First the panes as they come: each gets the numbers of its family and origin, and its exponent.
  Dictionary<PaneFamily> families;
  Dictionary<Origin> origins;
  std::vector<Row> rows;
  rows.reserve(panes.size());
  for (const SeriesPane& item : panes) {
    const SeriesIdentity& series = *item.series;
    const WindowState& state = item.pane->state;
    Row row{item.pane, PaneQuantities(state)};
    row.family = families.number(
        {series.stream, series.version, series.field, series.unit, series.kind, series.size, state.kept()});
    row.origin = origins.number({series.source, series.tags});
    row.size_class = size_class(row.quantities.widest());
    row.exponent = row.quantities.exponent();
    rows.push_back(row);
  }
  // Numbers in the order of the names, so that equal batches have equal bytes, and neighbours in a column belong
  // together.
  const std::vector<std::uint32_t> family_order = families.sort(), origin_order = origins.sort();
  std::vector<std::int32_t> least(families.values().size(), PaneQuantities::kAnyExponent);
  for (Row& row : rows) {
    row.family = family_order[row.family];
    row.origin = origin_order[row.origin];
    if (row.size_class == 0) least[row.family] = std::min(least[row.family], row.exponent);
  }
  // Zeros fit every exponent; they are not worth a group.
  for (Row& row : rows) {
    if (row.exponent != PaneQuantities::kAnyExponent) continue;
    row.exponent = least[row.family] == PaneQuantities::kAnyExponent ? 0 : least[row.family];
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return std::tie(a.family, a.size_class, a.exponent) < std::tie(b.family, b.size_class, b.exponent);
  });

  RecordBuilder out(panes.size());
  std::vector<flatbuffers::Offset<log::PaneGroup>> groups;
  for (std::span<Row> rest(rows); !rest.empty();) {
    const auto same = [&](const Row& row) {
      return row.family == rest[0].family && row.size_class == rest[0].size_class;
    };
    const auto end = std::find_if_not(rest.begin(), rest.end(), same);
    const std::size_t length = group_length(rest.first(static_cast<std::size_t>(end - rest.begin())));
    const std::span<Row> group = rest.first(length);
    const std::int32_t exponent = group[0].exponent;
    std::sort(group.begin(), group.end(), [](const Row& a, const Row& b) {
      return std::tie(a.origin, a.pane->start, a.pane->kind, a.pane->revision) <
             std::tie(b.origin, b.pane->start, b.pane->kind, b.pane->revision);
    });
    groups.push_back(write_group(out, families.values()[group[0].family], group, exponent));
    rest = rest.subspan(length);
  }

  std::vector<flatbuffers::Offset<flatbuffers::String>> sources, tags;
  for (const Origin& origin : origins.values()) {
    sources.push_back(out.text(origin.source));
    tags.push_back(out.text(origin.tags));
  }
  const auto batch = log::CreateWindowBatch(out.builder(), out.builder().CreateVector(sources),
                                            out.builder().CreateVector(tags), out.builder().CreateVector(groups));
  return out.finish(header, log::Body::WindowBatch, batch.Union());
}

}  // namespace tidemark
