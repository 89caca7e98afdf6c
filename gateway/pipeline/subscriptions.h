// Which filters to subscribe to. A broker may deliver one copy of a message for each of our subscriptions that matches
// it (MQTT 5.0 section 3.3.4), and mosquitto does: a filter that another covers is therefore left out, and the one copy
// goes to every stream whose topic matches. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tidemark {

/// Whether every topic that `narrow` matches is matched by `wide` (MQTT 5.0 section 4.7). Equal filters cover each
/// other.
bool covers(std::string_view wide, std::string_view narrow);

/// The filters that no other covers, sorted, each once.
std::vector<std::string> widest_filters(std::vector<std::string> filters);

}  // namespace tidemark
