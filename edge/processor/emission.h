// What leaves, and when: panes and sealings at the end of a group, and the timers that end a group where nothing comes
// (SEMANTICS, rules 15 to 20). What is due is decided in decide.h; here is the book-keeping that finds the sources to
// look at without looking at all.
//
// Operation: `resume` after recovery; the `expect_` calls while readings are taken; `leave` at the end of each group.
// A source is looked at when its watermark has reached `next_due`, when something asked for it (`visit`), or when its
// timer is due. Timers are never taken back: one that comes too early looks again, and one that is not set anew with
// every window keeps the heap small. Concurrency: one thread; time comes in as an argument.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "edge/processor/group.h"
#include "edge/processor/open_plan.h"
#include "edge/processor/standings.h"
#include "edge/processor/state.h"

namespace tidemark {

class Emission {
 public:
  Emission(State& state, OpenPlan& plan, Standings& standings) : state_(state), plan_(plan), standings_(standings) {}

  /// After recovery: times of silence and of waiting are not durable, and count from now.
  void resume(MonotonicTime now);
  /// Sets the timers of all sources.
  void schedule_all();

  /// A reading is about to go into the window at `start`.
  void expect_window(Source& source, Series& series, EventTime start, MonotonicTime now);
  /// A reading has gone into the delta of the window at `start`. `at_once`: it leaves with this group (rule 12), and
  /// does not wait for company (rule 20).
  void expect_delta(Source& source, Series& series, EventTime start, bool at_once, MonotonicTime now);
  /// A source's event time has come further.
  void expect_projection(Source& source, Progress& progress, MonotonicTime now);

  /// A new generation of the source's clock has begun (rule 13).
  static void expect_generation(Source& source, MonotonicTime now);

  /// The end of a group: what is due of the sources that were heard, and of those whose timer has come.
  void leave(MonotonicTime now, Group& group);
  /// The end of a stream's version (rule 9): all that its sources hold leaves and is sealed; its series make room.
  void end_version(std::uint32_t stream, MonotonicTime now, Group& group);

  /// When the next timer is due; `latest()`: there is none.
  [[nodiscard]] MonotonicTime next_timer() const {
    return timers_.empty() ? MonotonicTime::latest() : timers_.top().due;
  }

 private:
  struct Timer {
    MonotonicTime due;
    std::uint32_t source;
    friend bool operator>(const Timer& a, const Timer& b) { return a.due > b.due; }
  };

  void visit(Source& source, MonotonicTime now, bool all, Group& group);
  void schedule(Source& source);
  void add_pane(const PaneEmitted& emitted, Group& group) const;

  State& state_;
  OpenPlan& plan_;
  Standings& standings_;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;

  // Reused from visit to visit.
  std::vector<PaneEmitted> panes_;
  std::vector<Sealed> sealed_;
};

}  // namespace tidemark
