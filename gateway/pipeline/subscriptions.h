// Which filters to subscribe to, and which stream each of them brings. Pure.
//
// A broker may deliver one copy of a message for each of our subscriptions that matches it (MQTT 5.0 section 3.3.4).
// So that every stream gets a message once, each stream belongs to exactly one subscription: its own filter's, or that
// of a filter that covers it. Where filters overlap and neither covers the other, as a/+/c and a/b/+ do, their
// subscriptions carry identifiers; a copy then goes to the streams of the subscription that brought it, and to no
// other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "edge/processor/processor.h"
#include "edge/stream/stream_definition.h"
#include "gateway/mqtt/settings.h"

namespace tidemark {

/// Whether every topic that `narrow` matches is matched by `wide` (MQTT 5.0 section 4.7). Equal filters cover each
/// other.
bool covers(std::string_view wide, std::string_view narrow);

/// Whether there is a topic that both match.
bool overlap(std::string_view a, std::string_view b);

/// The filters that no other covers, sorted, each once.
std::vector<std::string> widest_filters(std::vector<std::string> filters);

struct SubscriptionPlan {
  std::vector<Subscription> subscriptions;  // those of the plan before come first, in its order
  std::vector<std::string> retired;         // filters that the broker's session may still hold
  std::vector<StreamRoute> routes;          // one a stream
  std::string memory;                       // for the next plan: a line a filter
};

/// `filters`: one a stream. `memory`: of the plan before, empty at first. An identifier is a hash of its filter, and a
/// stream stays with its subscription while there is one: so the copies that the broker kept for us while the
/// configuration changed still find their streams.
SubscriptionPlan plan_subscriptions(const std::vector<std::string>& filters, std::string_view memory);

/// The topic filters of these streams.
std::vector<std::string> filters_of(const std::vector<StreamDefinition>& streams);

}  // namespace tidemark
