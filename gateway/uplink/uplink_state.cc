#include "gateway/uplink/uplink_state.h"

#include <spdlog/spdlog.h>

#include <chrono>

namespace tidemark {
namespace {

// More segments than this mean a link that keeps breaking: splitting once more would only add to them.
constexpr std::size_t kMostSegments = 16;

}  // namespace

bool UplinkState::wait(Duration duration) {
  std::unique_lock lock(mutex);
  changed.wait_for(lock, std::chrono::nanoseconds(duration.ns), [&] {
    // Consent ends the waiting for it, not the pause between attempts to reach the cluster.
    return stopped() || (consented && figures.state == FollowerState::held);
  });
  return !stopped();
}

void UplinkState::trouble(FollowerState now, const std::string& what, const std::string& advice) {
  const std::lock_guard lock(mutex);
  figures.state = now;
  if (figures.trouble == what) return;
  figures.trouble = what;
  spdlog::warn("Kafka: {}. Events are kept in the local log and go on from where they were acknowledged. {}", what,
               advice);
}

bool UplinkState::behind(std::uint64_t long_backlog) const {
  return segments.newest_backlog(last) >= long_backlog && segments.all().size() < kMostSegments;
}

}  // namespace tidemark
