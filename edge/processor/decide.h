// decide: what is to become of a reading. Pure functions of the state, the reading and the time; `apply` does it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "edge/decode/decoded.h"
#include "edge/processor/plan.h"
#include "edge/processor/state.h"
#include "edge/stream/stream_definition.h"

namespace tidemark {

/// What the clock of a record is worth (SEMANTICS, rule 12).
struct ClockVerdict {
  bool quarantined = false;
  EventTime time;          // to go on with
  std::uint8_t flags = 0;  // of CountedReading: what the policy adds
  bool trusted = true;     // the device's own time stands
};

/// Rule 11: what is added to the times of the source of that name.
Duration clock_offset_of(const StreamDefinition& definition, std::string_view source);

/// The time of a record that has one, by rule 11: with the offset of its source's clock, unless it was reckoned by
/// ours.
EventTime event_time_of(const Record& record, const Source& source);

/// `time` is the device's, clock_offset added. A restamped reading takes its arrival time and moves the watermark: that
/// time is the gateway's own; the device's stamp moved nothing.
ClockVerdict decide_clock(const StreamDefinition& definition, EventTime time, ArrivalTime arrival);

/// What becomes of a record's readings that were not rejected each by itself.
struct RecordVerdict {
  std::optional<Counter> counter;  // where all of them go; nullopt: each is looked at, with `clock`
  std::string_view trouble;        // why they are not taken, for the dead letter; empty: nothing to say
  ClockVerdict clock;
};

/// For a record that was not rejected. `source` null: there is no room for it; `duplicate`: by its number.
RecordVerdict decide_record(const StreamDefinition& definition, const Record& record, const Source* source,
                            bool duplicate, ArrivalTime arrival);

enum class ReadingVerdict : std::uint8_t { window, delta, duplicate };

/// Rules 19, 20 and 30. `flags`: as the clock verdict has them.
ReadingVerdict decide_reading(const State& state, const Series& series, EventTime time, const Decimal& value,
                              std::uint8_t flags);

/// Whether windows of the source lie ahead of its clock: a generation before it reached further (rule 13).
bool is_overtaken(const State& state, const Source& source);

/// When a source is to be looked at again: the watermark or the projected event time from which on, and the time.
struct Dues {
  EventTime watermark = EventTime::latest();
  EventTime projection = EventTime::latest();  // the projected event time at which a window is idle
  MonotonicTime time = MonotonicTime::latest();
};
Dues dues_of(const State& state, const Source& source);

/// Whether nothing has come of a series for series_ttl, and nothing of it is left to leave: its slot is free.
bool has_expired(const State& state, const Series& series, MonotonicTime now);

/// Rules 15 to 20 for one source at the end of a group: appends the panes due, by series and start, and the sealings.
/// `all`: everything leaves and is sealed, as when a stream's version ends.
void decide_emissions(const State& state, const Source& source, MonotonicTime now, bool all,
                      std::vector<PaneEmitted>& panes, std::vector<Sealed>& sealed);

}  // namespace tidemark
