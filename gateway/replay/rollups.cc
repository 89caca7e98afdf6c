#include "gateway/replay/rollups.h"

#include <algorithm>
#include <vector>

#include "gateway/replay/views_file.h"

namespace tidemark {
namespace {

std::int64_t floor_to(std::int64_t value, std::int64_t step) {
  const std::int64_t rest = value % step;
  return value - (rest < 0 ? rest + step : rest);
}

/// Where the window of size `size` begins that holds the one that starts at `start`. Larger windows keep the offset of
/// the base windows (rule 6): it is what their starts leave over.
std::int64_t parent_start(std::int64_t start, std::int64_t base_size, std::int64_t size) {
  const std::int64_t offset = start - floor_to(start, base_size);
  return offset + floor_to(start - offset, size);
}

Viewed<void> roll_up(std::size_t from, const WindowKey& parent, std::int64_t size, WindowTable& windows) {
  FoldedState folded;
  if (auto done = windows.merge(from, parent.start, parent.start + size, folded); !done) return done;
  if (!folded.whole) return unreadable_views();
  return windows.write(parent, folded);
}

}  // namespace

Viewed<void> write_rollups(const std::set<WindowKey>& changed, const SeriesTable& series, WindowTable& windows) {
  for (auto at = changed.begin(); at != changed.end();) {
    const std::size_t base = at->series;
    const auto end = changed.lower_bound({base + 1, INT64_MIN});
    std::vector<std::size_t> sources = {base};
    for (const std::size_t rollup : series[base].rollups) {
      const std::int64_t size = series[rollup].size;
      const auto from = std::find_if(sources.rbegin(), sources.rend(),
                                     [&](std::size_t source) { return size % series[source].size == 0; });
      std::set<std::int64_t> parents;
      for (auto window = at; window != end; ++window) {
        parents.insert(parents.end(), parent_start(window->start, series[base].size, size));
      }
      for (const std::int64_t parent : parents) {
        if (auto done = roll_up(*from, {rollup, parent}, size, windows); !done) return done;
      }
      sources.push_back(rollup);
    }
    at = end;
  }
  return {};
}

}  // namespace tidemark
