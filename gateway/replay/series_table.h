// The series of the views file and the roll-ups each of them has. A series is looked up by all that tells it apart and
// is from then on an index; its row in the file is made when it is first met, and so are those of its roll-ups.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "edge/event/event.h"
#include "gateway/replay/database.h"

namespace tidemark {

struct ViewSeries {
  std::int64_t id = 0;
  std::int64_t size = 0;
  std::int64_t last_start = 0;  // no window of it in the file starts later
  bool rollup = false;
  bool empty = true;                 // no window of it is in the file
  std::vector<std::size_t> rollups;  // of a base series: indexes of its roll-ups, sizes ascending
};

class SeriesTable {
 public:
  explicit SeriesTable(Database& database);

  /// What the file holds. Once, first of all.
  Viewed<void> load();

  /// Sizes of roll-ups that the file keeps, ascending.
  [[nodiscard]] const std::vector<Duration>& sizes() const { return sizes_; }
  /// Keeps a size more, for the series that are there, too; their windows of that size are yet to be computed. Within a
  /// transaction.
  Viewed<void> add_size(Duration size);

  /// The base series of windows with these components; made, with its roll-ups, where it is new. `rejected`: a size
  /// that is kept is not a multiple of the series' own.
  Viewed<std::size_t> find_or_add(const std::string& gateway, const SeriesIdentity& identity, ComponentSet components);

  [[nodiscard]] std::size_t size() const { return series_.size(); }
  ViewSeries& operator[](std::size_t index) { return series_[index]; }
  const ViewSeries& operator[](std::size_t index) const { return series_[index]; }

  /// Streams whose windows are larger than a size that is kept: that size has no rows for them.
  [[nodiscard]] const std::set<std::string>& without_rollup() const { return without_rollup_; }

 private:
  Viewed<void> load_series();
  Viewed<std::size_t> insert(const std::string& gateway, const SeriesIdentity& identity, std::uint32_t components,
                             std::int64_t base);
  Viewed<void> attach_rollups(std::size_t base, const std::string& gateway, const SeriesIdentity& identity,
                              std::uint32_t components);

  Database& database_;
  std::vector<Duration> sizes_;
  std::vector<ViewSeries> series_;
  std::map<std::string, std::size_t, std::less<>> numbers_;  // by key
  std::set<std::string> without_rollup_;
  Query insert_;
};

}  // namespace tidemark
