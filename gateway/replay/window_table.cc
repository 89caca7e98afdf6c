#include "gateway/replay/window_table.h"

#include <optional>
#include <string>

#include "edge/aggregate/results.h"
#include "edge/bytes/byte_reader.h"
#include "edge/bytes/byte_writer.h"
#include "gateway/replay/views_file.h"

namespace tidemark {
namespace {

std::string encoded(const WindowState& state) {
  ByteWriter out;
  state.encode(out);
  return out.take();
}

std::optional<WindowState> decoded(std::string_view bytes) {
  ByteReader in(bytes);
  WindowState state = WindowState::decode(in);
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return state;
}

double nearest(const BigDecimal& value) {
  return nearest_double(value.coefficient, value.exponent, 1);
}

}  // namespace

WindowTable::WindowTable(Database& database, SeriesTable& series)
    : series_(series),
      select_(database.prepare("SELECT revision, kind, whole_flags, delta_flags, state, whole, deltas FROM result"
                               " WHERE series = ? AND start = ?")),
      put_(database.prepare("INSERT OR REPLACE INTO result(series, start, revision, kind, whole_flags, "
                            "delta_flags, count, sum, mean, min,"
                            " max, first, first_time, last, last_time, variance, stddev, state, whole, deltas)"
                            " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")),
      select_states_(database.prepare("SELECT state, whole_flags | delta_flags FROM result WHERE series = ?"
                                      " AND start >= ? AND start < ? ORDER BY start")) {}

Viewed<void> WindowTable::load(const WindowKey& key, FoldedState& folded) {
  ViewSeries& series = series_[key.series];
  // Most windows are new, and the youngest of their series: no look into the file for those.
  if (series.empty || key.start > series.last_start) {
    series.empty = false;
    series.last_start = key.start;
    return {};
  }
  select_.bind(series.id).bind(key.start);
  const auto row = select_.next();
  if (!row) return tl::unexpected(row.error());
  if (!*row) return {};
  folded.revision = static_cast<std::uint32_t>(select_.integer(0));
  folded.kind = static_cast<PaneKind>(select_.integer(1));
  folded.whole_flags = static_cast<std::uint16_t>(select_.integer(2));
  folded.delta_flags = static_cast<std::uint16_t>(select_.integer(3));
  if (select_.is_null(6)) {
    folded.whole = decoded(select_.bytes(4));
    if (!folded.whole) return unreadable_views();
  } else {
    folded.deltas = decoded(select_.bytes(6));
    if (!folded.deltas) return unreadable_views();
    if (!select_.is_null(5)) {
      folded.whole = decoded(select_.bytes(5));
      if (!folded.whole) return unreadable_views();
    }
  }
  return select_.run();
}

Viewed<void> WindowTable::write(const WindowKey& key, const FoldedState& folded) {
  const WindowState state = folded.state();
  const ComponentSet kept = state.kept();
  put_.bind(series_[key.series].id).bind(key.start).bind(folded.revision);
  if (series_[key.series].rollup) {
    put_.bind_null();
  } else {
    put_.bind(static_cast<std::int64_t>(folded.kind));
  }
  put_.bind(std::uint32_t{folded.whole_flags}).bind(std::uint32_t{folded.delta_flags}).bind(state.count());
  if (kept.has(Component::sum)) {
    put_.bind(std::optional(nearest(state.sum().value())));
  } else {
    put_.bind_null();
  }
  put_.bind(mean(state));
  if (kept.has(Component::extremes)) {
    const Extremes extremes = state.extremes();
    put_.bind(std::optional(to_double(extremes.min))).bind(std::optional(to_double(extremes.max)));
  } else {
    put_.bind_null().bind_null();
  }
  if (kept.has(Component::endpoints)) {
    const Endpoints ends = state.endpoints();
    put_.bind(std::optional(to_double(ends.first))).bind(ends.first_time.ns);
    put_.bind(std::optional(to_double(ends.last))).bind(ends.last_time.ns);
  } else {
    put_.bind_null().bind_null().bind_null().bind_null();
  }
  const std::string bytes = encoded(state);
  put_.bind(variance(state)).bind(stddev(state)).bind_blob(bytes);
  // Only where both came are they kept apart: the next revision replaces the whole pane, and not the deltas.
  const std::string whole = folded.deltas && folded.whole ? encoded(*folded.whole) : std::string();
  const std::string deltas = folded.deltas ? encoded(*folded.deltas) : std::string();
  whole.empty() ? put_.bind_null() : put_.bind_blob(whole);
  deltas.empty() ? put_.bind_null() : put_.bind_blob(deltas);
  return put_.run();
}

Viewed<void> WindowTable::merge(std::size_t series, std::int64_t from, std::int64_t to, FoldedState& folded) {
  select_states_.bind(series_[series].id).bind(from).bind(to);
  return select_states_.each([&]() -> Viewed<void> {
    const std::optional<WindowState> state = decoded(select_states_.bytes(0));
    if (!state) return unreadable_views();
    folded.whole_flags = static_cast<std::uint16_t>(folded.whole_flags | select_states_.integer(1));
    if (folded.whole) {
      folded.whole->merge(*state);
    } else {
      folded.whole = *state;
    }
    return {};
  });
}

}  // namespace tidemark
