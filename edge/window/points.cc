#include "edge/window/points.h"

#include <array>

#include "edge/bytes/assert.h"

namespace tidemark {
namespace {

constexpr std::array<std::int64_t, 4> kUnits = {1, 1'000, 1'000'000, 1'000'000'000};
constexpr std::uint8_t kExplicitExponent = 63;

/// One record on the stack: at most 1 + 5 + 10 + 10 bytes.
class Record {
 public:
  Record(Duration since_start, const Decimal& value) {
    std::uint8_t unit = 3;
    while (since_start.ns % kUnits[unit] != 0) --unit;
    const bool inline_exponent = value.exponent >= -32 && value.exponent <= 30;
    const auto exponent = inline_exponent ? static_cast<std::uint8_t>(value.exponent + 32) : kExplicitExponent;
    push(static_cast<std::uint8_t>(unit | (exponent << 2)));
    if (!inline_exponent) signed_varint(value.exponent);
    varint(static_cast<std::uint64_t>(since_start.ns / kUnits[unit]));
    signed_varint(value.coefficient);
  }

  [[nodiscard]] std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  void push(std::uint8_t byte) { bytes_[size_++] = static_cast<char>(byte); }
  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      push(static_cast<std::uint8_t>(value | 0x80));
      value >>= 7;
    }
    push(static_cast<std::uint8_t>(value));
  }
  void signed_varint(std::int64_t value) {
    varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }

  std::array<char, 32> bytes_;
  std::size_t size_ = 0;
};

/// What the next point is told from.
struct Before {
  std::int64_t time = 0;
  std::int64_t step = 0;
  std::int64_t coefficient = 0;
  std::int32_t exponent = 0;
};

constexpr std::uint8_t kNoJitter = 4;
constexpr std::uint8_t kSameExponent = 8;
constexpr std::uint8_t kDifferenceFollows = 15;

/// a - b and a + b in 64 bits that wrap: any int64 comes back.
std::int64_t wrapping_difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t wrapping_sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
std::uint64_t zig_zag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
std::int64_t from_zig_zag(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

void encode_point(ByteWriter& out, Before& before, std::int64_t time, const Decimal& value) {
  const std::int64_t step = wrapping_difference(time, before.time);
  const std::int64_t jitter = wrapping_difference(step, before.step);
  const std::uint64_t difference = zig_zag(wrapping_difference(value.coefficient, before.coefficient));
  std::uint8_t unit = 0;
  while (jitter != 0 && unit < 3 && jitter % kUnits[unit + 1u] == 0) ++unit;
  const bool short_difference = difference < kDifferenceFollows;
  const std::uint8_t inline_difference = short_difference ? static_cast<std::uint8_t>(difference) : kDifferenceFollows;
  std::uint8_t head = static_cast<std::uint8_t>(unit | (inline_difference << 4));
  if (jitter == 0) head |= kNoJitter;
  if (value.exponent == before.exponent) head |= kSameExponent;
  out.u8(head);
  if (jitter != 0) out.svarint(jitter / kUnits[unit]);
  if (value.exponent != before.exponent) out.svarint(value.exponent);
  if (!short_difference) out.varint(difference);
  before = {time, step, value.coefficient, value.exponent};
}

std::size_t skip_varint(std::string_view bytes, std::size_t at) {
  while (at < bytes.size() && (static_cast<unsigned char>(bytes[at]) & 0x80) != 0) ++at;
  return at + 1;
}

}  // namespace

void Points::add(Duration since_start, const Decimal& value) {
  records_.append(Record(since_start, value).view());
}

bool Points::contains(Duration since_start, const Decimal& value) const {
  const Record record(since_start, value);
  const std::string_view wanted = record.view();
  const std::string_view all = records_;
  std::size_t at = 0;
  while (at < all.size()) {
    if (all.substr(at, wanted.size()) == wanted) return true;
    const bool explicit_exponent = (static_cast<unsigned char>(all[at]) >> 2) == kExplicitExponent;
    at = skip_varint(all, at + 1);
    at = skip_varint(all, at);
    if (explicit_exponent) at = skip_varint(all, at);
  }
  return false;
}

void Points::encode(ByteWriter& out) const {
  ByteWriter points;
  Before before;
  ByteReader in(records_);
  while (!in.at_end()) {
    const std::uint8_t head = in.u8();
    const auto packed_exponent = static_cast<std::uint8_t>(head >> 2);
    Decimal value;
    value.exponent = packed_exponent == kExplicitExponent ? static_cast<std::int32_t>(in.svarint())
                                                          : static_cast<std::int32_t>(packed_exponent) - 32;
    const std::int64_t time = static_cast<std::int64_t>(in.varint()) * kUnits[head & 3];
    value.coefficient = in.svarint();
    TIDEMARK_ASSERT(in.ok());
    encode_point(points, before, time, value);
  }
  out.bytes(points.view());
}

Points Points::decode(ByteReader& in) {
  Points points;
  ByteReader from(in.bytes());
  Before before;
  while (from.ok() && !from.at_end()) {
    const std::uint8_t head = from.u8();
    std::int64_t jitter = 0;
    if ((head & kNoJitter) == 0 && __builtin_mul_overflow(from.svarint(), kUnits[head & 3], &jitter)) {
      from.mark_damaged();
    }
    const std::int64_t exponent = (head & kSameExponent) != 0 ? before.exponent : from.svarint();
    const auto inline_difference = static_cast<std::uint8_t>(head >> 4);
    const std::uint64_t difference = inline_difference == kDifferenceFollows ? from.varint() : inline_difference;
    before.step = wrapping_sum(before.step, jitter);
    before.time = wrapping_sum(before.time, before.step);
    before.coefficient = wrapping_sum(before.coefficient, from_zig_zag(difference));
    before.exponent = static_cast<std::int32_t>(exponent);
    if (before.time < 0 || before.exponent != exponent) from.mark_damaged();
    if (from.ok()) points.add({before.time}, {before.coefficient, before.exponent});
  }
  if (!from.ok()) in.mark_damaged();
  return points;
}

}  // namespace tidemark
