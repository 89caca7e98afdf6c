// The Plan of the group at hand. Live decisions reach the state through here and nowhere else: each is applied and
// written down in one step, so that recovery, which applies what was written down, comes to the same state.
//
// Operation: `make`, `take` and `count` while messages are decided; `settle` when the last of them was; `make` for the
// panes and sealings; `leave_with`, which begins the next plan. Concurrency: one thread.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "edge/processor/apply.h"
#include "edge/processor/group.h"
#include "edge/processor/plan.h"
#include "edge/processor/state.h"

namespace tidemark {

/// Whose counters something goes to: a source's where one is known, else its stream's, else the gateway's.
struct Account {
  Count::Scope scope = Count::Scope::gateway;
  std::uint32_t id = 0;
};

class OpenPlan {
 public:
  explicit OpenPlan(State& state) : state_(state) {}

  /// Applies a decision and writes it down. References into `State` stay, but those of streams and versions.
  template <typename Decision>
  void make(Decision decision) {
    std::vector<Decision>& column = column_of(decision);
    column.push_back(std::move(decision));
    apply(state_, column.back());
  }

  /// Messages of a source that were decoded, and readings in them. Applied by `settle`, once for the group: nothing
  /// reads these counters in between.
  void take(Source& source, std::uint32_t messages, std::uint32_t readings);

  /// What speaks for a step of the source's clock from now on; null: nothing. Written down by `settle`, as it is then.
  void suspect(Source& source, const ClockSuspicion* suspicion);

  void count(Account account, Counter counter, std::uint64_t n);

  /// No message comes any more: applies what was taken, and writes down what is suspected. `arrival`: of the group's
  /// last message.
  void settle(ArrivalTime arrival);
  /// The sources of which messages were taken.
  [[nodiscard]] const std::vector<Taken>& taken() const { return plan_.taken; }

  [[nodiscard]] bool changes_streams() const { return !plan_.streams.empty(); }

  /// Ends the plan, in bytes, and begins the next.
  void leave_with(ArrivalTime arrival, Group& group);

 private:
  auto& column_of(const StreamConfigured& /*unused*/) { return plan_.streams; }
  auto& column_of(const NewSource& /*unused*/) { return plan_.sources; }
  auto& column_of(const NewSeries& /*unused*/) { return plan_.series; }
  auto& column_of(const DeliveryChange& /*unused*/) { return plan_.deliveries; }
  auto& column_of(const SequenceTaken& /*unused*/) { return plan_.sequences; }
  auto& column_of(const CountedReading& /*unused*/) { return plan_.readings; }
  auto& column_of(const PaneEmitted& /*unused*/) { return plan_.panes; }
  auto& column_of(const Sealed& /*unused*/) { return plan_.sealed; }
  auto& column_of(const SeriesDropped& /*unused*/) { return plan_.dropped; }

  State& state_;
  Plan plan_;
};

}  // namespace tidemark
