#include "edge/event/pane_assembler.h"

#include <utility>

#include "edge/value/power_of_ten.h"

namespace tidemark {
namespace {

constexpr std::int64_t kCoefficientBound = kPowersOfTen[kMaxPower64];

// integer * 10^exponent, if that is a Decimal.
bool make(std::int64_t integer, std::int32_t exponent, Decimal& result) {
  if (integer == 0) {
    result = {};
    return true;
  }
  while (integer % 10 == 0) {
    integer /= 10;
    ++exponent;
  }
  result = {integer, exponent};
  return integer > -kCoefficientBound && integer < kCoefficientBound && exponent >= kLeastExponent &&
         exponent <= kGreatestExponent;
}

bool make(const BigInteger& integer, std::int32_t exponent, Decimal& result) {
  const BigDecimal value = make_big_decimal(integer, exponent);
  if (value.coefficient <= -kCoefficientBound || value.coefficient >= kCoefficientBound) return false;
  result = {static_cast<std::int64_t>(value.coefficient), value.exponent};
  return value.exponent >= kLeastExponent && value.exponent <= kGreatestExponent;
}

bool make(const BigInteger& integer, std::int32_t exponent, ExactSum& result) {
  const BigDecimal value = make_big_decimal(integer, exponent);
  if (!ExactSum::holds(value)) return false;
  result = ExactSum::from(value);
  return true;
}

// (variance + sum²) / count, if that is an integer that 128 bits hold. With sum = count·q + r it is
// count·q² + 2·q·r + (variance + r²) / count, and only the last quotient, of 64 bits, has to be taken: a division of
// 128 bits is as slow as all the rest.
bool make_squares(std::int64_t variance, std::int64_t sum, std::int64_t count, std::int32_t exponent,
                  ExactSum& result) {
  const std::int64_t q = sum / count, r = sum % count;
  std::int64_t rest = 0, cross = 0, both = 0;
  if (__builtin_mul_overflow(r, r, &rest) || __builtin_add_overflow(rest, variance, &rest) || rest % count != 0 ||
      __builtin_mul_overflow(2 * r, q, &cross) || __builtin_add_overflow(cross, rest / count, &both)) {
    return false;
  }
  result = ExactSum(Decimal{q, exponent / 2}).squared().times(static_cast<std::uint64_t>(count));
  result.merge(ExactSum(Decimal{both, exponent}));
  return true;
}

}  // namespace

PaneAssembler::PaneAssembler(const PaneColumns& columns, ComponentSet kept, std::int32_t exponent)
    : columns_(columns),
      kept_(kept),
      exponent_(exponent),
      all_narrow_(columns.sum.is_narrow() && columns.variance.is_narrow() && columns.min.is_narrow() &&
                  columns.max.is_narrow() && columns.first.is_narrow() && columns.last.is_narrow() &&
                  2 * exponent >= kLeastExponent && 2 * exponent <= kGreatestExponent) {}

bool PaneAssembler::assemble(std::size_t row, Pane& pane) const {
  pane.start = {columns_.start.narrow()[row]};
  pane.revision = static_cast<std::uint32_t>(columns_.revision.narrow()[row]);
  pane.kind = static_cast<PaneKind>(columns_.pane_kind.narrow()[row]);
  pane.flags = static_cast<std::uint16_t>(columns_.flags.narrow()[row]);
  const std::int64_t count = columns_.count.narrow()[row];
  Numbers numbers;
  // The narrow way says no to whatever it cannot do; the wide way then has the last word.
  if (!(all_narrow_ && narrow(row, count, numbers)) && !wide(row, count, numbers)) return false;
  if (!times(row, pane.start, numbers.endpoints)) return false;
  pane.state = WindowState::from_parts(kept_, static_cast<std::uint64_t>(count), std::move(numbers.sum),
                                       std::move(numbers.squares), numbers.extremes, numbers.endpoints);
  return true;
}

// Nearly all panes go this way: plain 64-bit arithmetic, every step checked. A batch of floats with 16 digits, which
// cannot, takes three times as long to decode.
bool PaneAssembler::narrow(std::size_t row, std::int64_t count, Numbers& numbers) const {
  const std::int64_t min = columns_.min.narrow()[row], above_min = columns_.max.narrow()[row];
  const std::int64_t first_offset = columns_.first.narrow()[row], last_offset = columns_.last.narrow()[row];
  const bool extremes = kept_.has(Component::extremes);
  std::int64_t max = 0;
  if (extremes) {
    if (above_min < 0 || __builtin_add_overflow(min, above_min, &max)) return false;
    if (!make(min, exponent_, numbers.extremes.min)) return false;
    // A window of one reading, or of equal ones: nothing to work out again.
    numbers.extremes.max = numbers.extremes.min;
    if (above_min != 0 && !make(max, exponent_, numbers.extremes.max)) return false;
  }
  if (kept_.has(Component::endpoints)) {
    if (extremes) {
      // With both offsets within the span, neither sum below can overflow.
      if (first_offset < 0 || first_offset > above_min || last_offset < 0 || last_offset > above_min) return false;
      if (!make(min + first_offset, exponent_, numbers.endpoints.first)) return false;
      if (!make(max - last_offset, exponent_, numbers.endpoints.last)) return false;
    } else if (!make(first_offset, exponent_, numbers.endpoints.first) ||
               !make(last_offset, exponent_, numbers.endpoints.last)) {
      return false;
    }
  }
  std::int64_t sum = 0;
  if (kept_.has(Component::sum)) {
    std::int64_t least = 0, room = 0;
    const std::int64_t above_least = columns_.sum.narrow()[row];
    if (__builtin_mul_overflow(count, min, &least) || __builtin_add_overflow(least, above_least, &sum)) return false;
    if (extremes && (above_least < 0 || __builtin_mul_overflow(count, above_min, &room) || above_least > room)) {
      return false;
    }
    Decimal value;
    if (!make(sum, exponent_, value)) return false;
    numbers.sum = ExactSum(value);
  }
  if (!kept_.has(Component::squares)) return true;
  const std::int64_t variance = columns_.variance.narrow()[row];
  return variance >= 0 && make_squares(variance, sum, count, 2 * exponent_, numbers.squares);
}

// The same formulas in integers of any size: the definition of what is right.
bool PaneAssembler::wide(std::size_t row, std::int64_t count, Numbers& numbers) const {
  const BigInteger min = columns_.min.at(row), max = min + columns_.max.at(row);
  const bool extremes = kept_.has(Component::extremes);
  if (extremes) {
    if (max < min || !make(min, exponent_, numbers.extremes.min) || !make(max, exponent_, numbers.extremes.max)) {
      return false;
    }
  }
  if (kept_.has(Component::endpoints)) {
    const BigInteger first = min + columns_.first.at(row);
    const BigInteger last = extremes ? BigInteger(max - columns_.last.at(row)) : columns_.last.at(row);
    if (extremes && (first < min || first > max || last < min || last > max)) return false;
    if (!make(first, exponent_, numbers.endpoints.first) || !make(last, exponent_, numbers.endpoints.last)) {
      return false;
    }
  }
  BigInteger sum = 0;
  if (kept_.has(Component::sum)) {
    const BigInteger least = count * min;
    sum = columns_.sum.at(row) + least;
    if (extremes && (sum < least || sum > count * max)) return false;
    if (!make(sum, exponent_, numbers.sum)) return false;
  }
  if (!kept_.has(Component::squares)) return true;
  const BigInteger variance = columns_.variance.at(row);
  const BigInteger total = variance + sum * sum;
  return variance >= 0 && total % count == 0 && make(BigInteger(total / count), 2 * exponent_, numbers.squares);
}

// Times are bounded by int64 only. Whether they lie within the window is the writer's affair: a reader that refused
// them would lose the whole event over it.
bool PaneAssembler::times(std::size_t row, EventTime start, Endpoints& endpoints) const {
  return !__builtin_add_overflow(start.ns, columns_.first_time.narrow()[row], &endpoints.first_time.ns) &&
         !__builtin_add_overflow(endpoints.first_time.ns, columns_.last_time.narrow()[row], &endpoints.last_time.ns);
}

}  // namespace tidemark
