// The points of one open window, kept packed: which exact (event time, value) pairs it holds. A reading equal to one of
// them is a duplicate (SEMANTICS, rule 30).
//
// Layout: one record a point, in order of arrival. A record is a head byte, the time since the window's start divided
// by its unit as a varint, and the coefficient as a zig-zag varint. Head: bits 0-1 the unit (1 ns, 1 us, 1 ms, 1 s: the
// largest that divides the time), bits 2-7 the exponent + 32, or 63: then the exponent follows as a zig-zag varint. A
// point has one encoding only, so looking one up compares bytes. Typical: 5 bytes against 20.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "edge/time/instant.h"
#include "edge/value/decimal.h"

namespace tidemark {

class Points {
 public:
  /// `since_start`: 0 <= since_start < window size.
  void add(Duration since_start, const Decimal& value);

  /// Linear in the number of points: only readings at or below their series' maximum event time ask.
  [[nodiscard]] bool contains(Duration since_start, const Decimal& value) const;

  [[nodiscard]] std::string_view packed() const { return packed_; }
  static Points from_packed(std::string_view packed) {
    Points points;
    points.packed_ = packed;
    return points;
  }

 private:
  std::string packed_;
};

}  // namespace tidemark
