// The views: an SQLite file that a log is folded into. docs/formats/views.md describes the file for its readers.
//
// Operation: `open`, then `fold` batch after batch of a partition's rows, from its position() + 1 on. A batch and the
// position after it are one transaction: the process may be killed at any moment, and the next one goes on from there.
// Events that were folded already are skipped by their identity. Concurrency: one thread; others may read the file
// meanwhile. The tables stand by themselves: series_table.h, window_table.h, standing_table.h; rollups.h computes the
// larger windows.
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
#include "edge/event/tombstone.h"
#include "edge/store/store.h"
#include "gateway/replay/database.h"
#include "gateway/replay/folded_window.h"
#include "gateway/replay/series_table.h"
#include "gateway/replay/standing_table.h"
#include "gateway/replay/window_table.h"

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
  /// What the views lack, of what was folded since `open`, because it was parked at its gateway.
  [[nodiscard]] const ParkedTotal& parked() const { return parked_; }
  /// Windows that are larger than a size that was asked for: that size has no rows for them. Streams' names.
  [[nodiscard]] const std::set<std::string>& without_rollup() const { return series_.without_rollup(); }

 private:
  struct Changed {
    bool loaded = false;
    FoldedState folded;
  };

  explicit Views(std::unique_ptr<Database> database);
  Viewed<void> load(const std::vector<Duration>& rollups);
  Viewed<void> add_rollup(Duration size);
  Viewed<void> roll_up_all();

  Viewed<void> only_writer();
  Viewed<void> fold_rows(std::span<const LogRow> rows, std::uint32_t partition,
                         std::span<const std::optional<Event>> events);
  Viewed<void> fold_event(const Event& event);
  Viewed<void> fold_windows(const EventHeader& header, const WindowBatch& batch);
  Viewed<void> write_changes();
  Viewed<void> write_position(std::uint32_t partition);

  std::unique_ptr<Database> database_;
  SeriesTable series_;
  WindowTable windows_;
  StandingTable standings_;
  std::map<std::uint32_t, ViewsPosition> positions_;
  std::map<std::pair<std::string, std::uint64_t>, std::uint64_t> marks_;  // the last sequence of each gateway and epoch
  boost::unordered_flat_map<WindowKey, Changed> changed_;                 // by this batch
  std::uint64_t panes_ = 0;
  std::uint64_t skipped_ = 0;
  ParkedTotal parked_;

  Query put_mark_, put_position_;
};

}  // namespace tidemark
