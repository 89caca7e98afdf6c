#include "edge/processor/decide.h"

#include <algorithm>

namespace tidemark {
namespace {

/// The series that share one progress: all of a source, or each by itself.
struct Unit {
  Progress progress;
  MonotonicTime heard;  // when something of it last came
  const std::uint32_t* first;
  std::size_t size;
};

template <typename Visit>
void for_each_unit(const State& state, const Source& source, Visit&& visit) {
  if (!state.streams[source.stream].settings.watermark_per_series) {
    visit(Unit{source.progress, source.heard, source.series.data(), source.series.size()});
    return;
  }
  for (const std::uint32_t& id : source.series) {
    const Series& series = *state.series[id];
    visit(Unit{own_progress(series), series.heard, &id, 1});
  }
}

template <typename Visit>
void for_each_series(const State& state, const Unit& unit, Visit&& visit) {
  for (std::size_t i = 0; i < unit.size; ++i) visit(*state.series[unit.first[i]]);
}

/// Rule 17: the projected event time at which a window is idle.
EventTime idle_at(const StreamSettings& settings, EventTime end) {
  return end + settings.out_of_orderness + settings.idle_timeout;
}

/// When event time gets there if the source's clock has gone on since the maximum came. What came after the maximum
/// says nothing: a device may send its backlog newest first, or talk of other series.
MonotonicTime idle_due(const Progress& progress, const StreamSettings& settings, EventTime end) {
  const EventTime at = progress.max_event == EventTime::earliest() ? end : progress.max_event;
  return progress.reached + std::max(idle_at(settings, end) - at, Duration{});
}

/// The first window that lies ahead of the clock has its start there. Readings of one generation make none.
bool lies_ahead(EventTime start, const Progress& progress) {
  return start > progress.max_event;
}

std::optional<PaneKind> pane_due(const WindowHead& window, EventTime end, const Progress& progress,
                                 const StreamSettings& settings, MonotonicTime now, bool sealing,
                                 MonotonicTime corrections_due) {
  if (window.revision == 0) {
    if (progress.watermark >= end - nanoseconds(1)) return PaneKind::on_time;
    // The clock was set back: it may not come there again in years.
    if (lies_ahead(window.start, progress)) return PaneKind::idle;
    if (sealing || now >= idle_due(progress, settings, end)) return PaneKind::idle;
    return std::nullopt;
  }
  if (window.dirty && (sealing || now >= corrections_due)) return PaneKind::correction;
  return std::nullopt;
}

}  // namespace

Duration clock_offset_of(const StreamDefinition& definition, std::string_view source) {
  const auto at = std::lower_bound(definition.clock_offsets.begin(), definition.clock_offsets.end(), source,
                                   [](const auto& entry, std::string_view name) { return entry.first < name; });
  return at != definition.clock_offsets.end() && at->first == source ? at->second : definition.clock_offset;
}

EventTime event_time_of(const Record& record, const Source& source) {
  return *record.time + (record.by_arrival ? Duration{} : source.clock_offset);
}

ClockVerdict decide_clock(const StreamDefinition& definition, EventTime time, ArrivalTime arrival) {
  ClockVerdict verdict;
  verdict.time = time;
  const EventTime arrived{arrival.ns};
  if (time <= arrived + definition.max_ahead && time >= definition.floor) {
    verdict.flags = CountedReading::kMovesClock;
    return verdict;
  }
  verdict.trusted = false;
  switch (definition.bad_clock) {
    case BadClock::quarantine:
      verdict.quarantined = true;
      break;
    case BadClock::restamp:
      verdict.time = arrived;
      verdict.flags = CountedReading::kMovesClock | CountedReading::kExempt | CountedReading::kRestamped;
      break;
    case BadClock::accept:
      verdict.flags = CountedReading::kDelta | CountedReading::kBadClock;
      break;
  }
  return verdict;
}

RecordVerdict decide_record(const StreamDefinition& definition, const Record& record, const Source* source,
                            bool duplicate, ArrivalTime arrival) {
  const auto rejected = [](Rejection reason) { return RecordVerdict{rejected_reading(reason), name_of(reason), {}}; };
  RecordVerdict verdict;
  if (duplicate) {
    verdict.counter = Counter::duplicate;
    return verdict;
  }
  if (source == nullptr) return rejected(Rejection::series_limit);
  if (!record.time) {
    // Arrival times are ours: two readings that came in one read share theirs, and are two (rule 30).
    verdict.clock.time = {arrival.ns};
    verdict.clock.flags = CountedReading::kMovesClock | CountedReading::kExempt;
    return verdict;
  }
  const EventTime time = event_time_of(record, *source);
  if (time < kEarliestEvent || time > kLatestEvent) return rejected(Rejection::out_of_range);
  verdict.clock = decide_clock(definition, time, arrival);
  // As above: five seconds before one read is one time for all that it brought.
  if (record.by_arrival) verdict.clock.flags |= CountedReading::kExempt;
  if (verdict.clock.quarantined) {
    verdict.counter = Counter::quarantined;
    verdict.trouble = "quarantined";
  }
  return verdict;
}

ReadingVerdict decide_reading(const State& state, const Series& series, EventTime time, const Decimal& value,
                              std::uint8_t flags) {
  if ((flags & CountedReading::kDelta) != 0) return ReadingVerdict::delta;
  const Source& source = *state.sources[series.source];
  const StreamSettings& settings = state.streams[source.stream].settings;
  const EventTime sealed_through =
      settings.watermark_per_series ? own_progress(series).sealed_through : source.progress.sealed_through;
  const WindowGrid& grid = state.versions[series.version].grid;
  const EventTime start = grid.start_of(time);
  if (grid.end_of(start) <= sealed_through) return ReadingVerdict::delta;
  const bool may_repeat =
      settings.drop_duplicates && (flags & CountedReading::kExempt) == 0 && time <= series.max_event;
  if (may_repeat) {
    if (series.windows.contains(start, time - start, value)) return ReadingVerdict::duplicate;
  }
  return ReadingVerdict::window;
}

bool has_expired(const State& state, const Series& series, MonotonicTime now) {
  const Duration ttl = state.streams[state.sources[series.source]->stream].series_ttl;
  return now >= series.heard + ttl && series.windows.empty() && series.deltas.empty();
}

bool is_overtaken(const State& state, const Source& source) {
  bool overtaken = false;
  for_each_unit(state, source, [&](const Unit& unit) {
    for_each_series(state, unit, [&](const Series& series) {
      const EventTime last = series.windows.last_start_until(EventTime::latest());
      overtaken |= last != EventTime::earliest() && lies_ahead(last, unit.progress);
    });
  });
  return overtaken;
}

Dues dues_of(const State& state, const Source& source) {
  Dues dues;
  const StreamSettings& settings = state.streams[source.stream].settings;
  dues.time = source.overtaken + settings.evict_after;
  for_each_unit(state, source, [&](const Unit& unit) {
    for_each_series(state, unit, [&](const Series& series) {
      const Duration size = state.versions[series.version].grid.size;
      series.windows.for_each_head([&](const WindowHead& window) {
        if (window.revision > 0) return;
        const EventTime end = window.start + size;
        dues.watermark = std::min(dues.watermark, end - nanoseconds(1));
        dues.projection = std::min(dues.projection, idle_at(settings, end));
        dues.time = std::min(dues.time, idle_due(unit.progress, settings, end));
      });
      dues.time = std::min(dues.time, series.corrections_due);
      dues.time = std::min(dues.time, series.heard + state.streams[source.stream].series_ttl);
      if (!series.windows.empty()) {
        dues.watermark = std::min(dues.watermark, series.windows.first_start() + size + settings.lateness);
        dues.time = std::min(dues.time, unit.heard + settings.evict_after);
      }
      for (const PendingDelta& delta : series.deltas) dues.time = std::min(dues.time, delta.due);
    });
  });
  return dues;
}

void decide_emissions(const State& state, const Source& source, MonotonicTime now, bool all,
                      std::vector<PaneEmitted>& panes, std::vector<Sealed>& sealed) {
  const StreamSettings& settings = state.streams[source.stream].settings;
  for_each_unit(state, source, [&](const Unit& unit) {
    const bool evict = all || now >= unit.heard + settings.evict_after;
    // What an earlier generation of the clock left open, and the present one has not reached in that time.
    const bool overtaken = now >= source.overtaken + settings.evict_after;
    const Progress& progress = unit.progress;
    EventTime through = progress.sealed_through;
    bool any = false;
    for_each_series(state, unit, [&](const Series& series) {
      const Duration size = state.versions[series.version].grid.size;
      // Those whose end + lateness the watermark has passed; all of them when they are evicted.
      const EventTime bound = evict ? EventTime::latest() : progress.watermark - settings.lateness - size;
      EventTime last = series.windows.last_start_until(bound);
      const EventTime newest = series.windows.last_start_until(EventTime::latest());
      if (overtaken && newest > progress.max_event) last = newest;
      // Its source may go on, with a watermark that does not: by times that nobody trusts, or long before it.
      if (now >= series.heard + state.streams[source.stream].series_ttl) last = newest;
      if (last == EventTime::earliest()) return;
      any = true;
      through = std::max(through, last + size);
    });
    for_each_series(state, unit, [&](const Series& series) {
      const Duration size = state.versions[series.version].grid.size;
      series.windows.for_each_head([&](const WindowHead& window) {
        const EventTime end = window.start + size;
        const auto kind = pane_due(window, end, progress, settings, now, end <= through, series.corrections_due);
        if (kind) panes.push_back({series.id, window.start, *kind});
      });
      for (const PendingDelta& delta : series.deltas) {
        if (all || delta.due <= now) panes.push_back({series.id, delta.start, PaneKind::delta});
      }
    });
    // Also where nothing moves: in a shard that was not written by us a window may stand below what is sealed, and one
    // that is due and does not go would be due for ever.
    if (any) {
      const bool one_series = settings.watermark_per_series;
      sealed.push_back({one_series, one_series ? *unit.first : source.id, through});
    }
  });
}

}  // namespace tidemark
