#include "gateway/replay/series_table.h"

#include <algorithm>

#include "gateway/config/units.h"
#include "gateway/replay/series_key.h"
#include "gateway/replay/views_file.h"

namespace tidemark {
namespace {

/// Roll-ups are told apart: windows of the same size may come from the log, too.
std::string key_of(std::string_view gateway, const SeriesIdentity& series, std::uint32_t components, bool rollup) {
  return series_key(gateway, series, ComponentSet(components)) + (rollup ? 'r' : 'b');
}

/// From `first` on: stream, version, source, tags, field, size, unit, kind.
SeriesIdentity identity_at(const Query& row, int first) {
  SeriesIdentity identity;
  identity.stream = row.bytes(first);
  identity.version = static_cast<std::uint32_t>(row.integer(first + 1));
  identity.source = row.bytes(first + 2);
  identity.tags = row.bytes(first + 3);
  identity.field = row.bytes(first + 4);
  identity.size = {row.integer(first + 5)};
  identity.unit = row.bytes(first + 6);
  identity.kind = static_cast<FieldKind>(row.integer(first + 7));
  return identity;
}

}  // namespace

SeriesTable::SeriesTable(Database& database)
    : database_(database),
      insert_(database.prepare(
          "INSERT INTO series(base, gateway, stream, version, source, tags, field, size, unit, kind, components)"
          " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id")) {}

Viewed<void> SeriesTable::load() {
  Query sizes = database_.prepare("SELECT size FROM rollup ORDER BY size");
  if (auto done = sizes.each([&] { sizes_.push_back({sizes.integer(0)}); }); !done) return done;
  return load_series();
}

Viewed<void> SeriesTable::load_series() {
  std::map<std::int64_t, std::size_t> by_id;
  Query rows = database_.prepare(
      "SELECT id, base, gateway, stream, version, source, tags, field, size, unit, kind, components,"
      " (SELECT max(start) FROM result WHERE series = series.id) FROM series ORDER BY base NULLS FIRST, size");
  return rows.each([&]() -> Viewed<void> {
    const SeriesIdentity identity = identity_at(rows, 3);
    ViewSeries series;
    series.id = rows.integer(0);
    series.size = identity.size.ns;
    series.rollup = !rows.is_null(1);
    series.empty = rows.is_null(12);
    series.last_start = rows.integer(12);
    by_id[series.id] = series_.size();
    if (series.rollup) {
      const auto base = by_id.find(rows.integer(1));
      if (base == by_id.end()) return unreadable_views();
      series_[base->second].rollups.push_back(series_.size());
    }
    const auto components = static_cast<std::uint32_t>(rows.integer(11));
    numbers_[key_of(rows.bytes(2), identity, components, series.rollup)] = series_.size();
    series_.push_back(std::move(series));
    return {};
  });
}

Viewed<void> SeriesTable::add_size(Duration size) {
  Query put = database_.prepare("INSERT INTO rollup(size) VALUES(?)");
  if (auto done = put.bind(size.ns).run(); !done) return done;
  sizes_.push_back(size);
  std::sort(sizes_.begin(), sizes_.end());
  Query bases = database_.prepare(
      "SELECT gateway, stream, version, source, tags, field, size, unit, kind, components FROM series"
      " WHERE base IS NULL");
  return bases.each([&]() -> Viewed<void> {
    const std::string gateway(bases.bytes(0));
    const SeriesIdentity identity = identity_at(bases, 1);
    const auto components = static_cast<std::uint32_t>(bases.integer(9));
    return attach_rollups(numbers_.at(key_of(gateway, identity, components, false)), gateway, identity, components);
  });
}

Viewed<std::size_t> SeriesTable::find_or_add(const std::string& gateway, const SeriesIdentity& identity,
                                             ComponentSet components) {
  const auto found = numbers_.find(key_of(gateway, identity, components.bits(), false));
  if (found != numbers_.end()) return found->second;
  const auto number = insert(gateway, identity, components.bits(), 0);
  if (!number) return number;
  if (auto done = attach_rollups(*number, gateway, identity, components.bits()); !done) {
    return tl::unexpected(done.error());
  }
  return number;
}

/// `base` 0: a base series.
Viewed<std::size_t> SeriesTable::insert(const std::string& gateway, const SeriesIdentity& identity,
                                        std::uint32_t components, std::int64_t base) {
  if (base == 0) {
    insert_.bind_null();
  } else {
    insert_.bind(base);
  }
  insert_.bind(gateway).bind(identity.stream).bind(identity.version).bind(identity.source).bind(identity.tags);
  insert_.bind(identity.field).bind(identity.size.ns).bind(identity.unit);
  insert_.bind(static_cast<std::int64_t>(identity.kind)).bind(components);
  const auto row = insert_.next();
  if (!row) return tl::unexpected(row.error());
  ViewSeries series;
  series.id = insert_.integer(0);
  series.size = identity.size.ns;
  series.rollup = base != 0;
  if (auto done = insert_.run(); !done) return tl::unexpected(done.error());
  numbers_[key_of(gateway, identity, components, base != 0)] = series_.size();
  series_.push_back(std::move(series));
  return series_.size() - 1;
}

/// Gives a base series the roll-ups it lacks.
Viewed<void> SeriesTable::attach_rollups(std::size_t base, const std::string& gateway, const SeriesIdentity& identity,
                                         std::uint32_t components) {
  for (const Duration size : sizes_) {
    if (size.ns == identity.size.ns) continue;
    if (size.ns < identity.size.ns) {
      without_rollup_.insert(identity.stream);
      continue;
    }
    if (size.ns % identity.size.ns != 0) {
      return fail(ViewsError::rejected, "--rollup " + format_duration(size) + ": not a multiple of " +
                                            format_duration(identity.size) + ", the window of stream \"" +
                                            identity.stream + "\"; leave this size out or choose a multiple");
    }
    SeriesIdentity larger = identity;
    larger.size = size;
    if (numbers_.contains(key_of(gateway, larger, components, true))) continue;
    const auto number = insert(gateway, larger, components, series_[base].id);
    if (!number) return tl::unexpected(number.error());
    series_[base].rollups.push_back(*number);
  }
  std::sort(series_[base].rollups.begin(), series_[base].rollups.end(),
            [this](std::size_t a, std::size_t b) { return series_[a].size < series_[b].size; });
  return {};
}

}  // namespace tidemark
