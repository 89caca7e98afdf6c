#include "edge/processor/clock_suspicion.h"

#include <algorithm>

namespace tidemark {
namespace {

constexpr Duration kLeastStep = seconds(60);  // below it, readings are out of order
constexpr Duration kSpread = seconds(5);      // of a lag that is constant
constexpr Duration kEvidence = seconds(30);   // so long it must be

/// A lag that shrank by more in the time it was looked at belongs to a backlog. No crystal gains one part in a hundred.
constexpr Duration kGain = milliseconds(300);
static_assert(kEvidence.ns / kGain.ns == 100);

bool gains(const ClockSuspicion& suspicion) {
  return suspicion.last < suspicion.first - kGain;
}

}  // namespace

void ClockSuspicion::encode(ByteWriter& out) const {
  out.i64(since.ns);
  out.svarint((until - since).ns);
  out.svarint(first.ns);
  for (const Duration lag : {last, least, greatest}) out.svarint((lag - first).ns);
}

ClockSuspicion ClockSuspicion::decode(ByteReader& in) {
  ClockSuspicion suspicion;
  suspicion.since = {in.i64()};
  suspicion.until = suspicion.since + Duration{in.svarint()};
  suspicion.first = {in.svarint()};
  for (Duration* const lag : {&suspicion.last, &suspicion.least, &suspicion.greatest}) {
    *lag = suspicion.first + Duration{in.svarint()};
  }
  return suspicion;
}

bool look_at_clock(const ClockSuspicion* before, EventTime reached, ClockSight sight, ClockSuspicion& after) {
  if (reached == EventTime::earliest() || sight.shown > reached - kLeastStep) return false;
  const Duration lag = EventTime{sight.arrival.ns} - sight.shown;
  const ClockSuspicion fresh{sight.arrival, sight.arrival, lag, lag, lag, lag};
  after = fresh;
  // Our own clock may have been set back as well: then nothing can be said of before.
  if (before == nullptr || sight.arrival < before->until) return true;
  ClockSuspicion longer = *before;
  longer.until = sight.arrival;
  longer.last = lag;
  longer.least = std::min(longer.least, lag);
  longer.greatest = std::max(longer.greatest, lag);
  if (longer.greatest - longer.least > kSpread) return true;
  // The first message may have been a slow one, against which all others gain: then the next round begins with another.
  if (longer.until - longer.since >= kEvidence + kEvidence && gains(longer)) return true;
  after = longer;
  return true;
}

bool shows_step(const ClockSuspicion& suspicion) {
  return suspicion.until - suspicion.since >= kEvidence && !gains(suspicion);
}

}  // namespace tidemark
