#include "gateway/replay/views.h"

#include <algorithm>

#include "edge/bytes/assert.h"
#include "gateway/replay/rollups.h"
#include "gateway/replay/views_file.h"

namespace tidemark {

Views::Views(std::unique_ptr<Database> database)
    : database_(std::move(database)),
      series_(*database_),
      windows_(*database_, series_),
      standings_(*database_),
      put_mark_(database_->prepare("INSERT OR REPLACE INTO mark(gateway, epoch, sequence) VALUES(?, ?, ?)")),
      put_position_(database_->prepare(
          "INSERT OR REPLACE INTO position(log, partition, offset, epoch, sequence) VALUES(?, ?, ?, ?, ?)")) {}

Viewed<std::unique_ptr<Views>> Views::open(const std::string& path, const std::vector<Duration>& rollups) {
  auto database = open_views_file(path);
  if (!database) return tl::unexpected(database.error());
  std::unique_ptr<Views> views(new Views(std::move(*database)));
  if (auto loaded = views->load(rollups); !loaded) return tl::unexpected(loaded.error());
  return views;
}

Viewed<void> Views::load(const std::vector<Duration>& rollups) {
  Query position = database_->prepare("SELECT partition, offset, epoch, sequence, log FROM position");
  auto read = position.each([&] {
    positions_[static_cast<std::uint32_t>(position.integer(0))] = {
        static_cast<std::uint64_t>(position.integer(1)), static_cast<std::uint64_t>(position.integer(2)),
        static_cast<std::uint64_t>(position.integer(3)), std::string(position.bytes(4))};
  });
  if (!read) return read;
  Query marks = database_->prepare("SELECT gateway, epoch, sequence FROM mark");
  read = marks.each([&] {
    marks_[{std::string(marks.bytes(0)), static_cast<std::uint64_t>(marks.integer(1))}] =
        static_cast<std::uint64_t>(marks.integer(2));
  });
  if (!read) return read;
  if (auto loaded = series_.load(); !loaded) return loaded;
  for (const Duration size : rollups) {
    const std::vector<Duration>& kept = series_.sizes();
    if (std::find(kept.begin(), kept.end(), size) != kept.end()) continue;
    if (auto added = add_rollup(size); !added) return added;
  }
  return {};
}

Viewed<void> Views::add_rollup(Duration size) {
  if (auto begun = database_->execute("BEGIN IMMEDIATE"); !begun) return begun;
  auto done = series_.add_size(size);
  if (done) done = roll_up_all();
  if (done) done = database_->execute("COMMIT");
  if (!done) static_cast<void>(database_->execute("ROLLBACK"));
  return done;
}

/// The windows that are there already are all taken for changed, so that the new size comes out as if it had been kept
/// from the beginning.
Viewed<void> Views::roll_up_all() {
  std::set<WindowKey> changed;
  Query starts = database_->prepare("SELECT start FROM result WHERE series = ?");
  for (std::size_t base = 0; base < series_.size(); ++base) {
    if (series_[base].rollup) continue;
    starts.bind(series_[base].id);
    const auto done = starts.each([&] { changed.insert({base, starts.integer(0)}); });
    if (!done) return done;
  }
  return write_rollups(changed, series_, windows_);
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
  std::size_t known = 0, others = 0;
  const auto read = query.each([&] {
    const auto found = positions_.find(static_cast<std::uint32_t>(query.integer(0)));
    const bool ours = found != positions_.end() && found->second.offset == static_cast<std::uint64_t>(query.integer(1));
    ++(ours ? known : others);
  });
  if (!read) return read;
  if (others == 0 && known == positions_.size()) return {};
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
  if (const auto* report = std::get_if<SourceReport>(&event.body)) return standings_.put(event.header.gateway, *report);
  if (const auto* tombstone = std::get_if<Tombstone>(&event.body)) parked_.add(*tombstone);
  if (std::holds_alternative<UnknownEvent>(event.body)) ++skipped_;
  return {};
}

Viewed<void> Views::fold_windows(const EventHeader& header, const WindowBatch& batch) {
  // A series is looked up once a batch. Its panes keep the same components: those of its version.
  std::vector<std::pair<std::uint32_t, std::size_t>> known(batch.series.size(), {UINT32_MAX, 0});
  for (const DecodedPane& decoded : batch.panes) {
    auto& [components, number] = known[decoded.series];
    if (const std::uint32_t kept = decoded.pane.state.kept().bits(); components != kept) {
      const auto series = series_.find_or_add(header.gateway, batch.series[decoded.series], decoded.pane.state.kept());
      if (!series) return tl::unexpected(series.error());
      components = kept;
      number = *series;
    }
    const WindowKey key{number, decoded.pane.start.ns};
    Changed& changed = changed_[key];
    if (!changed.loaded) {
      if (auto done = windows_.load(key, changed.folded); !done) return done;
      changed.loaded = true;
    }
    changed.folded.add(decoded.pane);
    ++panes_;
  }
  return {};
}

Viewed<void> Views::write_changes() {
  // In the order of the table: neighbours share a page.
  std::vector<WindowKey> keys;
  keys.reserve(changed_.size());
  for (const auto& [key, changed] : changed_) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  std::set<WindowKey> to_roll_up;
  for (const WindowKey& key : keys) {
    if (auto done = windows_.write(key, changed_[key].folded); !done) return done;
    if (!series_[key.series].rollups.empty()) to_roll_up.insert(to_roll_up.end(), key);
  }
  return write_rollups(to_roll_up, series_, windows_);
}

Viewed<void> Views::write_position(std::uint32_t partition) {
  const ViewsPosition& at = positions_.at(partition);
  put_position_.bind(at.gateway).bind(partition).bind(at.offset).bind(at.epoch).bind(at.sequence);
  return put_position_.run();
}

}  // namespace tidemark
