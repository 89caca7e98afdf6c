// The exact sum of decimals: a 128-bit integer at the smallest exponent seen, which goes over to a big integer rather
// than overflow (SEMANTICS, rule 4). Commutative and associative: any order and any merge tree give equal sums, and
// equal sums have equal bytes.
#pragma once

#include <cstdint>
#include <optional>

#include "edge/bytes/byte_reader.h"
#include "edge/bytes/byte_writer.h"
#include "edge/value/big_decimal.h"
#include "edge/value/decimal.h"
#include "edge/value/int128.h"

namespace tidemark {

class ExactSum {
 public:
  ExactSum() : small_{0, 0} {}
  explicit ExactSum(const Decimal& value) : small_(int128(value.coefficient)), exponent_(narrow(value.exponent)) {}
  ExactSum(const ExactSum& other);
  ExactSum& operator=(const ExactSum& other);
  ExactSum(ExactSum&& other) noexcept : small_{0, 0} { swap(other); }
  ExactSum& operator=(ExactSum&& other) noexcept {
    swap(other);
    return *this;
  }
  ~ExactSum() {
    if (is_big_) delete big_;
  }

  static ExactSum square_of(const Decimal& value) {
    return ExactSum(product(value.coefficient, value.coefficient), 2 * value.exponent);
  }

  /// Whether a sum of readings or of their squares, or a variance numerator, can have this value. What comes from
  /// outside must be asked this first: it bounds the digits that aligning exponents can produce.
  static bool holds(const BigDecimal& value);

  /// Requires holds(value).
  static ExactSum from(const BigDecimal& value);

  void add(const Decimal& value) {
    const auto shift = static_cast<std::uint32_t>(value.exponent - exponent_);
    Int128 sum;
    if (!is_big_ && shift <= kMaxPower64 &&
        tidemark::add(small_, product(value.coefficient, kPowersOfTen[shift]), sum)) {
      small_ = sum;
    } else {
      add_slowly(ExactSum(value));
    }
  }

  /// Adds value squared, exactly.
  void add_square(const Decimal& value) {
    // With an even exponent the alignment is done before the squaring, where it still is a 64-bit number.
    const auto shift = static_cast<std::uint32_t>(value.exponent - exponent_ / 2);
    std::int64_t aligned = 0;
    Int128 sum;
    if (!is_big_ && exponent_ % 2 == 0 && shift <= kMaxPower64 &&
        !__builtin_mul_overflow(value.coefficient, kPowersOfTen[shift], &aligned) &&
        tidemark::add(small_, product(aligned, aligned), sum)) {
      small_ = sum;
    } else {
      add_slowly(square_of(value));
    }
  }

  void merge(const ExactSum& other) {
    Int128 sum;
    if (exponent_ == other.exponent_ && !is_big_ && !other.is_big_ && tidemark::add(small_, other.small_, sum)) {
      small_ = sum;
    } else {
      add_slowly(other);
    }
  }

  /// Exact arithmetic, for what is derived from sums.
  [[nodiscard]] ExactSum plus(const ExactSum& other) const;
  [[nodiscard]] ExactSum minus(const ExactSum& other) const;
  [[nodiscard]] ExactSum times(std::uint64_t factor) const;
  [[nodiscard]] ExactSum squared() const;
  /// Nullopt when the quotient has no end as a decimal. Requires divisor > 0.
  [[nodiscard]] std::optional<ExactSum> divided_by(std::uint64_t divisor) const;

  /// The sum, canonical.
  [[nodiscard]] BigDecimal value() const;
  /// The same as a Decimal, if it is one.
  [[nodiscard]] std::optional<Decimal> decimal() const;
  /// The exponent of the canonical value.
  [[nodiscard]] std::int32_t exponent() const { return canonical().exponent_; }
  [[nodiscard]] bool is_zero() const;
  [[nodiscard]] bool is_negative() const;
  friend bool operator==(const ExactSum& a, const ExactSum& b);

  /// Canonical bytes: equal sums, equal bytes. svarint canonical exponent, then the integer (integer_codec.h). `decode`
  /// marks the reader damaged on malformed or non-canonical bytes and on more than kMaxBytes of magnitude.
  void encode(ByteWriter& out) const;
  static ExactSum decode(ByteReader& in);

  /// Only the integer, at an exponent that is known from elsewhere. Requires exponent <= this->exponent(), or zero.
  void encode_at(ByteWriter& out, std::int32_t exponent) const;
  static ExactSum decode_at(ByteReader& in, std::int32_t exponent);

  /// Of the canonical value's magnitude: Σm² of the largest and the smallest decimals together has 4,320 bits, a count
  /// of 64 bits raises that twice (in the sum and in the variance's numerator).
  static constexpr std::uint32_t kMaxBytes = 576;
  static constexpr std::int32_t kLeastSumExponent = 2 * kLeastExponent;
  static constexpr std::int32_t kGreatestSumExponent = 700;

 private:
  explicit ExactSum(Int128 value, std::int32_t exponent) : small_(value), exponent_(narrow(exponent)) {}
  ExactSum(BigInteger value, std::int32_t exponent);

  static constexpr std::int16_t narrow(std::int32_t exponent) { return static_cast<std::int16_t>(exponent); }

  void swap(ExactSum& other) noexcept;
  void add_slowly(const ExactSum& other);
  [[nodiscard]] BigInteger integer() const;
  [[nodiscard]] BigInteger integer_at(std::int32_t exponent) const;
  [[nodiscard]] ExactSum canonical() const;

  // Not canonical: the exponent is the smallest seen, and a big integer stays one. One pointer and one integer share
  // their place: there are two sums in each of very many windows.
  union {
    Int128 small_;
    BigInteger* big_;  // owned
  };
  std::int16_t exponent_ = 0;
  bool is_big_ = false;
};

static_assert(sizeof(ExactSum) <= 24);

}  // namespace tidemark
