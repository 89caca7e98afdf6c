#include "gateway/config/difference.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "gateway/config/canonical_text.h"

namespace tidemark {
namespace {

/// {"section.key": value}, as the canonical text of all but the streams has them.
std::map<std::string, std::string> values_of(Configuration configuration) {
  configuration.streams.clear();
  configuration.limits.max_series_given = false;
  const std::string text = canonical_text(configuration);
  std::map<std::string, std::string> values;
  std::string section;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.starts_with('[')) {
      section = line.substr(1, line.size() - 2);
    } else if (const auto equals = line.find(" = "); equals != std::string_view::npos) {
      values[section + "." + std::string(line.substr(0, equals))] = line.substr(equals + 3);
    }
  }
  return values;
}

}  // namespace

std::vector<std::string> keys_for_a_restart(const Configuration& from, const Configuration& to) {
  const auto before = values_of(from), after = values_of(to);
  std::set<std::string> keys;
  for (const auto* const values : {&before, &after}) {
    for (const auto& [key, value] : *values) {
      const auto a = before.find(key), b = after.find(key);
      if (a == before.end() || b == after.end() || a->second != b->second) keys.insert(key);
    }
  }
  return {keys.begin(), keys.end()};
}

}  // namespace tidemark
