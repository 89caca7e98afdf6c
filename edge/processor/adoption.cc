#include "edge/processor/adoption.h"

#include <algorithm>

#include "edge/stream/fingerprint.h"

namespace tidemark {
namespace {

StreamSettings settings_of(const StreamDefinition& definition) {
  StreamSettings settings;
  settings.out_of_orderness = definition.out_of_orderness;
  settings.lateness = definition.lateness;
  settings.idle_timeout = definition.idle_timeout;
  settings.evict_after = definition.evict_after;
  settings.late_flush = definition.late_flush;
  settings.drop_duplicates = definition.drop_duplicates;
  settings.watermark_per_series = definition.watermark_per_series;
  return settings;
}

/// The number of a stream's version where damage took the number before it: minutes since 2020, more than there were
/// versions. (With a clock before 2020 it cannot be told apart, and is 1.)
std::uint32_t version_after_loss(ArrivalTime now) {
  constexpr ArrivalTime k2020{1'577'836'800'000'000'000};
  if (now <= k2020) return 1;
  return 1 + static_cast<std::uint32_t>((now - k2020).ns / minutes(1).ns);
}

}  // namespace

std::uint32_t stream_id(const State& state, std::string_view name) {
  const auto known = std::find_if(state.streams.begin(), state.streams.end(),
                                  [&](const StreamState& stream) { return stream.name == name; });
  return static_cast<std::uint32_t>(known - state.streams.begin());
}

std::optional<Adoption> decide_adoption(const State& state, const StreamDefinition& definition, bool lost_sources,
                                        ArrivalTime now) {
  Adoption adoption;
  StreamConfigured& decision = adoption.decision;
  decision.stream = stream_id(state, definition.name);
  decision.name = definition.name;
  decision.settings = settings_of(definition);
  decision.fingerprint = fingerprint(definition);
  decision.grid = {definition.window, definition.offset};
  decision.components = definition.components;
  decision.version = lost_sources ? version_after_loss(now) : 1;
  if (decision.stream == state.streams.size()) return adoption;

  const StreamState& known = state.streams[decision.stream];
  const StreamVersion& current = state.versions[known.current];
  // Watermarks of another kind begin anew, so what they sealed must be another version's.
  adoption.ends_version = current.fingerprint != decision.fingerprint ||
                          known.settings.watermark_per_series != decision.settings.watermark_per_series || lost_sources;
  decision.version = current.number + (adoption.ends_version ? 1 : 0);
  if (!adoption.ends_version && known.settings == decision.settings) return std::nullopt;
  return adoption;
}

}  // namespace tidemark
