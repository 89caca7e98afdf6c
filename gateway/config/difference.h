// What differs between two configurations beside their streams: an appliance that runs can take other streams, and
// nothing else.
#pragma once

#include <string>
#include <vector>

#include "gateway/config/configuration.h"

namespace tidemark {

/// Keys ("mqtt.keepalive") that only a restart can change, sorted; empty: `to` can be taken as it is. Besides the
/// streams, limits.max_series may differ.
std::vector<std::string> keys_for_a_restart(const Configuration& from, const Configuration& to);

}  // namespace tidemark
