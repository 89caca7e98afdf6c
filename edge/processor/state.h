// The state of the processor: what a gateway knows between two groups. Everything but what is marked so is durable: it
// is written in shards and reached again by applying the journal. One thread owns it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "edge/ledger/ledger.h"
#include "edge/processor/clock_suspicion.h"
#include "edge/processor/plan.h"
#include "edge/processor/redeliveries.h"
#include "edge/processor/sequence_window.h"
#include "edge/processor/series_labels.h"
#include "edge/stream/stream_definition.h"
#include "edge/time/instant.h"
#include "edge/window/open_windows.h"
#include "edge/window/pending_delta.h"
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

  /// Nothing has come yet.
  [[nodiscard]] bool begins() const {
    const EventTime never = EventTime::earliest();
    return max_event == never && watermark == never && sealed_through == never;
  }

  /// Rule 10. Never decreases in a generation of the clock.
  void observe(EventTime time, Duration out_of_orderness) {
    if (time > max_event) max_event = time;
    const EventTime passed = time - out_of_orderness - nanoseconds(1);
    if (passed > watermark) watermark = passed;
  }

  /// Rule 13: event time begins afresh; what is sealed stays so.
  void begin_generation() { max_event = watermark = EventTime::earliest(); }

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

  // Not durable.
  Ledger total;                    // own and all sources
  Duration series_ttl = days(30);  // by the configuration
};

struct Source {
  std::uint32_t id = 0;
  std::uint32_t stream = 0;
  std::string name;
  std::uint32_t generation = 0;  // of its clock
  Progress progress;
  /// Where each series has its own marks: the greatest end that one sealed which is gone by silence. A series that
  /// comes (back) has sealed what ends until then.
  EventTime expired_through = EventTime::earliest();
  ArrivalTime last_arrival{};
  SequenceWindow sequence;
  std::unique_ptr<ClockSuspicion> suspicion;  // null: nothing speaks for a step of its clock
  Ledger ledger;
  boost::container::small_vector<std::uint32_t, 2> series;

  // Not durable. The processor's own book-keeping between groups.
  MonotonicTime heard{};                            // when its last message came
  MonotonicTime timer = MonotonicTime::latest();    // when the timer heap looks at it next: not after it is due
  EventTime next_due = EventTime::earliest();       // a watermark below it changes nothing
  EventTime next_projection = EventTime::latest();  // a projected event time below it finds no window idle
  MonotonicTime overtaken =
      MonotonicTime::latest();        // since when windows of an earlier generation lie ahead of its clock
  Duration clock_offset{};            // by the configuration
  std::optional<Duration> clock_lag;  // of its last message behind our clock
  std::uint32_t taken = 0;            // its place in the group's Plan::taken, plus 1; 0: not in this group
  bool suspected = false;             // in the group's Plan::suspicions
  bool visit = false;                 // look at it at the end of this group, whatever its watermark
  bool reported = false;              // nothing changed since its last report
};

struct Series {
  std::uint32_t id = 0;
  std::uint32_t source = 0;
  std::uint32_t version = 0;  // index into State::versions
  const SeriesLabel* label = nullptr;
  EventTime max_event = EventTime::earliest();  // of readings in its windows: those above it need no duplicate look-up
  std::unique_ptr<Progress> progress;           // only where the stream keeps watermarks by series
  OpenWindows windows;
  std::vector<PendingDelta> deltas;  // by start

  // Not durable.
  MonotonicTime heard{};                                    // when something of it last came
  MonotonicTime corrections_due = MonotonicTime::latest();  // of windows that changed since their pane; rule 18
};

/// A series' own progress; made where there is none yet.
inline Progress& own_progress(Series& series) {
  if (!series.progress) series.progress = std::make_unique<Progress>();
  return *series.progress;
}
/// As it stands: nothing has come where there is none yet.
inline Progress own_progress(const Series& series) {
  return series.progress ? *series.progress : Progress{};
}

/// What a series is looked up by.
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

/// Ids by the keys of what they stand for. The keys are not kept a second time: they are read from the elements.
template <typename Element, typename Key>
class IdIndex {
 public:
  explicit IdIndex(const std::vector<std::unique_ptr<Element>>& elements)
      : ids_(0, Hash{&elements}, Equal{&elements}) {}

  /// Null: there is none.
  [[nodiscard]] Element* find(const Key& key) const {
    const auto found = ids_.find(key);
    return found == ids_.end() ? nullptr : (*ids_.hash_function().elements)[*found].get();
  }
  /// The element is already there, at its id.
  void insert(std::uint32_t id) { ids_.insert(id); }
  /// The element is still there.
  void erase(std::uint32_t id) { ids_.erase(id); }
  [[nodiscard]] std::size_t size() const { return ids_.size(); }

 private:
  using Elements = std::vector<std::unique_ptr<Element>>;
  struct Hash {
    using is_transparent = void;
    const Elements* elements;
    std::size_t operator()(const Key& key) const { return hash_value(key); }
    std::size_t operator()(std::uint32_t id) const { return hash_value(key_of(*(*elements)[id])); }
  };
  struct Equal {
    using is_transparent = void;
    const Elements* elements;
    bool operator()(std::uint32_t a, std::uint32_t b) const { return a == b; }
    bool operator()(const Key& key, std::uint32_t id) const { return key == key_of(*(*elements)[id]); }
    bool operator()(std::uint32_t id, const Key& key) const { return key == key_of(*(*elements)[id]); }
  };

  boost::unordered_flat_set<std::uint32_t, Hash, Equal> ids_;
};

std::size_t hash_value(const SeriesKey& key);
std::size_t hash_value(const SourceKey& key);

inline SeriesKey key_of(const Series& series) {
  return {series.source, series.version, series.label->tags, series.label->field};
}
inline SourceKey key_of(const Source& source) {
  return {source.stream, source.name};
}

struct State {
  std::vector<StreamState> streams;
  std::vector<StreamVersion> versions;
  std::vector<std::unique_ptr<Source>> sources;  // by id; null: dropped, or lost with a damaged row
  std::vector<std::unique_ptr<Series>> series;   // by id; null: dropped
  Redeliveries redeliveries;
  Ledger gateway;  // what cannot be said of one stream

  // Not durable: over the above, which they refer to.
  SeriesLabels labels;
  IdIndex<Source, SourceKey> source_index{sources};
  IdIndex<Series, SeriesKey> series_index{series};

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  [[nodiscard]] Source* find_source(std::uint32_t id) const {
    return id < sources.size() ? sources[id].get() : nullptr;
  }
  [[nodiscard]] Series* find_series(std::uint32_t id) const { return id < series.size() ? series[id].get() : nullptr; }

  /// The progress that governs a series.
  [[nodiscard]] Progress& progress_of(Series& s) const {
    Source& source = *sources[s.source];
    return streams[source.stream].settings.watermark_per_series ? own_progress(s) : source.progress;
  }

  void insert(std::unique_ptr<Source> source);
  void insert(std::unique_ptr<Series> one);
  void drop_series(std::uint32_t id);
};

}  // namespace tidemark
