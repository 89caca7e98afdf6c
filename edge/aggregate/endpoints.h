// The first and the last reading by (event time, value), a total order: the component behind first and last.
#pragma once

#include "edge/aggregate/component.h"
#include "edge/aggregate/decimal_pair.h"
#include "edge/aggregate/frame.h"
#include "edge/time/instant.h"

namespace tidemark {

struct Endpoints {
  EventTime first_time;
  Decimal first;
  EventTime last_time;
  Decimal last;
};

class EndpointsPart {
 public:
  static constexpr Component kComponent = Component::endpoints;

  EndpointsPart() = default;
  explicit EndpointsPart(const Endpoints& ends)
      : first_time_(ends.first_time), last_time_(ends.last_time), first_last_(ends.first, ends.last) {}

  void add(EventTime time, const Decimal& value, bool first) {
    if (first || time < first_time_ || (time == first_time_ && compare(value, first_last_.a()) < 0)) {
      first_time_ = time;
      first_last_.set_a(value);
    }
    if (first || time > last_time_ || (time == last_time_ && compare(value, first_last_.b()) > 0)) {
      last_time_ = time;
      first_last_.set_b(value);
    }
  }
  void merge(const EndpointsPart& other) {
    add(other.first_time_, other.first_last_.a(), false);
    add(other.last_time_, other.first_last_.b(), false);
  }
  [[nodiscard]] Endpoints value() const { return {first_time_, first_last_.a(), last_time_, first_last_.b()}; }

  void frame(Frame& frame) const {
    frame.include(first_last_.a());
    frame.include(first_last_.b());
  }

  /// u8 the power of a thousand (0 to 3) that both times are multiples of: devices mostly count milliseconds. svarint
  /// the first time and varint the span to the last, in that unit. Then the values, relative to the frame's base.
  void encode(ByteWriter& out, Frame& frame) const {
    std::uint8_t power = 0;
    std::int64_t unit = 1;
    while (power < kMaxPower && first_time_.ns % (unit * 1'000) == 0 && last_time_.ns % (unit * 1'000) == 0) {
      unit *= 1'000;
      ++power;
    }
    const std::int64_t first = first_time_.ns / unit, last = last_time_.ns / unit;
    out.u8(power);
    out.svarint(first);
    out.varint(static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(first));
    frame.write(out, first_last_.a());
    frame.write(out, first_last_.b());
  }

  void decode(ByteReader& in, Frame& frame) {
    const std::uint8_t power = in.u8();
    if (power > kMaxPower) return in.mark_damaged();
    std::int64_t unit = 1;
    for (std::uint8_t i = 0; i < power; ++i) unit *= 1'000;
    const std::int64_t first = in.svarint();
    const auto last = static_cast<std::int64_t>(static_cast<std::uint64_t>(first) + in.varint());
    if (__builtin_mul_overflow(first, unit, &first_time_.ns) || __builtin_mul_overflow(last, unit, &last_time_.ns)) {
      return in.mark_damaged();
    }
    if (last_time_ < first_time_) in.mark_damaged();
    first_last_.set_a(frame.read(in));
    first_last_.set_b(frame.read(in));
  }

  friend bool operator==(const EndpointsPart&, const EndpointsPart&) = default;

 private:
  static constexpr std::uint8_t kMaxPower = 3;

  EventTime first_time_;
  EventTime last_time_;
  [[no_unique_address]] DecimalPair first_last_;
};

}  // namespace tidemark
