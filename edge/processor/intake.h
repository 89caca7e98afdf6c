// From a message of one stream to decisions: its records and readings, each of which ends in exactly one counter of the
// ledger (SEMANTICS, rules 11 to 13, 28 and 30 to 34). What is to become of them is decided in decide.h; here they are
// gone through, their sources and series found or made, and the decisions written down.
//
// Concurrency: one thread. Limitations: only a message that was decoded makes a new source, and only a reading that
// counts a new series, up to a number: hostile topics and payloads cannot fill the memory.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "edge/decode/decoded.h"
#include "edge/decode/message.h"
#include "edge/processor/clock_watch.h"
#include "edge/processor/configured_stream.h"
#include "edge/processor/dead_letters.h"
#include "edge/processor/emission.h"
#include "edge/processor/message_numbers.h"
#include "edge/processor/open_plan.h"
#include "edge/processor/standings.h"
#include "edge/processor/state.h"

namespace tidemark {

/// What a group is gathered in.
struct GroupParts {
  OpenPlan& plan;
  Emission& emission;
  Standings& standings;
  DeadLetters& dead_letters;
};

class Intake {
 public:
  Intake(State& state, GroupParts parts) : state_(state), parts_(parts), numbers_(parts.plan), clocks_(parts.plan) {}

  /// Bounds sources and series, each. What is there already stays.
  void bound(std::uint32_t max_series) { max_series_ = max_series; }
  [[nodiscard]] std::uint32_t max_series() const { return max_series_; }

  /// `variables`: what the stream's topic matched. `redelivered`: by rule 29, the message was taken before.
  void take(ConfiguredStream& stream, const Message& message, std::span<const std::string_view> variables,
            bool redelivered, MonotonicTime now);

 private:
  void take_records(ConfiguredStream& stream, const Message& message, MonotonicTime now);
  std::string_view take_record(ConfiguredStream& stream, const Record& record, Source* source, bool duplicate,
                               ArrivalTime arrival, MonotonicTime now);
  bool take_reading(ConfiguredStream& stream, const FieldValue& field, Source& source, EventTime time,
                    std::uint8_t flags, MonotonicTime now);
  void reject_message(ConfiguredStream& stream, const Message& message, std::span<const std::string_view> variables,
                      Rejection reason);
  Source* count_unread(ConfiguredStream& stream, const Message& message, std::span<const std::string_view> variables,
                       Counter outcome);

  Source* source_for(ConfiguredStream& stream, std::string_view name);
  Series* series_for(ConfiguredStream& stream, const FieldValue& field, Source& source);
  void pack_tags(const ConfiguredStream& stream, const Record& record);
  void heard(Source& source, MonotonicTime now);

  State& state_;
  GroupParts parts_;
  std::uint32_t max_series_ = 0;
  MessageNumbers numbers_;
  ClockWatch clocks_;

  // Reused from message to message.
  Decoded decoded_;
  std::string tags_;  // of the record at hand, packed
};

}  // namespace tidemark
