#include "edge/processor/open_plan.h"

namespace tidemark {

void OpenPlan::take(Source& source, std::uint32_t messages, std::uint32_t readings) {
  if (source.taken == 0) {
    plan_.taken.push_back({source.id, 0, 0});
    source.taken = static_cast<std::uint32_t>(plan_.taken.size());
  }
  plan_.taken[source.taken - 1].messages += messages;
  plan_.taken[source.taken - 1].readings += readings;
}

void OpenPlan::suspect(Source& source, const ClockSuspicion* suspicion) {
  if (!source.suspected) plan_.suspicions.push_back({source.id, {}});
  source.suspected = true;
  set_suspicion(source, suspicion);
}

void OpenPlan::count(Account account, Counter counter, std::uint64_t n) {
  const Count decision{account.scope, account.id, counter, n};
  apply(state_, decision);
  // A flood of one kind is one line of the plan.
  if (!plan_.counts.empty()) {
    Count& last = plan_.counts.back();
    if (last.scope == account.scope && last.id == account.id && last.counter == counter) {
      last.n += n;
      return;
    }
  }
  plan_.counts.push_back(decision);
}

void OpenPlan::settle(ArrivalTime arrival) {
  for (const Taken& taken : plan_.taken) {
    apply(state_, taken, arrival);
    state_.sources[taken.source]->taken = 0;
  }
  // A source may come under suspicion with every message of a group, and out of it; what is left of that is one line.
  for (ClockSuspected& suspected : plan_.suspicions) {
    Source& source = *state_.sources[suspected.source];
    source.suspected = false;
    if (source.suspicion) suspected.suspicion = *source.suspicion;
  }
}

void OpenPlan::leave_with(ArrivalTime arrival, Group& group) {
  plan_.arrival = arrival;
  if (!plan_.empty()) {
    group.plan = plan_.encode();
    group.readings = plan_.decoded_readings();
  }
  plan_.clear();
}

}  // namespace tidemark
