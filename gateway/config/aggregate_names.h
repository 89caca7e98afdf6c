// The aggregates users may write, and those of the product that this version does not have yet.
#pragma once

#include <span>
#include <string_view>

namespace tidemark {

/// In the order in which they are shown; also the default of a stream's `aggregates`. Each has its components in
/// edge/aggregate (components_of).
std::span<const std::string_view> available_aggregates();

/// `pNN`, histogram, distinct, twa, increase, rate, durations, coverage.
bool is_later_aggregate(std::string_view name);

}  // namespace tidemark
