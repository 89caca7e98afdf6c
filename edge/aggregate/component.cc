#include "edge/aggregate/component.h"

namespace tidemark {
namespace {

constexpr ComponentSet kCount{};
constexpr ComponentSet kSum = kCount.with(Component::sum);
constexpr ComponentSet kMoments = kSum.with(Component::squares);
constexpr ComponentSet kExtremes = kCount.with(Component::extremes);
constexpr ComponentSet kEndpoints = kCount.with(Component::endpoints);

// To add an aggregate is to add its line.
constexpr Aggregate kAggregates[] = {
    {"count", kCount},  {"sum", kSum},      {"mean", kSum},       {"variance", kMoments}, {"stddev", kMoments},
    {"min", kExtremes}, {"max", kExtremes}, {"range", kExtremes}, {"first", kEndpoints},  {"last", kEndpoints},
};

}  // namespace

std::span<const Aggregate> aggregates() {
  return kAggregates;
}

std::optional<ComponentSet> components_of(std::string_view aggregate) {
  for (const Aggregate& known : kAggregates) {
    if (known.name == aggregate) return known.needs;
  }
  return std::nullopt;
}

}  // namespace tidemark
