#include "edge/event/fold.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

#include "edge/window/pane_rank.h"

namespace tidemark {
namespace {

// Mixes well enough for tables that trust their hash (is_avalanching): two multiplications with odd constants, each
// followed by a fold of the high half into the low.
std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  std::uint64_t h = (a ^ (b * 0x9e3779b97f4a7c15)) * 0xbf58476d1ce4e5b9;
  h ^= h >> 32;
  h *= 0x94d049bb133111eb;
  return h ^ (h >> 29);
}

std::uint64_t hash_of(std::string_view text) {
  return std::hash<std::string_view>()(text);
}

// The place of each of `count` things among the sorted keys; equal keys share one.
template <typename KeyOf>
std::vector<std::uint32_t> ranks(std::size_t count, const KeyOf& key_of) {
  std::vector<std::uint32_t> sorted(count), result(count);
  std::iota(sorted.begin(), sorted.end(), 0);
  std::sort(sorted.begin(), sorted.end(), [&](std::uint32_t a, std::uint32_t b) { return key_of(a) < key_of(b); });
  for (std::size_t i = 1; i < count; ++i) {
    result[sorted[i]] = result[sorted[i - 1]] + (key_of(sorted[i - 1]) < key_of(sorted[i]) ? 1 : 0);
  }
  return result;
}

}  // namespace

std::size_t Fold::Hash::operator()(const Family& key) const {
  const std::uint64_t scalars =
      mix(key.gateway, (std::uint64_t{key.family.version} << 32) | key.family.components.bits());
  return static_cast<std::size_t>(mix(mix(hash_of(key.family.stream), hash_of(key.family.field)), scalars));
}

std::size_t Fold::Hash::operator()(const Origin& key) const {
  return static_cast<std::size_t>(mix(hash_of(key.source), hash_of(key.tags)));
}

std::size_t Fold::Hash::operator()(const SeriesKey& key) const {
  return static_cast<std::size_t>(mix(key.family, key.origin));
}

std::size_t Fold::Hash::operator()(const StrayKey& key) const {
  return static_cast<std::size_t>(mix(key.series, static_cast<std::uint64_t>(key.start.ns)));
}

Result<bool, EventError> Fold::accept(std::string_view bytes) {
  const Result<EventRecord, EventError> record = EventRecord::open(bytes);
  if (!record) return tl::unexpected(record.error());
  const bool windows = record->root().body_type() == log::Body::WindowBatch;
  if (windows) {
    // Before the mark moves: a record that cannot be decoded is not had.
    if (const auto decoded = decode_window_batch(*record, batch_); !decoded) return tl::unexpected(decoded.error());
  }
  const EventHeader& header = record->header();
  if (record->root().body_type() == log::Body::Tombstone) {
    const auto tombstone = read_tombstone(*record);
    if (!tombstone) return tl::unexpected(tombstone.error());
    const bool fresh = digests_ == Digests::check ? marks_.see(header, tombstone->digest_after) : marks_.see(header);
    if (fresh) parked_.add(*tombstone);
    return fresh;
  }
  const bool fresh = digests_ == Digests::check ? marks_.see(header, bytes) : marks_.see(header);
  if (!fresh || !windows) return fresh;

  // The names are looked up once a batch, not once a pane.
  const std::uint32_t gateway = gateway_number(header.gateway);
  batch_families_.clear();
  for (const PaneFamily& family : batch_.families) batch_families_.push_back(family_number(gateway, family));
  batch_origins_.clear();
  for (const Origin& origin : batch_.origins) batch_origins_.push_back(origin_number(origin));
  for (PlacedPane& placed : batch_.panes) {
    add(series_number({batch_families_[placed.family], batch_origins_[placed.origin]}), std::move(placed.pane));
  }
  return true;
}

bool Fold::accept(const Event& event) {
  if (!marks_.see(event.header)) return false;
  if (const auto* const tombstone = std::get_if<Tombstone>(&event.body)) parked_.add(*tombstone);
  const WindowBatch* const batch = std::get_if<WindowBatch>(&event.body);
  if (batch == nullptr) return true;
  const std::uint32_t gateway = gateway_number(event.header.gateway);
  for (const DecodedPane& decoded : batch->panes) {
    const SeriesIdentity& series = batch->series[decoded.series];
    const std::uint32_t family = family_number(gateway, {series.stream, series.version, series.field, series.unit,
                                                         series.kind, series.size, decoded.pane.state.kept()});
    add(series_number({family, origin_number({series.source, series.tags})}), Pane(decoded.pane));
  }
  return true;
}

// Names lie side by side in the order they came, which is the order in which later records name them.
std::string_view Fold::keep(std::string_view text) {
  constexpr std::size_t kBlock = 65'536;
  // A block is never filled beyond what it reserved, so the views into it stay valid.
  if (texts_.empty() || texts_.back().capacity() - texts_.back().size() < text.size()) {
    texts_.emplace_back().reserve(std::max(kBlock, text.size()));
  }
  std::string& block = texts_.back();
  block.append(text);
  return std::string_view(block).substr(block.size() - text.size());
}

// A log has few gateways, and a record one.
std::uint32_t Fold::gateway_number(std::string_view name) {
  const auto at = std::find(gateways_.begin(), gateways_.end(), name);
  if (at != gateways_.end()) return static_cast<std::uint32_t>(at - gateways_.begin());
  gateways_.push_back(keep(name));
  return static_cast<std::uint32_t>(gateways_.size() - 1);
}

std::uint32_t Fold::family_number(std::uint32_t gateway, const PaneFamily& family) {
  const auto at = family_numbers_.find({gateway, family});
  if (at != family_numbers_.end()) return at->second;
  Family kept{gateway, family};
  kept.family.stream = keep(family.stream);
  kept.family.field = keep(family.field);
  kept.family.unit = keep(family.unit);
  const auto number = static_cast<std::uint32_t>(families_.size());
  families_.push_back(kept);
  family_numbers_.emplace(kept, number);
  return number;
}

// Records name their origins in order, and mostly the same as the record before: the next one is tried first. A look-up
// in the table hashes two texts and misses the cache four times.
std::uint32_t Fold::origin_number(const Origin& origin) {
  const std::uint32_t next = last_origin_ + 1;
  if (next < origins_.size() && origins_[next] == origin) return last_origin_ = next;
  const auto at = origin_numbers_.find(origin);
  if (at != origin_numbers_.end()) return last_origin_ = at->second;
  const Origin kept{keep(origin.source), keep(origin.tags)};
  last_origin_ = static_cast<std::uint32_t>(origins_.size());
  origins_.push_back(kept);
  origin_numbers_.emplace(kept, last_origin_);
  return last_origin_;
}

std::uint32_t Fold::series_number(SeriesKey key) {
  const std::uint32_t next = last_series_ + 1;
  if (!series_.empty() && series_[last_series_].key == key) return last_series_;
  if (next < series_.size() && series_[next].key == key) return last_series_ = next;
  const auto [at, fresh] = series_numbers_.try_emplace(key, static_cast<std::uint32_t>(series_.size()));
  if (fresh) series_.emplace_back().key = key;
  return last_series_ = at->second;
}

// The windows of a series come in the order of time, but for corrections and deltas (whose window is mostly there) and
// the backlog of an epoch that drains behind a newer one. So the usual case is a look at the end of a list: a hash
// table of all windows takes a cache miss for each, which cost more than decoding it.
Fold::Entry& Fold::entry_of(std::uint32_t series, EventTime start) {
  std::vector<Window>& windows = series_[series].windows;
  const auto next = static_cast<std::uint32_t>(entries_.size());
  if (windows.empty() || windows.back().start < start) {
    windows.push_back({start, next});
    return entries_.grow();
  }
  const auto at = std::lower_bound(windows.begin(), windows.end(), start,
                                   [](const Window& window, EventTime time) { return window.start < time; });
  if (at->start == start) return entries_[at->entry];
  const auto [stray, fresh] = strays_.try_emplace({series, start}, next);
  if (!fresh) return entries_[stray->second];
  series_[series].strays.push_back({start, next});
  return entries_.grow();
}

void Fold::add(std::uint32_t series, Pane&& pane) {
  ++panes_;
  Entry& entry = entry_of(series, pane.start);
  if (pane.kind == PaneKind::delta) {
    add_delta(entry, std::move(pane));
  } else {
    add_whole(entry, std::move(pane));
  }
}

void Fold::add_whole(Entry& entry, Pane&& pane) {
  if (!entry.whole.empty()) {
    if (pane.revision < entry.revision) return;
    if (pane.revision == entry.revision) {
      const std::string had = rank_of(entry.kind, entry.whole_flags, entry.whole);
      const std::string came = rank_of(pane.kind, pane.flags, pane.state);
      if (came != had) ++conflicts_;
      if (came <= had) return;
    }
  }
  entry.whole = std::move(pane.state);
  entry.revision = pane.revision;
  entry.kind = pane.kind;
  entry.whole_flags = pane.flags;
}

void Fold::add_delta(Entry& entry, Pane&& pane) {
  entry.delta_flags = static_cast<std::uint16_t>(entry.delta_flags | pane.flags);
  if (entry.deltas == 0) {
    deltas_.push_back(std::move(pane.state));
    entry.deltas = static_cast<std::uint32_t>(deltas_.size());
  } else {
    deltas_[entry.deltas - 1].merge(pane.state);
  }
}

// Of the series. Names are compared once for each family and origin, series then by numbers. The origin stands between
// stream and field, so a family has two ranks: that of its stream, and that of its field.
std::vector<std::uint32_t> Fold::canonical_order() const {
  const auto streams = ranks(families_.size(), [this](std::uint32_t i) {
    const Family& family = families_[i];
    return std::tuple(gateways_[family.gateway], family.family.stream, family.family.version);
  });
  const auto origins =
      ranks(origins_.size(), [this](std::uint32_t i) { return std::tuple(origins_[i].source, origins_[i].tags); });
  const auto fields = ranks(families_.size(), [this](std::uint32_t i) {
    const PaneFamily& family = families_[i].family;
    return std::tuple(family.field, family.size, family.unit, family.kind, family.components.bits());
  });
  const auto place = [&](std::uint32_t i) {
    const SeriesKey key = series_[i].key;
    return std::tuple(streams[key.family], origins[key.origin], fields[key.family]);
  };
  std::vector<std::uint32_t> sorted(series_.size());
  std::iota(sorted.begin(), sorted.end(), 0);
  std::sort(sorted.begin(), sorted.end(), [&](std::uint32_t a, std::uint32_t b) { return place(a) < place(b); });
  return sorted;
}

void Fold::for_each(const std::function<void(const FoldedWindow&)>& visit) const {
  const auto earlier = [](const Window& a, const Window& b) { return a.start < b.start; };
  std::vector<Window> strays, all;
  for (const std::uint32_t i : canonical_order()) {
    const Series& series = series_[i];
    strays = series.strays;
    std::sort(strays.begin(), strays.end(), earlier);
    all.resize(series.windows.size() + strays.size());
    std::merge(series.windows.begin(), series.windows.end(), strays.begin(), strays.end(), all.begin(), earlier);
    for (const Window& window : all) visit_entry(series, window, visit);
  }
}

void Fold::visit_entry(const Series& series, const Window& window,
                       const std::function<void(const FoldedWindow&)>& visit) const {
  const Entry& entry = entries_[window.entry];
  const Family& family = families_[series.key.family];
  WindowState merged;
  const WindowState* state = &entry.whole;
  if (entry.deltas != 0) {
    merged = deltas_[entry.deltas - 1];
    if (!entry.whole.empty()) merged.merge(entry.whole);
    state = &merged;
  }
  const auto flags = static_cast<std::uint16_t>(entry.whole_flags | entry.delta_flags);
  visit({gateways_[family.gateway], family.family, origins_[series.key.origin], window.start, entry.revision,
         entry.kind, flags, *state});
}

std::vector<SourceTotal> Fold::totals() const {
  std::map<std::tuple<std::string_view, std::string_view, std::string_view>, std::uint64_t> sums;
  for (const Series& series : series_) {
    const Family& family = families_[series.key.family];
    std::uint64_t& sum = sums[{gateways_[family.gateway], family.family.stream, origins_[series.key.origin].source}];
    for (const std::vector<Window>* windows : {&series.windows, &series.strays}) {
      for (const Window& window : *windows) {
        const Entry& entry = entries_[window.entry];
        sum += entry.whole.count() + (entry.deltas == 0 ? 0 : deltas_[entry.deltas - 1].count());
      }
    }
  }
  std::vector<SourceTotal> result;
  for (const auto& [key, readings] : sums) {
    result.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key), readings});
  }
  return result;
}

}  // namespace tidemark
