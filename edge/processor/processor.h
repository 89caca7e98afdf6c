// The processor: messages in, one Plan a group out, with the panes and dead letters that go with it. The deterministic
// heart of the appliance; also runs in the simulator. It holds the parts together: intake.h takes messages apart,
// emission.h lets panes leave, open_plan.h is the way of every decision into the state, standings.h tells of sources.
//
// Operation: `create`; hand every shard and journal row to `recovery()`; `start` makes the first group; then, for each
// group, the events of the session in their order and `end_group`. The group's content must be committed before the
// next `end_group` becomes visible outside: the state in memory runs ahead of the file by one group. Concurrency: one
// thread. No clocks: time comes in as an argument. The monotonic time must stand still while intake is paused
// (SEMANTICS, rule 17). Limitations: rule 14 (an unsynchronised gateway) is not there yet.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "edge/bytes/result.h"
#include "edge/decode/decoder.h"
#include "edge/decode/topic_index.h"
#include "edge/event/event.h"
#include "edge/processor/configured_stream.h"
#include "edge/processor/dead_letters.h"
#include "edge/processor/emission.h"
#include "edge/processor/group.h"
#include "edge/processor/intake.h"
#include "edge/processor/open_plan.h"
#include "edge/processor/recovery.h"
#include "edge/processor/standings.h"
#include "edge/processor/state.h"

namespace tidemark {

struct ProcessorSettings {
  std::vector<StreamDefinition> streams;
  PayloadLimits payload;
  std::uint32_t max_series = 100'000;
};

struct Now {
  ArrivalTime arrival;
  MonotonicTime monotonic;
};

class Processor {
 public:
  static Result<std::unique_ptr<Processor>, DecoderError> create(ProcessorSettings settings);

  /// For the shards and rows of the store, before `start`.
  Recovery& recovery() { return recovery_; }

  /// After recovery: adopts the configuration. A stream whose version changed is sealed and begins anew (rule 9).
  Group start(Now now);

  /// Other streams, between two groups; the group is to be committed as one of `end_group`. A stream whose version
  /// changed is sealed and begins anew (rule 9); the windows of one that is gone leave by their timers. `route` is to
  /// be called anew. On failure nothing has changed.
  Result<Group, DecoderError> reconfigure(ProcessorSettings settings, Now now);

  /// One a stream, before the first message. Without it every stream takes every copy. Not durable: copies that were
  /// decided stay so.
  void route(const std::vector<StreamRoute>& routes);

  void session_opened(bool session_present);
  void retire(std::uint64_t ordinal);
  /// `ordinal`: the message's place among its connection's QoS 1 messages, 0 at QoS 0.
  void message(const Message& message, std::uint64_t ordinal, MonotonicTime now);

  Group end_group(Now now);

  /// When the next timer is due; end a group then even if nothing came.
  [[nodiscard]] MonotonicTime next_timer() const { return emission_.next_timer(); }

  /// Where the sources stand that have changed since the last report, and the streams and the gateway. At most `most`
  /// sources; call again while `reports_due`. What it says is true as of the last end_group.
  SourceReport report(std::size_t most) { return standings_.report(most); }
  [[nodiscard]] bool reports_due() const { return standings_.due(); }

  [[nodiscard]] std::string shard(std::uint32_t shard) const;
  [[nodiscard]] const State& state() const { return state_; }
  [[nodiscard]] std::uint32_t max_series() const { return intake_.max_series(); }

 private:
  Processor()
      : recovery_(state_),
        plan_(state_),
        standings_(state_),
        emission_(state_, plan_, standings_),
        intake_(state_, {plan_, emission_, standings_, dead_letters_}) {}

  Result<void, DecoderError> configure(ProcessorSettings settings);
  void adopt(bool lost_sources, Now now, Group& group);
  void set_by_configuration(const ConfiguredStream& stream);
  [[nodiscard]] bool takes_copy(const ConfiguredStream& stream, std::uint32_t subscription) const;
  bool take_delivery(const Message& message, std::uint64_t ordinal);
  void refuse_topic(const Message& message, bool redelivered);
  void finish_group(Now now, Group& group);

  State state_;
  Recovery recovery_;
  std::vector<ConfiguredStream> streams_;
  std::unique_ptr<TopicIndex> topics_;

  // The parts, and what the group at hand is gathered in.
  OpenPlan plan_;
  DeadLetters dead_letters_;
  Standings standings_;
  Emission emission_;
  Intake intake_;
};

}  // namespace tidemark
