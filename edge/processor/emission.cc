#include "edge/processor/emission.h"

#include <algorithm>
#include <utility>

#include "edge/bytes/assert.h"
#include "edge/processor/decide.h"
#include "edge/processor/series_identity.h"

namespace tidemark {
namespace {

/// A window may be found idle this much late: event time that advances a little faster than the clock is not looked at
/// anew with every message.
constexpr Duration kIdleSlack = milliseconds(50);

/// The pane as it leaves, before the emission is applied.
Pane pane_of(const Series& series, const PaneEmitted& emitted) {
  Pane pane;
  pane.start = emitted.start;
  pane.kind = emitted.kind;
  if (emitted.kind == PaneKind::delta) {
    const auto delta = std::find_if(series.deltas.begin(), series.deltas.end(),
                                    [&](const PendingDelta& d) { return d.start == emitted.start; });
    TIDEMARK_ASSERT(delta != series.deltas.end());
    pane.flags = delta->flags;
    pane.state = delta->state;
    return pane;
  }
  OpenWindow window = series.windows.without_points(emitted.start);
  pane.revision = window.revision + 1;
  pane.flags = window.flags;
  pane.state = std::move(window.state);
  return pane;
}

}  // namespace

void Emission::resume(MonotonicTime now) {
  for (const auto& source : state_.sources) {
    if (!source) continue;
    source->heard = source->progress.reached = now;
    const Duration flush = state_.streams[source->stream].settings.late_flush;
    for (const std::uint32_t id : source->series) {
      Series& series = *state_.series[id];
      series.heard = now;
      if (series.progress) series.progress->reached = now;
      series.windows.for_each_head([&](const WindowHead& head) {
        if (head.revision > 0 && head.dirty) series.corrections_due = now + flush;
      });
      for (PendingDelta& delta : series.deltas) delta.due = now + flush;
    }
    if (is_overtaken(state_, *source)) source->overtaken = now;
  }
}

void Emission::schedule_all() {
  for (const auto& source : state_.sources) {
    if (source) schedule(*source);
  }
}

void Emission::expect_window(Source& source, Series& series, EventTime start, MonotonicTime now) {
  if (series.windows.waits(start)) return;
  // A new window wants a timer; a pane that is no longer true wants a correction, once some have gathered.
  source.visit = true;
  const bool correction = series.windows.holds(start);
  if (!correction) return;
  const Duration flush = state_.streams[source.stream].settings.late_flush;
  series.corrections_due = std::min(series.corrections_due, now + flush);
}

void Emission::expect_delta(Source& source, Series& series, EventTime start, bool at_once, MonotonicTime now) {
  source.visit = true;
  for (PendingDelta& delta : series.deltas) {
    if (delta.start != start) continue;
    if (at_once) delta.due = now;
    if (delta.due == MonotonicTime{}) delta.due = now + state_.streams[source.stream].settings.late_flush;
  }
}

void Emission::expect_projection(Source& source, Progress& progress, MonotonicTime now) {
  progress.reached = now;
  if (now + (source.next_projection - progress.max_event) + kIdleSlack < source.timer) source.visit = true;
}

void Emission::expect_generation(Source& source, MonotonicTime now) {
  source.visit = true;
  source.overtaken = std::min(source.overtaken, now);
}

void Emission::leave(MonotonicTime now, Group& group) {
  for (const Taken& taken : plan_.taken()) {
    Source& source = *state_.sources[taken.source];
    const bool per_series = state_.streams[source.stream].settings.watermark_per_series;
    if (source.visit || per_series || source.progress.watermark >= source.next_due) {
      visit(source, now, false, group);
      schedule(source);
    }
  }
  while (!timers_.empty() && timers_.top().due <= now) {
    const Timer timer = timers_.top();
    timers_.pop();
    Source* source = state_.find_source(timer.source);
    if (source == nullptr || source->timer != timer.due) continue;
    source->timer = MonotonicTime::latest();
    visit(*source, now, false, group);
    schedule(*source);
  }
}

void Emission::end_version(std::uint32_t stream, MonotonicTime now, Group& group) {
  for (const auto& source : state_.sources) {
    if (!source || source->stream != stream) continue;
    visit(*source, now, true, group);
    const auto ids = source->series;  // a copy: each that is dropped leaves the list
    for (const std::uint32_t id : ids) plan_.make(SeriesDropped{id, false});
  }
}

/// `all`: everything leaves and is sealed.
void Emission::visit(Source& source, MonotonicTime now, bool all, Group& group) {
  source.visit = false;
  panes_.clear();
  sealed_.clear();
  decide_emissions(state_, source, now, all, panes_, sealed_);
  for (const PaneEmitted& pane : panes_) {
    add_pane(pane, group);
    plan_.make(pane);
  }
  for (const std::uint32_t id : source.series) {
    Series& series = *state_.series[id];
    if (series.corrections_due <= now) series.corrections_due = MonotonicTime::latest();
  }
  for (const Sealed& sealed : sealed_) plan_.make(sealed);
  for (std::size_t i = 0; i < source.series.size();) {
    const std::uint32_t id = source.series[i];
    if (has_expired(state_, *state_.series[id], now)) {
      plan_.make(SeriesDropped{id, true});  // leaves the list
    } else {
      ++i;
    }
  }
  if (source.overtaken != MonotonicTime::latest() && !is_overtaken(state_, source)) {
    source.overtaken = MonotonicTime::latest();
  }
  if (!panes_.empty() || !sealed_.empty()) standings_.changed(source);
}

void Emission::add_pane(const PaneEmitted& emitted, Group& group) const {
  const Series& series = *state_.series[emitted.series];
  // The panes of a series come one behind the other, and share its identity.
  if (group.series != series.id) {
    group.series = series.id;
    group.identities.push_back(identity_of(state_, series));
  }
  group.pane_storage.push_back(pane_of(series, emitted));
  group.panes.push_back({&group.identities.back(), &group.pane_storage.back()});
}

void Emission::schedule(Source& source) {
  const Dues dues = dues_of(state_, source);
  source.next_due = dues.watermark;
  source.next_projection = dues.projection;
  if (dues.time >= source.timer) return;
  source.timer = dues.time;
  timers_.push({dues.time, source.id});
}

}  // namespace tidemark
