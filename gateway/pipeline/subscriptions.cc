#include "gateway/pipeline/subscriptions.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

#include "edge/bytes/assert.h"
#include "edge/decode/topic_template.h"

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

constexpr std::uint32_t kMostIdentifier = 268'435'455;

/// One that is not in `taken`, and the same in every run.
std::uint32_t identifier_of(const std::string& filter, const std::vector<std::uint32_t>& taken) {
  auto identifier = static_cast<std::uint32_t>(XXH3_64bits(filter.data(), filter.size()) % kMostIdentifier) + 1;
  while (std::find(taken.begin(), taken.end(), identifier) != taken.end()) {
    identifier = identifier % kMostIdentifier + 1;
  }
  return identifier;
}

/// Retired filters are unsubscribed at every connect, for nobody knows whether an earlier UNSUBSCRIBE arrived. So many.
constexpr std::size_t kMostRetired = 32;

/// What stands before a filter in the memory.
constexpr char kKept = ' ';
constexpr char kFresh = '+';    // came with the last change
constexpr char kRetired = '-';  // newest first

struct Memory {
  std::vector<std::string> filters;
  std::vector<std::string> fresh;  // some of them
  std::vector<std::string> retired;
};

Memory read_memory(std::string_view text) {
  Memory memory;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.size() < 2) continue;
    const std::string filter(line.substr(1));
    (line.front() == kRetired ? memory.retired : memory.filters).push_back(filter);
    if (line.front() == kFresh) memory.fresh.push_back(filter);
  }
  return memory;
}

bool contains(const std::vector<std::string>& filters, const std::string& filter) {
  return std::find(filters.begin(), filters.end(), filter) != filters.end();
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

bool overlap(std::string_view a, std::string_view b) {
  // A wildcard at the first level does not match topics that begin with '$', and a text that does not is another.
  if (a.starts_with('$') != b.starts_with('$')) return false;
  for (;;) {
    bool more_a = false;
    bool more_b = false;
    const std::string_view x = next_level(a, more_a);
    const std::string_view y = next_level(b, more_b);
    // "#" also matches the parent level, so it meets a filter that has just ended.
    if ((more_a && x == "#") || (more_b && y == "#")) return true;
    if (more_a != more_b) return false;
    if (!more_a) return true;
    if (x != y && x != "+" && y != "+") return false;
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

SubscriptionPlan plan_subscriptions(const std::vector<std::string>& filters, std::string_view memory) {
  const Memory before = read_memory(memory);
  const std::vector<std::string> widest = widest_filters(filters);
  std::vector<std::string> ordered;
  std::vector<std::string> fresh;
  for (const std::string& filter : before.filters) {
    if (contains(widest, filter)) ordered.push_back(filter);
  }
  for (const std::string& filter : widest) {
    if (!contains(before.filters, filter)) fresh.push_back(filter);
  }
  ordered.insert(ordered.end(), fresh.begin(), fresh.end());

  SubscriptionPlan plan;
  for (const std::string& filter : before.filters) {
    if (!contains(ordered, filter)) plan.retired.push_back(filter);
  }
  const bool changed = !fresh.empty() || !plan.retired.empty();
  // After a restart with the same filters, what they inherited may not have arrived yet.
  if (!changed) fresh = before.fresh;
  for (const std::string& filter : before.retired) {
    if (plan.retired.size() < kMostRetired && !contains(ordered, filter)) plan.retired.push_back(filter);
  }

  std::vector<std::uint32_t> identifiers;
  for (const std::string& filter : ordered) {
    identifiers.push_back(identifier_of(filter, identifiers));
    const bool alone = std::none_of(ordered.begin(), ordered.end(), [&](const std::string& other) {
      return other != filter && overlap(other, filter);
    });
    plan.subscriptions.push_back({filter, alone ? 0 : identifiers.back()});
    plan.memory += (contains(fresh, filter) ? kFresh : kKept) + filter + '\n';
  }
  for (const std::string& filter : plan.retired) plan.memory += kRetired + filter + '\n';

  for (const std::string& filter : filters) {
    // Several may cover it: the oldest brings its messages, as it always has.
    const auto owner =
        std::find_if(ordered.begin(), ordered.end(), [&](const std::string& wide) { return covers(wide, filter); });
    TIDEMARK_ASSERT(owner != ordered.end());
    plan.routes.push_back({identifiers[static_cast<std::size_t>(owner - ordered.begin())], contains(fresh, *owner)});
  }
  return plan;
}

std::vector<std::string> filters_of(const std::vector<StreamDefinition>& streams) {
  std::vector<std::string> filters;
  for (const StreamDefinition& stream : streams) {
    const auto topic = TopicTemplate::parse(stream.topic);
    TIDEMARK_ASSERT(topic.has_value());  // the loader has parsed it already
    filters.push_back(topic->filter());
  }
  return filters;
}

}  // namespace tidemark
