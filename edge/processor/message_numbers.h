// Rule 28 for the records of one message. All records that a source gave one number are one message, wherever they
// stand in it: the first decides for all.
//
// Operation: `begin` with the records of a message, then `repeats` for each in order. `records` must stay until then.
#pragma once

#include <cstddef>
#include <vector>

#include "edge/decode/decoded.h"
#include "edge/processor/open_plan.h"
#include "edge/processor/state.h"
#include "edge/stream/stream_definition.h"

namespace tidemark {

class MessageNumbers {
 public:
  explicit MessageNumbers(OpenPlan& plan) : plan_(plan) {}

  void begin(const StreamDefinition& definition, const std::vector<Record>& records);

  /// Whether an earlier message of `source` took the number of this record; if none did, this one takes it, and gaps
  /// and late fillers are counted. False for a record that has no number or was rejected.
  bool repeats(std::size_t record, Source& source, ArrivalTime arrival);

 private:
  bool decide(std::size_t index, Source& source, ArrivalTime arrival);

  OpenPlan& plan_;
  const StreamDefinition* definition_ = nullptr;
  const std::vector<Record>* records_ = nullptr;
  std::vector<bool> repeated_;  // by record
};

}  // namespace tidemark
