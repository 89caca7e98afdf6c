// Holds what is sent to a number of bytes a second (`uplink.max_rate`), for links that are paid by the byte. Pure: time
// is an argument.
//
// A bucket fills with the rate. What is measured to have gone out, compressed and with the protocol's own bytes, is
// taken from it; so is, until it is measured, an estimate of what was handed over, by the ratio that the measures
// before showed. The loop is closed: what an estimate had wrong stands in the next measure, and is repaid.
//
// So that the newest event never waits behind a queue, what is handed over and not acknowledged is at most kWindow of
// the rate (or one record more), and after a pause at most kBurst of it leaves at once.
#pragma once

#include <cstdint>

#include "edge/time/instant.h"

namespace tidemark {

class RateCap {
 public:
  static constexpr Duration kBurst = milliseconds(500);
  // Not each record by itself as the bucket drips: records that leave together are compressed together.
  static constexpr Duration kBreath = milliseconds(250);
  static constexpr Duration kWindow = seconds(2);

  /// Bytes a second, at least 1. The bucket is full at first.
  RateCap(std::uint64_t bytes_per_second, MonotonicTime now);

  /// How long until something may be handed over; 0: now.
  Duration wait(MonotonicTime now);

  /// A record went to the producer: its bytes before compression.
  void handed(std::uint64_t bytes);
  /// A record is acknowledged: the next measure has it.
  void acknowledged(std::uint64_t bytes);
  /// All that the present producer has sent so far; returns what is new of it.
  std::uint64_t measured(std::uint64_t total, MonotonicTime now);
  /// The producer is gone, and with it the measure of what it sent last: the estimate stands for it.
  void producer_ended(MonotonicTime now);

 private:
  [[nodiscard]] double of_rate(Duration time) const;
  [[nodiscard]] double ratio() const;
  [[nodiscard]] double free() const { return level_ - unmeasured_; }
  void fill(MonotonicTime now);

  double rate_;            // bytes a second
  double level_;           // bytes, as if nothing had left since the last measure; below 0: owed
  double unmeasured_ = 0;  // bytes, estimated
  MonotonicTime filled_;
  bool open_ = true;
  std::uint64_t total_ = 0;     // measured of this producer
  std::uint64_t flying_ = 0;    // bytes before compression that are handed over and not acknowledged
  std::uint64_t reported_ = 0;  // acknowledged since the last measure
  // What the ratio rests on: older measures count for less and less.
  double sent_ = 0;
  double before_compression_ = 0;
};

}  // namespace tidemark
