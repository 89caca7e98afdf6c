// The points of one open window: which exact (event time, value) pairs it holds. A reading equal to one of them is a
// duplicate (SEMANTICS, rule 30).
//
// In memory: one record a point, in order of arrival. A record is a head byte, the time since the window's start
// divided by its unit as a varint, and the coefficient as a zig-zag varint. Head: bits 0-1 the unit (1 ns, 1 us, 1 ms,
// 1 s: the largest that divides the time), bits 2-7 the exponent + 32, or 63: then the exponent follows as a zig-zag
// varint. A point has one encoding only, so looking one up compares bytes. Typical: 5 bytes against 20.
//
// Encoded: one record a point, of what is new in it. A sensor that reports every second and changes little takes 2
// bytes a point. Head: bits 0-1 the unit of the jitter, bit 2 no jitter, bit 3 the exponent of the point before, bits
// 4-7 the coefficient minus the one before, zig-zag, or 15. Then, unless the head says it all, zig-zag varints: the
// jitter (the step from the point before minus the step before that, in units), the exponent, the difference of the
// coefficients (in 64 bits that wrap). Before the first point time, step, coefficient and exponent are 0.
#pragma once

#include <cstdint>
#include <string>

#include "edge/bytes/byte_reader.h"
#include "edge/bytes/byte_writer.h"
#include "edge/time/instant.h"
#include "edge/value/decimal.h"

namespace tidemark {

class Points {
 public:
  /// `since_start`: 0 <= since_start < window size.
  void add(Duration since_start, const Decimal& value);

  /// Linear in the number of points: only readings at or below their series' maximum event time ask.
  [[nodiscard]] bool contains(Duration since_start, const Decimal& value) const;

  [[nodiscard]] bool empty() const { return records_.empty(); }
  void clear() { records_.clear(); }

  /// The length in bytes as a varint, then the points.
  void encode(ByteWriter& out) const;
  /// Marks the reader damaged on bytes that are no points.
  static Points decode(ByteReader& in);

  friend bool operator==(const Points&, const Points&) = default;

 private:
  std::string records_;
};

}  // namespace tidemark
