// The fold of the log (SEMANTICS, rules 21 to 23): for each (gateway, stream, version, series, start) the whole pane of
// the highest revision, and every delta merged into it. The same whatever the order in which epochs and panes arrive,
// however they are batched and however often events are repeated.
//
// Operation: accept every record of the log, then walk the windows. Everything is kept in memory, about 200 bytes a
// window. Concurrency: one thread.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "edge/event/chunked.h"
#include "edge/event/event.h"
#include "edge/event/high_marks.h"
#include "edge/event/tombstone.h"
#include "edge/event/window_batch.h"

namespace tidemark {

/// One window, folded. Views are valid until the fold takes in more.
struct FoldedWindow {
  std::string_view gateway;
  const PaneFamily& family;
  const Origin& origin;
  EventTime start;
  std::uint32_t revision = 0;       // of the whole pane; 0: only deltas came
  PaneKind kind = PaneKind::delta;  // of the whole pane
  std::uint16_t flags = 0;          // of the whole pane and of every delta
  const WindowState& state;         // the whole pane with every delta
};

struct SourceTotal {
  std::string_view gateway;
  std::string_view stream;
  std::string_view source;
  std::uint64_t readings = 0;
  friend bool operator==(const SourceTotal&, const SourceTotal&) = default;
};

class Fold {
 public:
  enum class Digests : std::uint8_t { skip, check };
  explicit Fold(Digests digests = Digests::skip) : digests_(digests) {}

  /// Takes a record in. False: it was had already and is skipped. On an error nothing is taken in.
  Result<bool, EventError> accept(std::string_view bytes);

  /// The same for an event that is decoded already. Digests cannot be checked.
  bool accept(const Event& event);

  [[nodiscard]] const HighMarks& marks() const { return marks_; }
  [[nodiscard]] std::size_t windows() const { return entries_.size(); }
  [[nodiscard]] std::uint64_t panes() const { return panes_; }

  /// What the fold lacks because it was parked at its gateway.
  [[nodiscard]] const ParkedTotal& parked() const { return parked_; }

  /// How often one revision of a window came with two contents: never, unless two gateways share a name or an old state
  /// file was put back (rule 22).
  [[nodiscard]] std::uint64_t conflicts() const { return conflicts_; }

  /// In canonical order: gateway, stream, version, source, tags, field, size, start.
  void for_each(const std::function<void(const FoldedWindow&)>& visit) const;

  /// Σ count of the fold, per gateway, stream and source, in that order: what the ledger calls emitted (rule 32).
  [[nodiscard]] std::vector<SourceTotal> totals() const;

 private:
  struct Family {
    std::uint32_t gateway = 0;
    PaneFamily family;
    friend bool operator==(const Family&, const Family&) = default;
  };
  struct Entry {
    WindowState whole;  // empty: no whole pane came
    std::uint32_t revision = 0;
    std::uint32_t deltas = 0;  // index into deltas_ plus 1; 0: none came
    PaneKind kind = PaneKind::delta;
    std::uint16_t whole_flags = 0;
    std::uint16_t delta_flags = 0;
  };
  struct Window {
    EventTime start;
    std::uint32_t entry = 0;  // index into entries_
  };
  struct SeriesKey {
    std::uint32_t family = 0;
    std::uint32_t origin = 0;
    friend bool operator==(const SeriesKey&, const SeriesKey&) = default;
  };
  struct Series {
    SeriesKey key;
    std::vector<Window> windows;  // by start, those that came in that order
    std::vector<Window> strays;   // the others, in the order they came; strays_ finds them
  };
  struct StrayKey {
    std::uint32_t series = 0;
    EventTime start;
    friend bool operator==(const StrayKey&, const StrayKey&) = default;
  };
  struct Hash {
    using is_avalanching = void;
    std::size_t operator()(const Family& key) const;
    std::size_t operator()(const Origin& key) const;
    std::size_t operator()(const SeriesKey& key) const;
    std::size_t operator()(const StrayKey& key) const;
  };

  std::string_view keep(std::string_view text);
  std::uint32_t gateway_number(std::string_view name);
  std::uint32_t family_number(std::uint32_t gateway, const PaneFamily& family);
  std::uint32_t origin_number(const Origin& origin);
  std::uint32_t series_number(SeriesKey key);
  Entry& entry_of(std::uint32_t series, EventTime start);
  void add(std::uint32_t series, Pane&& pane);
  void add_whole(Entry& entry, Pane&& pane);
  void add_delta(Entry& entry, Pane&& pane);
  [[nodiscard]] std::vector<std::uint32_t> canonical_order() const;
  void visit_entry(const Series& series, const Window& window,
                   const std::function<void(const FoldedWindow&)>& visit) const;

  Digests digests_;
  HighMarks marks_;
  WindowBatchView batch_;  // reused from record to record
  std::vector<std::uint32_t> batch_families_, batch_origins_;

  std::deque<std::string> texts_;  // own what the views below name, many in each
  std::vector<std::string_view> gateways_;
  std::vector<Family> families_;
  std::vector<Origin> origins_;
  std::vector<Series> series_;
  std::uint32_t last_origin_ = 0;  // looked up last
  std::uint32_t last_series_ = 0;
  boost::unordered_flat_map<Family, std::uint32_t, Hash> family_numbers_;
  boost::unordered_flat_map<Origin, std::uint32_t, Hash> origin_numbers_;
  boost::unordered_flat_map<SeriesKey, std::uint32_t, Hash> series_numbers_;
  boost::unordered_flat_map<StrayKey, std::uint32_t, Hash> strays_;  // into entries_

  Chunked<Entry> entries_;
  std::vector<WindowState> deltas_;
  std::uint64_t panes_ = 0;
  ParkedTotal parked_;
  std::uint64_t conflicts_ = 0;
};

}  // namespace tidemark
