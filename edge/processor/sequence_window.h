// Deduplication by the number a source gives its messages (SEMANTICS, rule 28): a high mark and a bitmap of the
// min(1024, modulus / 4) numbers below it, compared modulo.
//
// The algorithm is the anti-replay window of RFC 4303 section 3.4.3, with a modulus and with counters for what was
// missed. `classify` decides and changes nothing; `take` is what apply does with the verdict.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "edge/bytes/byte_reader.h"
#include "edge/bytes/byte_writer.h"

namespace tidemark {

enum class SequenceVerdict : std::uint8_t {
  first,      // the first number of this source
  next,       // ahead of the high mark; numbers between are a gap
  late,       // below the high mark and not seen: fills a gap
  duplicate,  // seen
  restarted,  // the source counts anew
  unknown,    // below everything the bitmap remembers, and not newer: cannot be told; taken
};

class SequenceWindow {
 public:
  /// `modulus`: 0 for none, else at least 4. `newer`: the message's event time exceeds the source's maximum, which no
  /// duplicate's does; false where the device sends no time.
  [[nodiscard]] SequenceVerdict classify(std::uint64_t number, std::uint64_t modulus, bool newer) const;

  /// Numbers skipped by taking `number` with verdict `next`.
  [[nodiscard]] std::uint64_t gap_before(std::uint64_t number, std::uint64_t modulus) const;

  /// Takes a number with the verdict that classify gave. Not for `duplicate`.
  void take(std::uint64_t number, std::uint64_t modulus, SequenceVerdict verdict);

  [[nodiscard]] bool empty() const { return !memory_; }
  void encode(ByteWriter& out) const;
  static SequenceWindow decode(ByteReader& in);

 private:
  /// How far `number` lies ahead of the high mark (positive) or behind it (negative or 0).
  [[nodiscard]] std::int64_t distance(std::uint64_t number, std::uint64_t modulus) const;
  [[nodiscard]] bool seen(std::uint64_t behind) const;
  void mark(std::uint64_t behind);
  void advance(std::uint64_t by);
  void restart(std::uint64_t number);

  /// Apart, for most sources do not number their messages.
  struct Memory {
    std::uint64_t high = 0;
    std::vector<std::uint64_t> bits;  // bit k: high - k was seen; as long as the numbers it has met need
  };
  std::unique_ptr<Memory> memory_;  // null: no number was taken
};

}  // namespace tidemark
