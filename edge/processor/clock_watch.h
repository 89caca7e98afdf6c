// Rule 13 for the records of one message: whether the clock of a source was set back, told by the newest of what the
// message holds of it. A device that sends a batch wrote its last reading now, and the others before.
//
// Operation: `begin` with the records of a message, then `look` for each in order that is no duplicate; `step` says
// whether the next trusted reading of that source begins a generation, until `took_step`. `records` must stay until
// then. Concurrency: one thread.
#pragma once

#include <cstddef>
#include <vector>

#include "edge/decode/decoded.h"
#include "edge/processor/open_plan.h"
#include "edge/processor/state.h"
#include "edge/stream/stream_definition.h"

namespace tidemark {

class ClockWatch {
 public:
  explicit ClockWatch(OpenPlan& plan) : plan_(plan) {}

  void begin(const StreamDefinition& definition, const std::vector<Record>& records);
  void look(std::size_t record, Source& source, ArrivalTime arrival);

  [[nodiscard]] bool step() const { return step_; }
  void took_step() { step_ = false; }

 private:
  void judge(EventTime shown, Source& source, ArrivalTime arrival);

  OpenPlan& plan_;
  const StreamDefinition* definition_ = nullptr;
  const std::vector<Record>* records_ = nullptr;
  std::size_t looked_until_ = 0;  // the records before it are of sources that were looked at
  bool step_ = false;
};

}  // namespace tidemark
