#include "gateway/replay/views.h"

#include <algorithm>

#include "edge/aggregate/results.h"
#include "edge/bytes/assert.h"
#include "edge/bytes/byte_reader.h"
#include "edge/bytes/byte_writer.h"
#include "gateway/config/units.h"
#include "gateway/replay/views_schema.h"

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

tl::unexpected<Failure<ViewsError>> bad_state() {
  return fail(ViewsError::failed, "the views hold a window that cannot be read; delete the file and replay the log");
}

// Lengths before texts: no two series have one key.
std::string key_of(std::string_view gateway, const SeriesIdentity& series, std::uint32_t components, bool rollup) {
  ByteWriter out;
  out.bytes(gateway);
  out.bytes(series.stream);
  out.u32(series.version);
  out.bytes(series.source);
  out.bytes(series.tags);
  out.bytes(series.field);
  out.bytes(series.unit);
  out.u8(static_cast<std::uint8_t>(series.kind));
  out.i64(series.size.ns);
  out.u32(components);
  out.u8(rollup ? 1 : 0);
  return out.take();
}

double nearest(const BigDecimal& value) {
  return nearest_double(value.coefficient, value.exponent, 1);
}

std::int64_t floor_to(std::int64_t value, std::int64_t step) {
  const std::int64_t rest = value % step;
  return value - (rest < 0 ? rest + step : rest);
}

/// Where the window of size `size` begins that holds the one that starts at `start`. Larger windows keep the offset of
/// the base windows (rule 6): it is what their starts leave over.
std::int64_t parent_start(std::int64_t start, std::int64_t base_size, std::int64_t size) {
  const std::int64_t offset = start - floor_to(start, base_size);
  return offset + floor_to(start - offset, size);
}

}  // namespace

Views::Views(std::unique_ptr<Database> database)
    : database_(std::move(database)),
      insert_series_(database_->prepare(
          "INSERT INTO series(base, gateway, stream, version, source, tags, field, size, unit, kind, components)"
          " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id")),
      select_window_(
          database_->prepare("SELECT revision, kind, whole_flags, delta_flags, state, whole, deltas FROM result"
                             " WHERE series = ? AND start = ?")),
      put_window_(database_->prepare("INSERT OR REPLACE INTO result(series, start, revision, kind, whole_flags, "
                                     "delta_flags, count, sum, mean, min,"
                                     " max, first, first_time, last, last_time, variance, stddev, state, whole, deltas)"
                                     " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")),
      put_source_(database_->prepare("INSERT OR REPLACE INTO source(gateway, stream, source, generation, watermark,"
                                     " sealed_through, last_arrival, clock_offset, version)"
                                     " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)")),
      put_ledger_(database_->prepare("INSERT INTO ledger(gateway, stream, source, counter, value) VALUES(?, ?, ?, ?, ?)"
                                     " ON CONFLICT DO UPDATE SET value = excluded.value")),
      clear_ledger_(database_->prepare("DELETE FROM ledger WHERE gateway = ? AND stream = ? AND source = ?")),
      put_mark_(database_->prepare("INSERT OR REPLACE INTO mark(gateway, epoch, sequence) VALUES(?, ?, ?)")),
      put_position_(database_->prepare(
          "INSERT OR REPLACE INTO position(log, partition, offset, epoch, sequence) VALUES(?, ?, ?, ?, ?)")),
      select_states_(database_->prepare("SELECT state, whole_flags | delta_flags FROM result WHERE series = ?"
                                        " AND start >= ? AND start < ? ORDER BY start")) {}

Viewed<std::unique_ptr<Views>> Views::open(const std::string& path, const std::vector<Duration>& rollups) {
  auto database = Database::open(path, Database::Mode::write);
  if (!database) return tl::unexpected(database.error());
  Query about = (*database)->prepare(
      "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),"
      " (SELECT count(*) FROM sqlite_schema)");
  if (const auto row = about.next(); !row) return tl::unexpected(row.error());
  const std::int64_t id = about.integer(0), version = about.integer(1), tables = about.integer(2);
  about.reset();
  if (tables != 0 && id != kViewsApplicationId) {
    return fail(ViewsError::not_ours, path + " is not a file of Tidemark's views; choose another name");
  }
  if (tables != 0 && version != kViewsVersion) {
    return fail(ViewsError::not_ours, path + " was written by another version; delete it and replay the log");
  }
  // NORMAL: after a power cut the last batches may be missing, with their position; they are folded again.
  if (auto done =
          (*database)->execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384");
      !done) {
    return tl::unexpected(done.error());
  }
  if (tables == 0) {
    const std::string create = std::string("BEGIN;") + kViewsSchema +
                               "PRAGMA application_id = " + std::to_string(kViewsApplicationId) +
                               "; PRAGMA user_version = " + std::to_string(kViewsVersion) + "; COMMIT;";
    if (auto done = (*database)->execute(create.c_str()); !done) return tl::unexpected(done.error());
  }
  std::unique_ptr<Views> views(new Views(std::move(*database)));
  if (auto loaded = views->load(rollups); !loaded) return tl::unexpected(loaded.error());
  return views;
}

Viewed<void> Views::load(const std::vector<Duration>& rollups) {
  Query position = database_->prepare("SELECT partition, offset, epoch, sequence, log FROM position");
  for (;;) {
    const auto row = position.next();
    if (!row) return tl::unexpected(row.error());
    if (!*row) break;
    positions_[static_cast<std::uint32_t>(position.integer(0))] = {
        static_cast<std::uint64_t>(position.integer(1)), static_cast<std::uint64_t>(position.integer(2)),
        static_cast<std::uint64_t>(position.integer(3)), std::string(position.bytes(4))};
  }
  Query marks = database_->prepare("SELECT gateway, epoch, sequence FROM mark");
  for (;;) {
    const auto row = marks.next();
    if (!row) return tl::unexpected(row.error());
    if (!*row) break;
    marks_[{std::string(marks.bytes(0)), static_cast<std::uint64_t>(marks.integer(1))}] =
        static_cast<std::uint64_t>(marks.integer(2));
  }
  Query sizes = database_->prepare("SELECT size FROM rollup ORDER BY size");
  for (;;) {
    const auto row = sizes.next();
    if (!row) return tl::unexpected(row.error());
    if (!*row) break;
    sizes_.push_back({sizes.integer(0)});
  }
  if (auto loaded = load_series(); !loaded) return loaded;
  for (const Duration size : rollups) {
    if (std::find(sizes_.begin(), sizes_.end(), size) != sizes_.end()) continue;
    if (auto added = add_rollup(size); !added) return added;
  }
  return {};
}

Viewed<void> Views::load_series() {
  std::map<std::int64_t, std::size_t> by_id;
  Query rows = database_->prepare(
      "SELECT id, base, gateway, stream, version, source, tags, field, size, unit, kind, components,"
      " (SELECT max(start) FROM result WHERE series = series.id) FROM series ORDER BY base NULLS FIRST, size");
  for (;;) {
    const auto row = rows.next();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return {};
    SeriesIdentity identity;
    identity.stream = rows.bytes(3);
    identity.version = static_cast<std::uint32_t>(rows.integer(4));
    identity.source = rows.bytes(5);
    identity.tags = rows.bytes(6);
    identity.field = rows.bytes(7);
    identity.size = {rows.integer(8)};
    identity.unit = rows.bytes(9);
    identity.kind = static_cast<FieldKind>(rows.integer(10));
    const bool rollup = !rows.is_null(1);
    Series series;
    series.id = rows.integer(0);
    series.size = identity.size.ns;
    series.rollup = rollup;
    series.empty = rows.is_null(12);
    series.last_start = rows.integer(12);
    by_id[series.id] = series_.size();
    if (rollup) {
      const auto base = by_id.find(rows.integer(1));
      if (base == by_id.end()) return bad_state();
      series_[base->second].rollups.push_back(series_.size());
    }
    series_numbers_[key_of(rows.bytes(2), identity, static_cast<std::uint32_t>(rows.integer(11)), rollup)] =
        series_.size();
    series_.push_back(std::move(series));
  }
}

// The windows that are there already are all taken for changed, so that the new size comes out as if it had been kept
// from the beginning.
Viewed<void> Views::add_rollup(Duration size) {
  if (auto begun = database_->execute("BEGIN IMMEDIATE"); !begun) return begun;
  const auto add = [&]() -> Viewed<void> {
    Query put = database_->prepare("INSERT INTO rollup(size) VALUES(?)");
    if (auto done = put.bind(size.ns).run(); !done) return done;
    sizes_.push_back(size);
    std::sort(sizes_.begin(), sizes_.end());
    // What was there is loaded anew, in the order that the sizes have now.
    Query bases = database_->prepare(
        "SELECT gateway, stream, version, source, tags, field, size, unit, kind, components FROM series"
        " WHERE base IS NULL");
    std::set<WindowKey> changed;
    for (;;) {
      const auto row = bases.next();
      if (!row) return tl::unexpected(row.error());
      if (!*row) break;
      const std::string gateway(bases.bytes(0));
      SeriesIdentity identity;
      identity.stream = bases.bytes(1);
      identity.version = static_cast<std::uint32_t>(bases.integer(2));
      identity.source = bases.bytes(3);
      identity.tags = bases.bytes(4);
      identity.field = bases.bytes(5);
      identity.size = {bases.integer(6)};
      identity.unit = bases.bytes(7);
      identity.kind = static_cast<FieldKind>(bases.integer(8));
      const auto components = static_cast<std::uint32_t>(bases.integer(9));
      const std::size_t base = series_numbers_.at(key_of(gateway, identity, components, false));
      if (auto done = attach_rollups(base, gateway, identity, components); !done) return done;
      Query starts = database_->prepare("SELECT start FROM result WHERE series = ?");
      starts.bind(series_[base].id);
      for (;;) {
        const auto start = starts.next();
        if (!start) return tl::unexpected(start.error());
        if (!*start) break;
        changed.insert({base, starts.integer(0)});
      }
    }
    if (auto done = write_rollups(std::move(changed)); !done) return done;
    return database_->execute("COMMIT");
  };
  auto added = add();
  if (!added) static_cast<void>(database_->execute("ROLLBACK"));
  return added;
}

Viewed<void> Views::fold(std::span<const LogRow> rows, std::uint32_t partition,
                         std::span<const std::optional<Event>> events) {
  if (rows.empty()) return {};
  TIDEMARK_ASSERT(events.empty() || events.size() == rows.size());
  TIDEMARK_ASSERT(rows.front().position > position(partition).offset);
  if (auto begun = database_->execute("BEGIN IMMEDIATE"); !begun) return begun;
  auto done = only_writer();
  if (done) done = fold_rows(rows, partition, events);
  if (done) done = database_->execute("COMMIT");
  // What is in memory may be ahead of the file now: the caller ends, and opens the views again to go on.
  if (!done) static_cast<void>(database_->execute("ROLLBACK"));
  changed_.clear();
  return done;
}

/// Two processes that fold into one file would each skip what the other has taken in, or, of two partitions, write over
/// its windows.
Viewed<void> Views::only_writer() {
  Query query = database_->prepare("SELECT partition, offset FROM position");
  std::size_t known = 0;
  for (;;) {
    const auto row = query.next();
    if (!row) return tl::unexpected(row.error());
    if (!*row) break;
    const auto found = positions_.find(static_cast<std::uint32_t>(query.integer(0)));
    if (found != positions_.end() && found->second.offset == static_cast<std::uint64_t>(query.integer(1))) {
      ++known;
    } else {
      known = SIZE_MAX;
      break;
    }
  }
  if (known == positions_.size()) return {};
  return fail(ViewsError::rejected, "another replay writes these views; let one of the two go on");
}

Viewed<void> Views::fold_rows(std::span<const LogRow> rows, std::uint32_t partition,
                              std::span<const std::optional<Event>> events) {
  ViewsPosition& position = positions_[partition];
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const LogRow& row = rows[i];
    Result<Event, EventError> decoded;
    const Event* event = events.empty() || !events[i] ? nullptr : &*events[i];
    if (event == nullptr) {
      decoded = decode_event(row.event.bytes);
      event = decoded ? &*decoded : nullptr;
    }
    if (event == nullptr) {
      const char* const remedy = decoded.error().code == EventError::newer
                                     ? "; it was written by a newer version: replay with that one"
                                     : "; `tidemark verify` says what else is wrong with this log";
      return fail(ViewsError::damaged, "the event at position " + std::to_string(row.position) +
                                           " cannot be read: " + decoded.error().context + remedy);
    }
    position = {row.position, event->header.epoch, event->header.sequence, event->header.gateway};
    std::uint64_t& mark = marks_[{event->header.gateway, event->header.epoch}];
    if (event->header.sequence <= mark) {
      ++skipped_;
      continue;
    }
    mark = event->header.sequence;
    put_mark_.bind(event->header.gateway).bind(event->header.epoch).bind(mark);
    if (auto done = put_mark_.run(); !done) return done;
    if (auto done = fold_event(*event); !done) return done;
  }
  if (auto done = write_changes(); !done) return done;
  return write_position(partition);
}

Viewed<void> Views::fold_event(const Event& event) {
  if (const auto* batch = std::get_if<WindowBatch>(&event.body)) return fold_windows(event.header, *batch);
  if (const auto* report = std::get_if<SourceReport>(&event.body)) return fold_report(event.header, *report);
  if (std::holds_alternative<UnknownEvent>(event.body)) ++skipped_;
  return {};
}

Viewed<void> Views::fold_windows(const EventHeader& header, const WindowBatch& batch) {
  // A series is looked up once a batch. Its panes keep the same components: those of its version.
  std::vector<std::pair<std::uint32_t, std::size_t>> known(batch.series.size(), {UINT32_MAX, 0});
  for (const DecodedPane& decoded : batch.panes) {
    auto& [components, number] = known[decoded.series];
    if (const std::uint32_t kept = decoded.pane.state.kept().bits(); components != kept) {
      const auto series = series_of(header.gateway, batch.series[decoded.series], decoded.pane.state.kept());
      if (!series) return tl::unexpected(series.error());
      components = kept;
      number = *series;
    }
    const WindowKey key{number, decoded.pane.start.ns};
    Changed& changed = changed_[key];
    if (!changed.loaded) {
      if (auto done = load_window(key, changed.folded); !done) return done;
      changed.loaded = true;
    }
    changed.folded.add(decoded.pane);
    ++panes_;
  }
  return {};
}

Viewed<void> Views::fold_report(const EventHeader& header, const SourceReport& report) {
  for (const SourceStanding& standing : report.sources) {
    // Counters are absolute: the last report says all.
    clear_ledger_.bind(header.gateway).bind(standing.stream).bind(standing.source);
    if (auto done = clear_ledger_.run(); !done) return done;
    for (const LedgerEntry& entry : standing.ledger) {
      put_ledger_.bind(header.gateway)
          .bind(standing.stream)
          .bind(standing.source)
          .bind(entry.counter)
          .bind(entry.value);
      if (auto done = put_ledger_.run(); !done) return done;
    }
    if (standing.source.empty()) continue;
    put_source_.bind(header.gateway).bind(standing.stream).bind(standing.source).bind(standing.generation);
    const auto bind_time = [&](const auto& time) { time ? put_source_.bind(time->ns) : put_source_.bind_null(); };
    bind_time(standing.watermark);
    bind_time(standing.sealed_through);
    bind_time(standing.last_arrival);
    if (auto done = put_source_.bind(standing.clock_offset.ns).bind(standing.version).run(); !done) return done;
  }
  return {};
}

Viewed<std::size_t> Views::series_of(const std::string& gateway, const SeriesIdentity& identity,
                                     ComponentSet components) {
  const auto found = series_numbers_.find(key_of(gateway, identity, components.bits(), false));
  if (found != series_numbers_.end()) return found->second;
  const auto number = insert_series(gateway, identity, components.bits(), 0);
  if (!number) return number;
  if (auto done = attach_rollups(*number, gateway, identity, components.bits()); !done) {
    return tl::unexpected(done.error());
  }
  return number;
}

/// `base` 0: a base series.
Viewed<std::size_t> Views::insert_series(const std::string& gateway, const SeriesIdentity& identity,
                                         std::uint32_t components, std::int64_t base) {
  if (base == 0) {
    insert_series_.bind_null();
  } else {
    insert_series_.bind(base);
  }
  insert_series_.bind(gateway).bind(identity.stream).bind(identity.version).bind(identity.source).bind(identity.tags);
  insert_series_.bind(identity.field).bind(identity.size.ns).bind(identity.unit);
  insert_series_.bind(static_cast<std::int64_t>(identity.kind)).bind(components);
  const auto row = insert_series_.next();
  if (!row) return tl::unexpected(row.error());
  Series series;
  series.id = insert_series_.integer(0);
  series.size = identity.size.ns;
  series.rollup = base != 0;
  if (auto done = insert_series_.run(); !done) return tl::unexpected(done.error());
  series_numbers_[key_of(gateway, identity, components, base != 0)] = series_.size();
  series_.push_back(std::move(series));
  return series_.size() - 1;
}

/// Gives a base series the roll-ups it lacks.
Viewed<void> Views::attach_rollups(std::size_t base, const std::string& gateway, const SeriesIdentity& identity,
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
    if (series_numbers_.contains(key_of(gateway, larger, components, true))) continue;
    const auto number = insert_series(gateway, larger, components, series_[base].id);
    if (!number) return tl::unexpected(number.error());
    series_[base].rollups.push_back(*number);
  }
  std::sort(series_[base].rollups.begin(), series_[base].rollups.end(),
            [this](std::size_t a, std::size_t b) { return series_[a].size < series_[b].size; });
  return {};
}

Viewed<void> Views::load_window(const WindowKey& key, FoldedState& folded) {
  Series& series = series_[key.series];
  // Most windows are new, and the youngest of their series: no look into the file for those.
  if (series.empty || key.start > series.last_start) {
    series.empty = false;
    series.last_start = key.start;
    return {};
  }
  select_window_.bind(series.id).bind(key.start);
  const auto row = select_window_.next();
  if (!row) return tl::unexpected(row.error());
  if (!*row) return {};
  folded.revision = static_cast<std::uint32_t>(select_window_.integer(0));
  folded.kind = static_cast<PaneKind>(select_window_.integer(1));
  folded.whole_flags = static_cast<std::uint16_t>(select_window_.integer(2));
  folded.delta_flags = static_cast<std::uint16_t>(select_window_.integer(3));
  if (select_window_.is_null(6)) {
    folded.whole = decoded(select_window_.bytes(4));
    if (!folded.whole) return bad_state();
  } else {
    folded.deltas = decoded(select_window_.bytes(6));
    if (!folded.deltas) return bad_state();
    if (!select_window_.is_null(5)) {
      folded.whole = decoded(select_window_.bytes(5));
      if (!folded.whole) return bad_state();
    }
  }
  return select_window_.run();
}

Viewed<void> Views::write_changes() {
  // In the order of the table: neighbours share a page.
  std::set<WindowKey> sorted;
  std::vector<WindowKey> keys;
  keys.reserve(changed_.size());
  for (const auto& [key, changed] : changed_) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  for (const WindowKey& key : keys) {
    if (auto done = write_window(key, changed_[key].folded); !done) return done;
    if (!series_[key.series].rollups.empty()) sorted.insert(sorted.end(), key);
  }
  return write_rollups(std::move(sorted));
}

Viewed<void> Views::write_window(const WindowKey& key, const FoldedState& folded) {
  const WindowState state = folded.state();
  const ComponentSet kept = state.kept();
  put_window_.bind(series_[key.series].id).bind(key.start).bind(folded.revision);
  if (series_[key.series].rollup) {
    put_window_.bind_null();
  } else {
    put_window_.bind(static_cast<std::int64_t>(folded.kind));
  }
  put_window_.bind(std::uint32_t{folded.whole_flags}).bind(std::uint32_t{folded.delta_flags}).bind(state.count());
  if (kept.has(Component::sum)) {
    put_window_.bind(std::optional(nearest(state.sum().value())));
  } else {
    put_window_.bind_null();
  }
  put_window_.bind(mean(state));
  if (kept.has(Component::extremes)) {
    const Extremes extremes = state.extremes();
    put_window_.bind(std::optional(to_double(extremes.min))).bind(std::optional(to_double(extremes.max)));
  } else {
    put_window_.bind_null().bind_null();
  }
  if (kept.has(Component::endpoints)) {
    const Endpoints ends = state.endpoints();
    put_window_.bind(std::optional(to_double(ends.first))).bind(ends.first_time.ns);
    put_window_.bind(std::optional(to_double(ends.last))).bind(ends.last_time.ns);
  } else {
    put_window_.bind_null().bind_null().bind_null().bind_null();
  }
  const std::string bytes = encoded(state);
  put_window_.bind(variance(state)).bind(stddev(state)).bind_blob(bytes);
  // Only where both came are they kept apart: the next revision replaces the whole pane, and not the deltas.
  const std::string whole = folded.deltas && folded.whole ? encoded(*folded.whole) : std::string();
  const std::string deltas = folded.deltas ? encoded(*folded.deltas) : std::string();
  whole.empty() ? put_window_.bind_null() : put_window_.bind_blob(whole);
  deltas.empty() ? put_window_.bind_null() : put_window_.bind_blob(deltas);
  return put_window_.run();
}

/// Computes the larger windows of changed base windows anew. Each size is merged from the largest smaller one that
/// divides it: by the law of roll-ups (rule 26) the bytes are the same, and 15 minutes take 15 windows instead of 90.
Viewed<void> Views::write_rollups(std::set<WindowKey> changed) {
  for (auto at = changed.begin(); at != changed.end();) {
    const std::size_t base = at->series;
    const auto end = changed.lower_bound({base + 1, INT64_MIN});
    std::vector<std::size_t> sources = {base};
    for (const std::size_t rollup : series_[base].rollups) {
      const std::int64_t size = series_[rollup].size;
      const auto from = std::find_if(sources.rbegin(), sources.rend(),
                                     [&](std::size_t source) { return size % series_[source].size == 0; });
      std::set<std::int64_t> parents;
      for (auto window = at; window != end; ++window) {
        parents.insert(parents.end(), parent_start(window->start, series_[base].size, size));
      }
      for (const std::int64_t parent : parents) {
        if (auto done = roll_up(*from, {rollup, parent}); !done) return done;
      }
      sources.push_back(rollup);
    }
    at = end;
  }
  return {};
}

Viewed<void> Views::roll_up(std::size_t from, const WindowKey& parent) {
  FoldedState folded;
  select_states_.bind(series_[from].id).bind(parent.start).bind(parent.start + series_[parent.series].size);
  for (;;) {
    const auto row = select_states_.next();
    if (!row) return tl::unexpected(row.error());
    if (!*row) break;
    const std::optional<WindowState> state = decoded(select_states_.bytes(0));
    if (!state) return bad_state();
    folded.whole_flags = static_cast<std::uint16_t>(folded.whole_flags | select_states_.integer(1));
    if (folded.whole) {
      folded.whole->merge(*state);
    } else {
      folded.whole = *state;
    }
  }
  if (!folded.whole) return bad_state();
  return write_window(parent, folded);
}

Viewed<void> Views::write_position(std::uint32_t partition) {
  const ViewsPosition& at = positions_.at(partition);
  put_position_.bind(at.gateway).bind(partition).bind(at.offset).bind(at.epoch).bind(at.sequence);
  return put_position_.run();
}

}  // namespace tidemark
