// Σ value, exact: the component behind sum and mean.
#pragma once

#include <algorithm>
#include <utility>

#include "edge/aggregate/component.h"
#include "edge/aggregate/frame.h"
#include "edge/time/instant.h"
#include "edge/value/exact_sum.h"

namespace tidemark {

class Sum {
 public:
  static constexpr Component kComponent = Component::sum;

  Sum() = default;
  explicit Sum(ExactSum value) : value_(std::move(value)) {}

  void add(EventTime, const Decimal& value, bool first) {
    // Setting spares the first alignment, and takes the value's exponent.
    if (first) {
      value_ = ExactSum(value);
    } else {
      value_.add(value);
    }
  }
  void merge(const Sum& other) { value_.merge(other.value_); }
  [[nodiscard]] const ExactSum& value() const { return value_; }

  void frame(Frame& frame) const {
    if (!value_.is_zero()) frame.exponent = std::min(frame.exponent, value_.exponent());
    frame.sum = &value_;
  }

  /// The integer at the frame's exponent.
  void encode(ByteWriter& out, Frame& frame) const { value_.encode_at(out, frame.exponent); }
  void decode(ByteReader& in, Frame& frame) {
    value_ = ExactSum::decode_at(in, frame.exponent);
    frame.sum = &value_;
  }

  friend bool operator==(const Sum&, const Sum&) = default;

 private:
  ExactSum value_;
};

}  // namespace tidemark
