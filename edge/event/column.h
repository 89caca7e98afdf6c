// A column: one integer a pane, as bytes. Frame of reference, a common divisor, the narrowest width, and the bytes of
// the offsets in planes: first the lowest byte of every offset, then the next. Equal high bytes lie side by side that
// way, which took 10 to 25 % off real batches after zstd (docs/formats/event.md has the figures).
//
//   column = ""                                     every value is 0
//          | width base scale plane*                value[i] = base + scale * Σ plane[k][i] * 256^k
//   width  = LEB128: bytes of an offset, and number of planes
//   base   = LEB128 length, then a two's complement little-endian integer (no bytes: 0)
//   scale  = LEB128, at least 1
//   plane  = one byte a pane
#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "edge/value/big_decimal.h"

namespace tidemark {

/// Integers in a row, 64 bits wide as long as all of them fit, of any size otherwise.
class Integers {
 public:
  void reserve(std::size_t size) { narrow_.reserve(size); }
  void clear();
  void push(std::int64_t value);
  void push(const BigInteger& value);

  [[nodiscard]] std::size_t size() const { return wide_.empty() ? narrow_.size() : wide_.size(); }
  /// Whether every value fits an int64.
  [[nodiscard]] bool is_narrow() const { return wide_.empty(); }
  /// Requires is_narrow().
  [[nodiscard]] const std::vector<std::int64_t>& narrow() const { return narrow_; }
  [[nodiscard]] BigInteger at(std::size_t index) const;

 private:
  friend bool decode_column(std::string_view bytes, std::uint32_t rows, Integers& values);

  std::vector<std::int64_t> narrow_;
  std::vector<BigInteger> wide_;  // not empty: holds all values, and narrow_ is empty
};

/// No integer of an event is larger: the variance numerator of the whole range of decimals takes 563 bytes.
inline constexpr std::uint32_t kMaxIntegerBytes = 640;

std::string encode_column(const Integers& values);

/// Fills `values` with `rows` integers. False: the bytes are not a column of that many rows. Takes memory in proportion
/// to `rows` and `bytes` only.
bool decode_column(std::string_view bytes, std::uint32_t rows, Integers& values);

}  // namespace tidemark
