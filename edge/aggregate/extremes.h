// The least and the greatest value: the component behind min, max and range.
#pragma once

#include "edge/aggregate/component.h"
#include "edge/aggregate/decimal_pair.h"
#include "edge/aggregate/frame.h"
#include "edge/time/instant.h"

namespace tidemark {

struct Extremes {
  Decimal min;
  Decimal max;
};

class ExtremesPart {
 public:
  static constexpr Component kComponent = Component::extremes;

  ExtremesPart() = default;
  explicit ExtremesPart(const Extremes& extremes) : min_max_(extremes.min, extremes.max) {}

  void add(EventTime, const Decimal& value, bool first) {
    if (first || compare(value, min_max_.a()) < 0) min_max_.set_a(value);
    if (first || compare(value, min_max_.b()) > 0) min_max_.set_b(value);
  }
  void merge(const ExtremesPart& other) {
    add({}, other.min_max_.a(), false);
    add({}, other.min_max_.b(), false);
  }
  [[nodiscard]] Extremes value() const { return {min_max_.a(), min_max_.b()}; }

  void frame(Frame& frame) const {
    frame.include(min_max_.a());
    frame.include(min_max_.b());
  }

  /// The minimum, then how far the maximum lies above it.
  void encode(ByteWriter& out, Frame& frame) const {
    frame.write(out, min_max_.a());
    frame.base = min_max_.a();
    frame.write(out, min_max_.b());
  }
  void decode(ByteReader& in, Frame& frame) {
    min_max_.set_a(frame.read(in));
    frame.base = min_max_.a();
    min_max_.set_b(frame.read(in));
    if (compare(min_max_.b(), min_max_.a()) < 0) in.mark_damaged();
  }

  friend bool operator==(const ExtremesPart&, const ExtremesPart&) = default;

 private:
  DecimalPair min_max_;
};

}  // namespace tidemark
