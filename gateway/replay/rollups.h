// Larger windows, computed from those that the log brings (SEMANTICS, rules 8 and 26).
#pragma once

#include <set>

#include "gateway/replay/series_table.h"
#include "gateway/replay/window_table.h"

namespace tidemark {

/// Computes the larger windows of changed base windows anew, from what the table holds. Each size is merged from the
/// largest smaller one that divides it: by the law of roll-ups (rule 26) the bytes are the same, and 15 minutes take 15
/// windows instead of 90.
Viewed<void> write_rollups(const std::set<WindowKey>& changed, const SeriesTable& series, WindowTable& windows);

}  // namespace tidemark
