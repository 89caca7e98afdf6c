// Two decimals in 24 bytes instead of 32: windows are many.
#pragma once

#include <cstdint>

#include "edge/value/decimal.h"

namespace tidemark {

class DecimalPair {
 public:
  DecimalPair() = default;
  DecimalPair(const Decimal& a, const Decimal& b) {
    set_a(a);
    set_b(b);
  }

  [[nodiscard]] Decimal a() const { return {coefficient_a_, exponent_a_}; }
  [[nodiscard]] Decimal b() const { return {coefficient_b_, exponent_b_}; }
  void set_a(const Decimal& value) {
    coefficient_a_ = value.coefficient;
    exponent_a_ = static_cast<std::int16_t>(value.exponent);
  }
  void set_b(const Decimal& value) {
    coefficient_b_ = value.coefficient;
    exponent_b_ = static_cast<std::int16_t>(value.exponent);
  }

  friend bool operator==(const DecimalPair&, const DecimalPair&) = default;

 private:
  static_assert(kLeastExponent >= INT16_MIN && kGreatestExponent <= INT16_MAX);
  std::int64_t coefficient_a_ = 0;
  std::int64_t coefficient_b_ = 0;
  std::int16_t exponent_a_ = 0;
  std::int16_t exponent_b_ = 0;
};

}  // namespace tidemark
