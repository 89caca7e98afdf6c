#include "edge/processor/clock_watch.h"

#include <algorithm>

#include "edge/processor/decide.h"

namespace tidemark {

void ClockWatch::begin(const StreamDefinition& definition, const std::vector<Record>& records) {
  definition_ = &definition;
  records_ = &records;
  looked_until_ = 0;
  step_ = false;
}

void ClockWatch::look(std::size_t index, Source& source, ArrivalTime arrival) {
  if (index < looked_until_) return;
  // What stands together of one source is looked at together: gateways send a list for each of their devices.
  const std::string_view name = (*records_)[index].source;
  step_ = false;
  EventTime stamped = EventTime::earliest();
  EventTime trusted = EventTime::earliest();
  for (looked_until_ = index; looked_until_ < records_->size(); ++looked_until_) {
    const Record& record = (*records_)[looked_until_];
    if (record.source != name) break;
    // A stored reading shows what the clock was, and one without a time of the device shows ours.
    if (record.rejection || record.historical || record.by_arrival || !record.time) continue;
    const EventTime time = event_time_of(record, source);
    stamped = std::max(stamped, time);
    if (decide_clock(*definition_, time, arrival).trusted) trusted = std::max(trusted, time);
  }
  if (stamped != EventTime::earliest()) source.clock_lag = EventTime{arrival.ns} - stamped;
  if (trusted != EventTime::earliest()) judge(trusted, source, arrival);
}

void ClockWatch::judge(EventTime shown, Source& source, ArrivalTime arrival) {
  ClockSuspicion after;
  const ClockSuspicion* const before = source.suspicion.get();
  if (look_at_clock(before, source.progress.max_event, {shown, arrival}, after)) {
    plan_.suspect(source, &after);
    step_ = shows_step(after);
  } else if (before != nullptr) {
    plan_.suspect(source, nullptr);
  }
}

}  // namespace tidemark
