#include "gateway/uplink/rate_cap.h"

#include <algorithm>
#include <cmath>

namespace tidemark {
namespace {

// A measure may hold bytes of records whose acknowledgement is still to come: a single one means little.
constexpr double kKept = 0.75;
// No compression is better than this. An estimate of nothing would hand over everything.
constexpr double kLeastRatio = 0.01;

}  // namespace

RateCap::RateCap(std::uint64_t bytes_per_second, MonotonicTime now)
    : rate_(static_cast<double>(bytes_per_second)), level_(of_rate(kBurst)), filled_(now) {}

double RateCap::of_rate(Duration time) const {
  return rate_ * static_cast<double>(time.ns) / 1e9;
}

double RateCap::ratio() const {
  return before_compression_ > 0 ? std::max(sent_ / before_compression_, kLeastRatio) : 1;
}

void RateCap::fill(MonotonicTime now) {
  level_ = std::min(level_ + of_rate(now - filled_), of_rate(kBurst) + unmeasured_);
  filled_ = now;
}

Duration RateCap::wait(MonotonicTime now) {
  fill(now);
  if (static_cast<double>(flying_) * ratio() >= of_rate(kWindow)) return kBreath;
  const double wanted = open_ ? 1 : of_rate(kBreath);
  open_ = free() >= wanted;
  if (open_) return {};
  return nanoseconds(static_cast<std::int64_t>(std::ceil((of_rate(kBreath) - free()) / rate_ * 1e9)));
}

void RateCap::handed(std::uint64_t bytes) {
  flying_ += bytes;
  unmeasured_ += static_cast<double>(bytes) * ratio();
}

void RateCap::acknowledged(std::uint64_t bytes) {
  flying_ -= std::min(bytes, flying_);
  reported_ += bytes;
}

std::uint64_t RateCap::measured(std::uint64_t total, MonotonicTime now) {
  fill(now);
  const std::uint64_t sent = total - std::min(total, total_);
  total_ = total;
  level_ -= static_cast<double>(sent);
  // Over a long way records are sent in one measure and acknowledged in a later one: only the sums belong together.
  sent_ += static_cast<double>(sent);
  before_compression_ += static_cast<double>(reported_);
  if (reported_ > 0) {
    sent_ *= kKept;
    before_compression_ *= kKept;
  }
  // What is measured was estimated before. What the estimates had too much goes with the records: what is acknowledged
  // has been measured.
  const double most = static_cast<double>(flying_) * ratio();
  unmeasured_ = std::clamp(unmeasured_ - static_cast<double>(sent), 0.0, most);
  reported_ = 0;
  return sent;
}

void RateCap::producer_ended(MonotonicTime now) {
  fill(now);
  level_ -= unmeasured_;
  unmeasured_ = 0;
  total_ = 0;
  flying_ = 0;
  reported_ = 0;
}

}  // namespace tidemark
