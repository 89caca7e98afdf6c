// Σ value², exact: the component behind variance and stddev.
#pragma once

#include <optional>
#include <utility>

#include "edge/aggregate/component.h"
#include "edge/aggregate/frame.h"
#include "edge/time/instant.h"
#include "edge/value/exact_sum.h"

namespace tidemark {

class Squares {
 public:
  static constexpr Component kComponent = Component::squares;

  Squares() = default;
  explicit Squares(ExactSum value) : value_(std::move(value)) {}

  void add(EventTime, const Decimal& value, bool first) {
    if (first) {
      value_ = ExactSum::square_of(value);
    } else {
      value_.add_square(value);
    }
  }
  void merge(const Squares& other) { value_.merge(other.value_); }
  [[nodiscard]] const ExactSum& value() const { return value_; }

  void frame(Frame&) const {}

  /// Beside the sum, n·Σm² - (Σm)² says as much as Σm² in about half the bytes: svarint exponent relative to the square
  /// of the frame's unit, then the integer. Without the sum: Σm² itself.
  void encode(ByteWriter& out, Frame& frame) const {
    const ExactSum told = frame.sum != nullptr ? numerator(frame.count, *frame.sum, value_) : value_;
    const std::int32_t exponent = told.is_zero() ? 2 * frame.exponent : told.exponent();
    out.svarint(std::int64_t{exponent} - 2 * frame.exponent);
    told.encode_at(out, exponent);
  }

  void decode(ByteReader& in, Frame& frame) {
    const std::int64_t relative = in.svarint();
    constexpr std::int64_t kFar = 4'096;
    if (relative < -kFar || relative > kFar) return in.mark_damaged();
    const ExactSum told = ExactSum::decode_at(in, static_cast<std::int32_t>(relative) + 2 * frame.exponent);
    if (told.is_negative()) return in.mark_damaged();  // no readings have that: Cauchy and Schwarz
    if (frame.sum == nullptr) {
      value_ = told;
      return;
    }
    std::optional<ExactSum> squares = from_numerator(frame.count, *frame.sum, told);
    if (!squares) return in.mark_damaged();
    value_ = *std::move(squares);
  }

  static ExactSum numerator(std::uint64_t count, const ExactSum& sum, const ExactSum& squares) {
    return squares.times(count).minus(sum.squared());
  }

  /// The inverse. Nullopt: no decimal Σm² has this numerator. Requires count > 0.
  static std::optional<ExactSum> from_numerator(std::uint64_t count, const ExactSum& sum, const ExactSum& numerator) {
    return numerator.plus(sum.squared()).divided_by(count);
  }

  friend bool operator==(const Squares&, const Squares&) = default;

 private:
  ExactSum value_;
};

}  // namespace tidemark
