// The views: an SQLite file that a log is folded into. docs/formats/views.md describes the file for its readers.
//
// Operation: `open`, then `fold` batch after batch of a partition's rows, from its position() + 1 on. A batch and the
// position after it are one transaction: the process may be killed at any moment, and the next one goes on from there.
// Events that were folded already are skipped by their identity. Concurrency: one thread; others may read the file
// meanwhile.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "edge/event/event.h"
#include "edge/store/store.h"
#include "gateway/replay/database.h"
#include "gateway/replay/folded_window.h"

namespace tidemark {

/// The last row of a partition of the log that is in the views.
struct ViewsPosition {
  std::uint64_t offset = 0;  // 0: none yet
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;
  std::string gateway;  // of its event
};

class Views {
 public:
  /// `rollups`: sizes that are kept beside the base windows, from now on; those that the file keeps already stay, and
  /// new ones are computed for what is there.
  static Viewed<std::unique_ptr<Views>> open(const std::string& path, const std::vector<Duration>& rollups);

  [[nodiscard]] ViewsPosition position(std::uint32_t partition = 0) const {
    const auto found = positions_.find(partition);
    return found == positions_.end() ? ViewsPosition() : found->second;
  }

  /// All or nothing. Requires rows of this partition after its position(). `events`: of the rows, one each, where they
  /// are decoded already; or none.
  Viewed<void> fold(std::span<const LogRow> rows, std::uint32_t partition = 0,
                    std::span<const std::optional<Event>> events = {});

  /// Panes taken in since `open`.
  [[nodiscard]] std::uint64_t panes() const { return panes_; }
  /// Events skipped since `open`: repeats, and kinds of event that this version does not know.
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }
  /// Windows that are larger than a size that was asked for: that size has no rows for them. Streams' names.
  [[nodiscard]] const std::set<std::string>& without_rollup() const { return without_rollup_; }

 private:
  struct Series {
    std::int64_t id = 0;
    std::int64_t size = 0;
    std::int64_t last_start = 0;  // no window of it in the file starts later
    bool rollup = false;
    bool empty = true;                 // no window of it is in the file
    std::vector<std::size_t> rollups;  // of the sizes: indexes into series_
  };
  struct WindowKey {
    std::size_t series = 0;  // index into series_
    std::int64_t start = 0;
    friend auto operator<=>(const WindowKey&, const WindowKey&) = default;
    friend std::size_t hash_value(const WindowKey& key) {
      return static_cast<std::size_t>((key.series ^ (static_cast<std::uint64_t>(key.start) >> 9)) * 0x9e3779b97f4a7c15);
    }
  };
  struct Changed {
    bool loaded = false;
    FoldedState folded;
  };

  explicit Views(std::unique_ptr<Database> database);
  Viewed<void> load(const std::vector<Duration>& rollups);
  Viewed<void> load_series();
  Viewed<void> add_rollup(Duration size);

  Viewed<void> only_writer();
  Viewed<void> fold_rows(std::span<const LogRow> rows, std::uint32_t partition,
                         std::span<const std::optional<Event>> events);
  Viewed<void> fold_event(const Event& event);
  Viewed<void> fold_windows(const EventHeader& header, const WindowBatch& batch);
  Viewed<void> fold_report(const EventHeader& header, const SourceReport& report);
  Viewed<std::size_t> series_of(const std::string& gateway, const SeriesIdentity& identity, ComponentSet components);
  Viewed<std::size_t> insert_series(const std::string& gateway, const SeriesIdentity& identity,
                                    std::uint32_t components, std::int64_t base);
  Viewed<void> attach_rollups(std::size_t base, const std::string& gateway, const SeriesIdentity& identity,
                              std::uint32_t components);
  Viewed<void> load_window(const WindowKey& key, FoldedState& folded);
  Viewed<void> write_changes();
  Viewed<void> write_window(const WindowKey& key, const FoldedState& folded);
  Viewed<void> write_rollups(std::set<WindowKey> changed);
  Viewed<void> roll_up(std::size_t from, const WindowKey& parent);
  Viewed<void> write_position(std::uint32_t partition);

  std::unique_ptr<Database> database_;
  std::map<std::uint32_t, ViewsPosition> positions_;
  std::vector<Duration> sizes_;  // of roll-ups, ascending
  std::vector<Series> series_;
  std::map<std::string, std::size_t, std::less<>> series_numbers_;
  std::map<std::pair<std::string, std::uint64_t>, std::uint64_t> marks_;  // the last sequence of each gateway and epoch
  boost::unordered_flat_map<WindowKey, Changed> changed_;                 // by this batch
  std::uint64_t panes_ = 0;
  std::uint64_t skipped_ = 0;
  std::set<std::string> without_rollup_;

  Query insert_series_, select_window_, put_window_, put_source_, put_ledger_, clear_ledger_, put_mark_, put_position_,
      select_states_;
};

}  // namespace tidemark
