// The pipeline: takes messages from the gate's queue, decides, commits, and releases the acknowledgements. Owns the
// processor and the store; everything of theirs happens on its thread.
//
// Operation: `open` (recovers, adopts the configuration, commits the new epoch's first event), then `run` on a thread
// of the caller's until `stop`; what was taken from the queue is then committed and the file closed. Concurrency:
// `stop`, `post`, `progress` and `held` from any thread; all else on the thread that runs it. A commit that finds no
// room is retried as it is, and nothing is acknowledged meanwhile. Any other failure of the store ends the process at
// once: what is durable is right, and the next start goes on from it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "edge/bytes/result.h"
#include "edge/processor/processor.h"
#include "edge/store/store.h"
#include "gateway/mqtt/message_queue.h"
#include "gateway/pipeline/clock.h"
#include "gateway/pipeline/event_writer.h"
#include "gateway/pipeline/group_rule.h"
#include "gateway/pipeline/log_follower.h"
#include "gateway/pipeline/shard_rotation.h"
#include "gateway/pipeline/subscriptions.h"

namespace tidemark {

struct PipelineSettings {
  std::string gateway;
  ProcessorSettings processor;
  StoreOptions store;
  Duration commit_delay = milliseconds(100);
  Duration retention = days(7);
  std::uint64_t disk_reserve = 64ull << 20;
  Duration report_interval = minutes(1);
  std::string version;             // of the program, for heartbeats
  std::string configuration_hash;  // for heartbeats
};

enum class PipelineError : std::uint8_t { configuration, store };

/// Counters since the start, and what is the case now. Of the pipeline's thread.
struct PipelineFigures {
  std::uint64_t commits = 0;
  std::uint64_t commit_retries = 0;
  std::uint64_t released = 0;  // messages whose PUBACKs were released
  std::uint64_t panes[4] = {0, 0, 0, 0};
  std::uint64_t dead_letters_skipped = 0;
  std::uint64_t disk_free = 0;
  std::uint64_t recovered_readings = 0;
  std::uint64_t damaged_rows = 0;
  Duration recovery{};
  std::uint64_t epoch = 0;
  std::uint64_t epoch_row = 0;          // the row of the log where it begins
  std::uint64_t previous_epoch = 0;     // the one before the start; 0: none
  std::uint64_t previous_sequence = 0;  // its last
  std::uint64_t sequence = 0;
  std::uint64_t record_limit = 0;  // of events, in bytes; 0: not known
};

class Pipeline {
 public:
  /// `release(connection, ordinal)` is called after each commit.
  Pipeline(PipelineSettings settings, MessageQueue& queue, std::function<void(std::uint64_t, std::uint64_t)> release);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// `epoch`: random, not 0.
  Result<void, PipelineError> open(std::uint64_t epoch);

  /// What the session is to subscribe to, by the streams and what the file remembers of earlier ones. After `open`, and
  /// on the pipeline's thread.
  [[nodiscard]] const SubscriptionPlan& subscriptions() const { return subscriptions_; }

  /// Between `open` and `run`. Hears of every later commit; must outlive `run`.
  void follow(LogFollower& follower) { follower_ = &follower; }

  /// On the pipeline's thread (inside a question): events from the next group on belong to a new epoch. `epoch`:
  /// random, not 0. `begun` is told the row of its first event, which is not committed yet.
  void begin_epoch(std::uint64_t epoch, std::function<void(std::uint64_t)> begun);

  /// On the pipeline's thread (inside a question): from the next group on these are the streams. `adopted` is told once
  /// that is durable (then `subscriptions` are theirs), or why it cannot be, and nothing has changed. If another
  /// request comes before that, only the later one is done and told.
  void reload(ProcessorSettings streams, std::string configuration_hash,
              std::function<void(Result<void, PipelineError>)> adopted);

  /// Until `stop`. Commits what was taken, closes the file, and returns whether it was closed cleanly (not while the
  /// disk was full: what was not committed was not acknowledged either).
  bool run();

  void stop();

  /// Runs `question` on the pipeline's thread, between groups, also while commits are held. It must own what it
  /// touches. After the end it is dropped.
  void post(std::function<void()> question);

  /// When the pipeline last came round its loop, by the steady clock.
  [[nodiscard]] MonotonicTime progress() const { return {progress_.load(std::memory_order_relaxed)}; }

  /// Why nothing is acknowledged at present; empty: it is.
  [[nodiscard]] std::string held() const;

  // On the pipeline's thread (inside a question).
  [[nodiscard]] const Processor& processor() const { return *processor_; }
  [[nodiscard]] Store& store() { return *store_; }
  [[nodiscard]] const PipelineFigures& figures() const { return figures_; }
  /// Null: nobody passes the log on.
  [[nodiscard]] LogFollower* follower() const { return follower_; }

 private:
  struct Commit {
    Group group;
    std::vector<LogEvent> events;
    std::vector<ShardImage> shards;
    ArrivalTime at;  // retention goes by it
  };

  void take(std::vector<MessageChunk>& chunks);
  void end_group();
  void add_events(Commit& commit, ArrivalTime now);
  void begin_wanted_epoch(std::vector<LogEvent>& events);
  void adopt_wanted();
  void subscribe();
  void follow_limit();
  void add_heartbeat(ArrivalTime now, std::vector<LogEvent>& events);
  bool commit(Commit& commit);
  bool hold(const std::string& reason);
  std::optional<std::string> no_room();
  void release();
  void watch_series();
  void house_keeping(MonotonicTime now);
  void answer();
  void came_round() { progress_.store(steady_clock().ns, std::memory_order_relaxed); }
  [[noreturn]] void die(const std::string& context);
  Now now(bool backlog);

  PipelineSettings settings_;
  MessageQueue& queue_;
  std::function<void(std::uint64_t, std::uint64_t)> release_;

  std::unique_ptr<Processor> processor_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<EventWriter> events_;
  LogFollower* follower_ = nullptr;
  IntakeClock clock_;
  GroupRule rule_;
  ShardRotation rotation_;
  PipelineFigures figures_;
  SubscriptionPlan subscriptions_;

  std::uint64_t connection_ = 0;  // of the group's last message
  std::uint64_t ordinal_ = 0;     // up to which the group's commit releases
  std::uint64_t released_ordinal_ = 0;
  MonotonicTime read_at_{};
  MonotonicTime next_report_{};
  MonotonicTime next_keeping_{};
  bool last_report_ = false;
  std::function<void()> epoch_wanted_;   // begins it; a group that waits for room belongs to the one before
  std::function<void()> reload_wanted_;  // adopts it; what waits for room belongs to the configuration before
  bool many_series_ = false;             // the alarm has been raised

  std::atomic<std::int64_t> progress_{0};
  std::atomic<bool> stopping_{false};

  mutable std::mutex mutex_;  // protects what follows
  std::condition_variable asked_;
  std::deque<std::function<void()>> questions_;
  std::string held_;
};

}  // namespace tidemark
