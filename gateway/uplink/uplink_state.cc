#include "gateway/uplink/uplink_state.h"

#include <spdlog/spdlog.h>

#include <chrono>

#include "gateway/pipeline/clock.h"

namespace tidemark {
namespace {

// More segments than this mean a link that keeps breaking: splitting once more would only add to them.
constexpr std::size_t kMostSegments = 16;
constexpr const char* kKept = "Events are kept in the local log and go on from where they were acknowledged.";

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
  spdlog::warn("Kafka: {}. {} {}", what, kKept, advice);
}

void UplinkState::refusal(const std::string& what, const std::string& advice) {
  const std::lock_guard lock(mutex);
  figures.state = FollowerState::connecting;
  figures.trouble = refusal_reason = what;
  const auto lasted = refused.met(steady_clock());
  if (!lasted) return;
  if (lasted->ns == 0) {
    spdlog::warn("Kafka: {}. {} {}", what, kKept, advice);
  } else {
    spdlog::warn("Kafka: for {} s now {}. {} {}", lasted->ns / seconds(1).ns, what, kKept, advice);
  }
}

void UplinkState::refusal_ended(std::uint64_t row) {
  const auto lasted = refused.ended(steady_clock());
  if (!lasted) return;
  refusal_reason.clear();
  spdlog::info("Kafka: row {} of the log is taken now, after {} s; {} events wait behind it and are sent", row,
               lasted->ns / seconds(1).ns, segments.backlog(last));
}

bool UplinkState::behind(std::uint64_t long_backlog) const {
  return segments.newest_backlog(last) >= long_backlog && segments.all().size() < kMostSegments;
}

}  // namespace tidemark
