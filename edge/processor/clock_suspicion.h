// Whether a device's clock was set back (SEMANTICS, rule 13): what speaks for it, gathered from message to message.
//
// A clock that was set back shows times at least a minute below what it had reached, and its lag behind the gateway's
// clock stays as it is. Two things look alike at first: a reading that was late, which the next one in time refutes,
// and a backlog being drained, whose lag shrinks because event time advances faster than arrival time.
//
// Operation: `look_at_clock` with each message of a source; `shows_step` of what it returns. Pure values.
#pragma once

#include "edge/bytes/byte_reader.h"
#include "edge/bytes/byte_writer.h"
#include "edge/time/instant.h"

namespace tidemark {

struct ClockSuspicion {
  ArrivalTime since;  // arrival of the first message that speaks for it
  ArrivalTime until;  // and of the last; both equal: one message
  Duration first;     // lag of the first of them
  Duration last;
  Duration least;
  Duration greatest;
  friend bool operator==(const ClockSuspicion&, const ClockSuspicion&) = default;

  void encode(ByteWriter& out) const;
  static ClockSuspicion decode(ByteReader& in);
};

/// What a clock shows with a message: the newest of the times in it that its device measured now, not stored before.
struct ClockSight {
  EventTime shown;
  ArrivalTime arrival;
};

/// The suspicion after a message. `before` null: there was none. `reached`: the greatest event time of the clock's
/// generation, `earliest()` before the first. False: nothing speaks for a step (any more); `after` is then untouched.
bool look_at_clock(const ClockSuspicion* before, EventTime reached, ClockSight sight, ClockSuspicion& after);

/// Constant within 5 s over at least 30 s, and no backlog.
bool shows_step(const ClockSuspicion& suspicion);

}  // namespace tidemark
