// The appliance's figures as Prometheus text (exposition format 0.0.4). docs/OPERATING.md says what each means.
#pragma once

#include <string>

#include "gateway/mqtt/session.h"
#include "gateway/pipeline/pipeline.h"

namespace tidemark {

struct MetricBounds {
  std::uint64_t queue = 0;  // bytes
  std::uint64_t log = 0;
  std::uint64_t dead_letters = 0;
  std::uint64_t parked = 0;
  std::uint64_t payload = 0;
  std::uint64_t memory = 0;
};

/// On the pipeline's thread. `up`: since the process began.
std::string metrics_text(Pipeline& pipeline, const SessionStatus& session, const MetricBounds& bounds, Duration up);

}  // namespace tidemark
