#include "gateway/config/aggregate_names.h"

#include <algorithm>
#include <array>

namespace tidemark {
namespace {

constexpr std::array<std::string_view, 10> kAvailable = {"count", "sum", "mean",  "variance", "stddev",
                                                         "min",   "max", "range", "first",    "last"};
constexpr std::array<std::string_view, 7> kLater = {"histogram", "distinct",  "twa",     "increase",
                                                    "rate",      "durations", "coverage"};

// p50, p99, p99.9
bool is_quantile(std::string_view name) {
  return name.size() >= 2 && name.front() == 'p' &&
         std::ranges::all_of(name.substr(1), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

}  // namespace

std::span<const std::string_view> available_aggregates() {
  return kAvailable;
}

bool is_later_aggregate(std::string_view name) {
  return is_quantile(name) || std::ranges::find(kLater, name) != kLater.end();
}

}  // namespace tidemark
