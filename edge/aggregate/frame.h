// What the components of one state share while they are written or read: small numbers stay small when each is told
// relative to what is already known.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "edge/bytes/byte_reader.h"
#include "edge/bytes/byte_writer.h"
#include "edge/value/decimal.h"
#include "edge/value/exact_sum.h"

namespace tidemark {

struct Frame {
  static constexpr std::int32_t kNoExponent = std::numeric_limits<std::int32_t>::max();

  std::uint64_t count = 0;
  std::int32_t exponent = kNoExponent;  // the smallest of all canonical decimals and of the sum; zeros do not matter
  const ExactSum* sum = nullptr;        // null: not kept
  Decimal base;                         // the minimum if it is kept, else zero

  void include(const Decimal& value) {
    if (value.coefficient != 0 && value.exponent < exponent) exponent = value.exponent;
  }

  /// value - base as an integer at the frame's exponent.
  void write(ByteWriter& out, const Decimal& value) const {
    ExactSum difference(value);
    difference.add({-base.coefficient, base.exponent});
    difference.encode_at(out, exponent);
  }

  /// Marks the reader damaged if base plus what is read is not a Decimal.
  Decimal read(ByteReader& in) const {
    ExactSum value = ExactSum::decode_at(in, exponent);
    value.add(base);
    const std::optional<Decimal> decimal = value.decimal();
    if (!decimal) in.mark_damaged();
    return decimal.value_or(Decimal{});
  }
};

}  // namespace tidemark
