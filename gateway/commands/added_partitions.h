// For whoever follows a topic: partitions may be added to it. A fleet's topic is never quiet, so that is not waited
// for.
#pragma once

#include <cstdint>
#include <vector>

#include "gateway/log/log_source.h"
#include "gateway/pipeline/clock.h"

namespace tidemark {

class AddedPartitions {
 public:
  explicit AddedPartitions(LogSource& source) : source_(source) {}

  /// As often as one likes: every ten seconds all the partitions that are there, else none. None, too, where nobody
  /// answers: the next reading says that.
  std::vector<std::uint32_t> look() {
    if (steady_clock() <= looked_ + kInterval) return {};
    const auto found = source_.partitions();
    looked_ = steady_clock();
    return found.value_or(std::vector<std::uint32_t>());
  }

 private:
  static constexpr Duration kInterval = seconds(10);

  LogSource& source_;
  MonotonicTime looked_ = steady_clock();
};

}  // namespace tidemark
