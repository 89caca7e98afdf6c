// The exact sum of decimals: a 128-bit integer at the smallest exponent seen, which goes over to a big integer rather
// than overflow (SEMANTICS, rule 4). Commutative and associative: any order and any merge tree give equal sums, and equal
// sums have equal bytes.
#pragma once

#include <cstdint>
#include <memory>

#include "edge/bytes/byte_reader.h"
#include "edge/bytes/byte_writer.h"
#include "edge/value/big_decimal.h"
#include "edge/value/decimal.h"

namespace tidemark {

class ExactSum {
 public:
  ExactSum() = default;
  ExactSum(const ExactSum& other);
  ExactSum& operator=(const ExactSum& other);
  ExactSum(ExactSum&&) noexcept = default;
  ExactSum& operator=(ExactSum&&) noexcept = default;
  ~ExactSum() = default;

  static ExactSum from(const BigDecimal& value);

  void add(const Decimal& value);
  /// Adds value squared, exactly.
  void add_square(const Decimal& value);
  void merge(const ExactSum& other);

  /// The sum, canonical.
  [[nodiscard]] BigDecimal value() const;
  friend bool operator==(const ExactSum& a, const ExactSum& b);

  /// Canonical bytes: equal sums, equal bytes. `decode` marks the reader damaged on malformed or non-canonical bytes and
  /// on more than kMaxBytes of magnitude.
  void encode(ByteWriter& out) const;
  static ExactSum decode(ByteReader& in);
  static constexpr std::uint32_t kMaxBytes = 512;

 private:
  // Owner of this file: replace by the real representation (no __int128 on 32-bit ARM: use Boost.Multiprecision's int128_t
  // there, the same bytes).
};

}  // namespace tidemark
