#include "edge/value/exact_sum.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "edge/bytes/assert.h"
#include "edge/value/integer_codec.h"

namespace tidemark {
namespace {

/// No value beyond 10^670 or so (10^exponent < 2^(exponent * 10 / 3)), so that no alignment goes beyond kMaxBytes.
bool in_bounds(std::int64_t bits, std::int64_t exponent) {
  constexpr std::int64_t kMaxMagnitude = 2'240;
  static_assert(kMaxMagnitude - ExactSum::kLeastSumExponent * 10 / 3 <= ExactSum::kMaxBytes * 8);
  return exponent >= ExactSum::kLeastSumExponent && exponent <= ExactSum::kGreatestSumExponent &&
         bits <= std::int64_t{ExactSum::kMaxBytes} * 8 && bits + exponent * 10 / 3 <= kMaxMagnitude;
}

}  // namespace

ExactSum::ExactSum(BigInteger value, std::int32_t exponent) : small_{0, 0}, exponent_(narrow(exponent)) {
  Int128 fitting;
  if (to_int128(value, fitting)) {
    small_ = fitting;
  } else {
    big_ = new BigInteger(std::move(value));
    is_big_ = true;
  }
}

ExactSum::ExactSum(const ExactSum& other) : small_(other.small_), exponent_(other.exponent_), is_big_(other.is_big_) {
  if (is_big_) big_ = new BigInteger(*other.big_);
}

ExactSum& ExactSum::operator=(const ExactSum& other) {
  ExactSum copy(other);
  swap(copy);
  return *this;
}

void ExactSum::swap(ExactSum& other) noexcept {
  // The integer is the wider of the two, so its bytes carry the pointer as well.
  static_assert(sizeof(Int128) >= sizeof(BigInteger*));
  std::swap(small_, other.small_);
  std::swap(exponent_, other.exponent_);
  std::swap(is_big_, other.is_big_);
}

bool ExactSum::holds(const BigDecimal& value) {
  return in_bounds(bit_length(value.coefficient), value.exponent);
}

ExactSum ExactSum::from(const BigDecimal& value) {
  TIDEMARK_ASSERT(holds(value));
  return ExactSum(value.coefficient, value.exponent);
}

BigInteger ExactSum::integer() const {
  return is_big_ ? *big_ : to_big(small_);
}

BigInteger ExactSum::integer_at(std::int32_t exponent) const {
  if (is_zero()) return 0;
  return integer() * power_of_ten(static_cast<std::uint32_t>(exponent_ - exponent));
}

bool ExactSum::is_zero() const {
  return is_big_ ? *big_ == 0 : tidemark::is_zero(small_);
}

bool ExactSum::is_negative() const {
  return is_big_ ? *big_ < 0 : small_.high < 0;
}

void ExactSum::add_slowly(const ExactSum& other) {
  // A zero has every exponent.
  if (other.is_zero()) return;
  if (is_zero()) {
    *this = other;
    return;
  }
  const std::int32_t least = std::min(exponent_, other.exponent_);
  if (!is_big_ && !other.is_big_) {
    Int128 mine, others, sum;
    if (scale(small_, static_cast<std::uint32_t>(exponent_ - least), mine) &&
        scale(other.small_, static_cast<std::uint32_t>(other.exponent_ - least), others) &&
        tidemark::add(mine, others, sum)) {
      small_ = sum;
      exponent_ = narrow(least);
      return;
    }
  }
  if (is_big_ && exponent_ == least) {
    *big_ += other.integer_at(least);
    return;
  }
  *this = ExactSum(integer_at(least) + other.integer_at(least), least);
}

ExactSum ExactSum::plus(const ExactSum& other) const {
  ExactSum sum(*this);
  sum.merge(other);
  return sum;
}

ExactSum ExactSum::minus(const ExactSum& other) const {
  Int128 negated;
  if (!other.is_big_ && multiply(other.small_, -1, negated)) return plus(ExactSum(negated, other.exponent_));
  return plus(ExactSum(BigInteger(-other.integer()), other.exponent_));
}

ExactSum ExactSum::times(std::uint64_t factor) const {
  Int128 result;
  if (!is_big_ && (factor >> 63) == 0 && multiply(small_, static_cast<std::int64_t>(factor), result)) {
    return ExactSum(result, exponent_);
  }
  return ExactSum(BigInteger(integer() * factor), exponent_);
}

ExactSum ExactSum::squared() const {
  if (!is_big_ && fits_int64(small_)) {
    const auto root = static_cast<std::int64_t>(small_.low);
    return ExactSum(product(root, root), 2 * exponent_);
  }
  const BigInteger root = integer();
  return ExactSum(BigInteger(root * root), 2 * exponent_);
}

std::optional<ExactSum> ExactSum::divided_by(std::uint64_t divisor) const {
  TIDEMARK_ASSERT(divisor > 0);
  if (is_zero()) return *this;
  if (!is_big_ && fits_int64(small_) && (divisor >> 63) == 0) {
    const auto narrow_value = static_cast<std::int64_t>(small_.low), by = static_cast<std::int64_t>(divisor);
    if (narrow_value % by == 0) return ExactSum(int128(narrow_value / by), exponent_);
  }
  // What the divisor keeps of the fraction in lowest terms must be twos and fives; each ten takes away one of both.
  BigInteger value = integer();
  const auto rest = static_cast<std::uint64_t>(BigInteger(boost::multiprecision::abs(value) % divisor));
  std::uint64_t kept = divisor / std::gcd(rest, divisor);
  std::uint32_t twos = 0, fives = 0;
  for (; kept % 2 == 0; kept /= 2) ++twos;
  for (; kept % 5 == 0; kept /= 5) ++fives;
  if (kept != 1) return std::nullopt;
  const std::uint32_t tens = std::max(twos, fives);
  value *= power_of_ten(tens);
  value /= divisor;
  return ExactSum(std::move(value), exponent_ - static_cast<std::int32_t>(tens));
}

ExactSum ExactSum::canonical() const {
  if (is_big_) {
    BigDecimal value = make_big_decimal(*big_, exponent_);
    return ExactSum(std::move(value.coefficient), value.exponent);
  }
  if (tidemark::is_zero(small_)) return {};
  ExactSum result(*this);
  while (divide_by_ten(result.small_)) ++result.exponent_;
  return result;
}

BigDecimal ExactSum::value() const {
  const ExactSum result = canonical();
  return {result.integer(), result.exponent_};
}

std::optional<Decimal> ExactSum::decimal() const {
  const ExactSum result = canonical();
  if (result.is_big_ || !fits_int64(result.small_)) return std::nullopt;
  const auto coefficient = static_cast<std::int64_t>(result.small_.low);
  if (coefficient <= -kPowersOfTen[kMaxPower64] || coefficient >= kPowersOfTen[kMaxPower64]) return std::nullopt;
  if (result.exponent_ < kLeastExponent || result.exponent_ > kGreatestExponent) return std::nullopt;
  return Decimal{coefficient, result.exponent_};
}

bool operator==(const ExactSum& a, const ExactSum& b) {
  if (!a.is_big_ && !b.is_big_ && a.exponent_ == b.exponent_) return a.small_ == b.small_;
  return a.value() == b.value();
}

void ExactSum::encode(ByteWriter& out) const {
  const ExactSum value = canonical();
  out.svarint(value.exponent_);
  value.encode_at(out, value.exponent_);
}

ExactSum ExactSum::decode(ByteReader& in) {
  const std::int64_t exponent = in.svarint();
  if (exponent < kLeastSumExponent || exponent > kGreatestSumExponent) {
    in.mark_damaged();
    return {};
  }
  ExactSum value = decode_at(in, static_cast<std::int32_t>(exponent));
  if (value.exponent() != exponent) {
    in.mark_damaged();
    return {};
  }
  return value;
}

void ExactSum::encode_at(ByteWriter& out, std::int32_t exponent) const {
  if (!is_big_) {
    // In memory the exponent may be below the wanted one: then the integer has the zeros to spare.
    Int128 scaled = small_;
    std::int32_t from = exponent_;
    while (from < exponent && divide_by_ten(scaled)) ++from;
    if (scale(scaled, static_cast<std::uint32_t>(from - exponent), scaled)) {
      write_integer(out, scaled);
      return;
    }
  }
  const BigDecimal exact = value();
  write_integer(
      out, exact.coefficient == 0
               ? BigInteger(0)
               : BigInteger(exact.coefficient * power_of_ten(static_cast<std::uint32_t>(exact.exponent - exponent))));
}

ExactSum ExactSum::decode_at(ByteReader& in, std::int32_t exponent) {
  std::variant<Int128, BigInteger> integer = read_integer(in, kMaxBytes);
  const Int128* const small = std::get_if<Int128>(&integer);
  const std::int64_t bits = small != nullptr ? bit_length(*small) : bit_length(std::get<BigInteger>(integer));
  if (!in_bounds(bits, exponent)) {
    in.mark_damaged();
    return {};
  }
  if (small != nullptr) return ExactSum(*small, exponent);
  return ExactSum(std::move(std::get<BigInteger>(integer)), exponent);
}

}  // namespace tidemark
