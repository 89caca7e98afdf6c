// The processor: messages in, one Plan a group out, with the panes and dead letters that go with it. The deterministic
// heart of the appliance; also runs in the simulator.
//
// Operation: `create`; hand every shard and journal row to `recovery()`; `start` makes the first group; then, for each
// group, the events of the session in their order and `end_group`. The group's content must be committed before the
// next `end_group` becomes visible outside: the state in memory runs ahead of the file by one group. Concurrency: one
// thread. No clocks: time comes in as an argument. The monotonic time must stand still while intake is paused
// (SEMANTICS, rule 17). Limitations: rules 13 and 14 (clock steps, an unsynchronised gateway) are not there yet.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "edge/bytes/result.h"
#include "edge/decode/decoder.h"
#include "edge/decode/topic_index.h"
#include "edge/event/event.h"
#include "edge/processor/plan.h"
#include "edge/processor/recovery.h"
#include "edge/processor/state.h"
#include "edge/processor/tags.h"
#include "edge/store/store.h"

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

/// Which copies of a message a stream takes. Where topic filters overlap, a broker sends a message once for each
/// subscription that matches it; a stream belongs to one of them, and so gets the message once.
struct StreamRoute {
  std::uint32_t subscription = 0;  // identifier of the subscription that brings its messages; 0: any
  /// That subscription is new: what the broker kept for us before it was made came through one that we no longer have.
  bool heir = false;
};

/// What one group leaves behind. The pointers in `panes` point into it.
struct Group {
  std::string plan;            // empty: nothing was decided
  std::uint32_t readings = 0;  // decoded in it
  std::vector<SeriesPane> panes;
  std::vector<DeadLetter> dead_letters;
  std::uint64_t dead_letters_skipped = 0;  // beyond kMostDeadLetters
  bool every_shard = false;                // definitions changed: commit every shard with it

  std::deque<SeriesIdentity> identities;
  std::deque<Pane> pane_storage;
  std::uint32_t series = ~std::uint32_t{0};  // that identities.back() stands for; ids are never used again

  [[nodiscard]] bool empty() const { return plan.empty(); }
};

/// Of one group: a flood of bad payloads must not become a flood of writes.
inline constexpr std::size_t kMostDeadLetters = 64;

class Processor {
 public:
  static Result<std::unique_ptr<Processor>, DecoderError> create(ProcessorSettings settings);

  /// For the shards and rows of the store, before `start`.
  Recovery& recovery() { return recovery_; }

  /// After recovery: adopts the configuration. A stream whose version changed is sealed and begins anew (rule 9).
  Group start(Now now);

  /// One a stream, before the first message. Without it every stream takes every copy. Not durable: copies that were
  /// decided stay so.
  void route(const std::vector<StreamRoute>& routes);

  void session_opened(bool session_present);
  void retire(std::uint64_t ordinal);
  /// `ordinal`: the message's place among its connection's QoS 1 messages, 0 at QoS 0.
  void message(const Message& message, std::uint64_t ordinal, MonotonicTime now);

  Group end_group(Now now);

  /// When the next timer is due; end a group then even if nothing came.
  [[nodiscard]] MonotonicTime next_timer() const;

  /// Where the sources stand that have changed since the last report, and the streams and the gateway. At most `most`
  /// sources; call again while `reports_due`. What it says is true as of the last end_group.
  SourceReport report(std::size_t most);
  [[nodiscard]] bool reports_due() const { return unreported_ > 0; }

  [[nodiscard]] std::string shard(std::uint32_t shard) const;
  [[nodiscard]] const State& state() const { return state_; }
  [[nodiscard]] std::uint32_t max_series() const { return settings_.max_series; }

 private:
  struct Stream {
    StreamDefinition definition;
    std::unique_ptr<Decoder> decoder;
    std::uint32_t id = 0;  // index into State::streams
    StreamRoute route;
  };
  struct Timer {
    MonotonicTime due;
    std::uint32_t source;
    friend bool operator>(const Timer& a, const Timer& b) { return a.due > b.due; }
  };

  explicit Processor(ProcessorSettings settings) : settings_(std::move(settings)), recovery_(state_) {}

  void adopt(Stream& stream, Now now, Group& group);
  [[nodiscard]] bool takes_copy(const Stream& stream, std::uint32_t subscription) const;
  void take_message(Stream& stream, const Message& message, std::span<const std::string_view> variables,
                    bool redelivered, MonotonicTime now);
  void take_records(Stream& stream, const Message& message, MonotonicTime now);
  std::string_view take_record(Stream& stream, const Message& message, const Record& record, Source* source,
                               bool duplicate, MonotonicTime now);
  bool take_reading(Stream& stream, const FieldValue& field, Source& source, EventTime time, std::uint8_t flags,
                    MonotonicTime now);
  bool is_repeated(Stream& stream, std::size_t record, Source& source, ArrivalTime arrival);
  bool repeats_a_number(Stream& stream, std::size_t record, Source& source, ArrivalTime arrival);
  void reject_message(Stream& stream, const Message& message, std::span<const std::string_view> variables,
                      Rejection reason);
  Source* count_unread(Stream& stream, const Message& message, std::span<const std::string_view> variables,
                       Counter outcome);
  void keep_dead_letter(std::string_view stream, std::string_view source, const Message& message,
                        std::string_view reason);

  Source* known_source(const Stream& stream, std::string_view name) const;
  Source* source_for(Stream& stream, std::string_view name);
  Series* series_for(Stream& stream, const FieldValue& field, Source& source);
  void pack_tags(const Stream& stream, const Record& record);
  void touch(Source& source, MonotonicTime now);
  void report_anew(Source& source);
  void take(Source& source, std::uint32_t messages, std::uint32_t readings);
  void count(Count::Scope scope, std::uint32_t id, Counter counter, std::uint64_t n);

  void visit(Source& source, MonotonicTime now, bool all, Group& group);
  void schedule(Source& source);
  void add_pane(const PaneEmitted& pane, Group& group);
  void finish_group(Now now, Group& group);

  ProcessorSettings settings_;
  State state_;
  Recovery recovery_;
  std::vector<Stream> streams_;
  std::unique_ptr<TopicIndex> topics_;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;

  // Of the group at hand.
  Plan plan_;
  std::vector<std::uint32_t> touched_;  // sources
  std::vector<DeadLetter> dead_letters_;
  std::uint64_t dead_letters_skipped_ = 0;

  std::size_t unreported_ = 0;
  std::size_t report_at_ = 0;

  // Reused from message to message.
  Decoded decoded_;
  std::vector<bool> repeated_;  // by record: its number was taken by an earlier message
  std::string tags_;
  std::vector<Sealed> sealed_;
  std::vector<PaneEmitted> panes_;
};

}  // namespace tidemark
