// The state of the processor: what a gateway knows between two groups. Everything but what is marked so is durable: it
// is written in shards and reached again by applying the journal. One thread owns it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "edge/ledger/ledger.h"
#include "edge/processor/plan.h"
#include "edge/processor/redeliveries.h"
#include "edge/processor/sequence_window.h"
#include "edge/stream/stream_definition.h"
#include "edge/time/instant.h"
#include "edge/window/open_window.h"
#include "edge/window/window_grid.h"

namespace tidemark {

/// How far event time has come: of a source, or of a series where the stream keeps watermarks by series. `earliest()`
/// stands for "not yet".
struct Progress {
  EventTime max_event = EventTime::earliest();
  EventTime watermark = EventTime::earliest();       // no more readings at or before it are expected
  EventTime sealed_through = EventTime::earliest();  // the greatest end of an evicted window

  // Not durable: when max_event came.
  MonotonicTime reached{};

  /// Rule 10. Never decreases.
  void observe(EventTime time, Duration out_of_orderness) {
    if (time > max_event) max_event = time;
    const EventTime passed = time - out_of_orderness - nanoseconds(1);
    if (passed > watermark) watermark = passed;
  }

  void seal(EventTime through) {
    if (through > sealed_through) sealed_through = through;
  }
};

struct StreamVersion {
  std::uint32_t stream = 0;
  std::uint32_t number = 1;
  std::string fingerprint;
  WindowGrid grid;
  ComponentSet components;
};

struct StreamState {
  std::string name;
  StreamSettings settings;
  std::uint32_t current = 0;  // index into State::versions
  Ledger own;                 // what cannot be said of one source

  Ledger total;  // not durable: own and all sources
};

struct Source {
  std::uint32_t id = 0;
  std::uint32_t stream = 0;
  std::string name;
  std::uint32_t generation = 0;  // of its clock
  Progress progress;
  ArrivalTime last_arrival{};
  SequenceWindow sequence;
  Ledger ledger;
  std::vector<std::uint32_t> series;

  // Not durable. The processor's own book-keeping between groups.
  MonotonicTime heard{};                            // when its last message came
  MonotonicTime timer = MonotonicTime::latest();    // when it is next due, as the timer heap knows it
  EventTime next_due = EventTime::earliest();       // a watermark below it changes nothing
  EventTime next_projection = EventTime::latest();  // a projected event time below it finds no window idle
  std::uint32_t taken = 0;  // its place in the group's Plan::taken, plus 1; 0: not in this group
  bool visit = false;       // look at it at the end of this group, whatever its watermark
  bool reported = false;    // nothing changed since its last report
};

struct Series {
  std::uint32_t id = 0;
  std::uint32_t source = 0;
  std::uint32_t version = 0;  // index into State::versions
  std::string tags;           // packed names and values
  std::string field;
  std::string unit;
  FieldKind kind = FieldKind::gauge;
  EventTime max_event = EventTime::earliest();  // of readings in its windows: those above it need no duplicate look-up
  Progress progress;                            // only where the stream keeps watermarks by series
  std::vector<OpenWindow> windows;              // by start
  std::vector<PendingDelta> deltas;             // by start

  MonotonicTime heard{};  // not durable: when something of it last came
};

/// Key of the index of series; views point into the series itself.
struct SeriesKey {
  std::uint32_t source = 0;
  std::uint32_t version = 0;
  std::string_view tags;
  std::string_view field;
  friend bool operator==(const SeriesKey&, const SeriesKey&) = default;
};

struct SourceKey {
  std::uint32_t stream = 0;
  std::string_view name;
  friend bool operator==(const SourceKey&, const SourceKey&) = default;
};

std::size_t hash_value(const SeriesKey& key);
std::size_t hash_value(const SourceKey& key);

struct State {
  std::vector<StreamState> streams;
  std::vector<StreamVersion> versions;
  std::vector<std::unique_ptr<Source>> sources;  // by id; null: dropped, or lost with a damaged row
  std::vector<std::unique_ptr<Series>> series;   // by id; null: dropped
  Redeliveries redeliveries;
  Ledger gateway;  // what cannot be said of one stream

  // Not durable: indexes over the above.
  boost::unordered_flat_map<SourceKey, std::uint32_t> source_index;
  boost::unordered_flat_map<SeriesKey, std::uint32_t> series_index;
  std::uint32_t live_series = 0;

  [[nodiscard]] Source* find_source(std::uint32_t id) const {
    return id < sources.size() ? sources[id].get() : nullptr;
  }
  [[nodiscard]] Series* find_series(std::uint32_t id) const { return id < series.size() ? series[id].get() : nullptr; }

  /// The progress that governs a series.
  [[nodiscard]] Progress& progress_of(Series& s) const {
    Source& source = *sources[s.source];
    return streams[source.stream].settings.watermark_per_series ? s.progress : source.progress;
  }

  void insert(std::unique_ptr<Source> source);
  void insert(std::unique_ptr<Series> one);
  void drop_series(std::uint32_t id);
};

/// The window that starts at `start`, or null. Searched from the youngest: that is where readings go.
OpenWindow* find_window(Series& series, EventTime start);
const OpenWindow* find_window(const Series& series, EventTime start);

}  // namespace tidemark
