// The windows of the views file, one row each: what its panes fold to, and the results computed from that.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

#include "gateway/replay/database.h"
#include "gateway/replay/folded_window.h"
#include "gateway/replay/series_table.h"

namespace tidemark {

struct WindowKey {
  std::size_t series = 0;  // index into the SeriesTable
  std::int64_t start = 0;
  friend auto operator<=>(const WindowKey&, const WindowKey&) = default;
  friend std::size_t hash_value(const WindowKey& key) {
    return static_cast<std::size_t>((key.series ^ (static_cast<std::uint64_t>(key.start) >> 9)) * 0x9e3779b97f4a7c15);
  }
};

class WindowTable {
 public:
  WindowTable(Database& database, SeriesTable& series);

  /// What the file has of a window; leaves `folded` as it is where it has nothing. Notes that the window will be there.
  Viewed<void> load(const WindowKey& key, FoldedState& folded);
  Viewed<void> write(const WindowKey& key, const FoldedState& folded);

  /// Merges into `folded` all windows of a series that start in [from, to).
  Viewed<void> merge(std::size_t series, std::int64_t from, std::int64_t to, FoldedState& folded);

 private:
  SeriesTable& series_;
  Query select_, put_, select_states_;
};

}  // namespace tidemark
