// The numbers of one pane, as integers at a power of ten: what the columns of a group hold.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "edge/event/pane_columns.h"
#include "edge/window/pane.h"

namespace tidemark {

class PaneQuantities {
 public:
  /// Requires a state that is not empty. It outlives this object.
  explicit PaneQuantities(const WindowState& state);

  /// The greatest exponent at which every number of the pane is an integer; kAnyExponent when all are zero.
  [[nodiscard]] std::int32_t exponent() const { return exponent_; }
  static constexpr std::int32_t kAnyExponent = std::numeric_limits<std::int32_t>::max();

  /// Bytes of the largest of its integers at that exponent; 8 stands for all that fit 64 bits.
  [[nodiscard]] std::uint32_t widest() const;

  /// Appends sum, variance, min, max, first and last, those that are kept. Requires exponent <= exponent().
  void append(std::int32_t exponent, PaneColumns& columns) const;

 private:
  template <typename Integer>
  struct Aligned {
    Integer sum{}, variance{}, min{}, max{}, first{}, last{};
  };

  /// The differences of the schema, at `exponent`. False when one does not fit.
  bool narrow(std::int32_t exponent, Aligned<std::int64_t>& result) const;
  [[nodiscard]] Aligned<BigInteger> wide(std::int32_t exponent) const;

  const WindowState* state_;
  ExactSum numerator_;               // count·Σvalue² - (Σvalue)²; without a sum count·Σvalue²
  std::optional<Decimal> sum_;       // the sum, if it is that small
  std::optional<Decimal> variance_;  // the numerator, if it is that small
  std::int32_t exponent_ = kAnyExponent;
};

}  // namespace tidemark
