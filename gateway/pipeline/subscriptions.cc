#include "gateway/pipeline/subscriptions.h"

#include <algorithm>

namespace tidemark {
namespace {

/// The first level of `rest`, which loses it. `more`: whether there was one.
std::string_view next_level(std::string_view& rest, bool& more) {
  if (rest.data() == nullptr) {
    more = false;
    return {};
  }
  more = true;
  const std::size_t slash = rest.find('/');
  const std::string_view level = rest.substr(0, slash);
  rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  return level;
}

}  // namespace

bool covers(std::string_view wide, std::string_view narrow) {
  // A wildcard at the first level does not match topics that begin with '$'.
  if (narrow.starts_with('$') && !wide.starts_with('$')) return false;
  for (;;) {
    bool more_wide = false;
    bool more_narrow = false;
    const std::string_view w = next_level(wide, more_wide);
    const std::string_view n = next_level(narrow, more_narrow);
    if (more_wide && w == "#") return true;
    if (more_wide != more_narrow) return false;
    if (!more_wide) return true;
    if (n == "#" || (w != "+" && w != n)) return false;
  }
}

std::vector<std::string> widest_filters(std::vector<std::string> filters) {
  std::sort(filters.begin(), filters.end());
  filters.erase(std::unique(filters.begin(), filters.end()), filters.end());
  std::vector<std::string> widest;
  for (const std::string& filter : filters) {
    const bool covered = std::any_of(filters.begin(), filters.end(), [&](const std::string& other) {
      return other != filter && covers(other, filter);
    });
    if (!covered) widest.push_back(filter);
  }
  return widest;
}

}  // namespace tidemark
