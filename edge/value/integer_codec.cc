#include "edge/value/integer_codec.h"

#include <string>

namespace tidemark {
namespace {

namespace mp = boost::multiprecision;

std::uint64_t low_half(const BigInteger& value) {
  return static_cast<std::uint64_t>(BigInteger(value & ~std::uint64_t{0}));
}

}  // namespace

void write_integer(ByteWriter& out, Int128 value) {
  const std::uint64_t sign = static_cast<std::uint64_t>(value.high >> 63);
  std::uint64_t low = (value.low << 1) ^ sign;
  std::uint64_t high = ((static_cast<std::uint64_t>(value.high) << 1) | (value.low >> 63)) ^ sign;
  while (high != 0) {
    out.u8(static_cast<std::uint8_t>(low | 0x80));
    low = (low >> 7) | (high << 57);
    high >>= 7;
  }
  out.varint(low);
}

void write_integer(ByteWriter& out, const BigInteger& value) {
  BigInteger folded = mp::abs(value);
  folded <<= 1;
  if (value < 0) --folded;
  std::string groups;
  mp::export_bits(folded, std::back_inserter(groups), 7, false);
  for (std::size_t i = 0; i + 1 < groups.size(); ++i) groups[i] = static_cast<char>(groups[i] | 0x80);
  out.raw(groups);
}

std::variant<Int128, BigInteger> read_integer(ByteReader& in, std::uint32_t max_bytes) {
  const std::size_t max_groups = (static_cast<std::size_t>(max_bytes) * 8 + 1 + 6) / 7;
  std::size_t size = 1;
  std::uint8_t last = 0;
  for (ByteReader ahead = in; (last = ahead.u8()) >= 0x80 && size <= max_groups;) ++size;
  const std::string_view groups = in.raw(size);
  if (!in.ok() || size > max_groups || (last == 0 && size > 1)) {
    in.mark_damaged();
    return Int128{0, 0};
  }
  const auto group = [groups](std::size_t i) { return static_cast<std::uint64_t>(groups[i] & 0x7f); };

  constexpr std::size_t kSmallGroups = 18;  // 126 bits
  if (size <= kSmallGroups) {
    std::uint64_t low = 0, high = 0;
    for (std::size_t i = size; i-- > 0;) {
      high = (high << 7) | (low >> 57);
      low = (low << 7) | group(i);
    }
    const std::uint64_t sign = ~(low & 1) + 1;
    return Int128{((low >> 1) | (high << 63)) ^ sign, static_cast<std::int64_t>((high >> 1) ^ sign)};
  }
  BigInteger folded;
  std::string bits(groups);
  for (char& c : bits) c = static_cast<char>(c & 0x7f);
  mp::import_bits(folded, bits.begin(), bits.end(), 7, false);
  const bool negative = mp::bit_test(folded, 0);
  if (negative) ++folded;
  folded >>= 1;
  if (negative) folded = -folded;
  Int128 small{0, 0};
  if (to_int128(folded, small)) return small;
  return folded;
}

BigInteger to_big(Int128 value) {
  if (fits_int64(value)) return static_cast<std::int64_t>(value.low);
  const Magnitude128 wide = magnitude(value);
  BigInteger result = wide.high;
  result <<= 64;
  result |= wide.low;
  return value.high < 0 ? BigInteger(-result) : result;
}

bool to_int128(const BigInteger& value, Int128& result) {
  if (value == 0) {
    result = {0, 0};
    return true;
  }
  BigInteger wide = mp::abs(value);
  if (mp::msb(wide) >= 127) return false;
  const std::uint64_t low = low_half(wide);
  wide >>= 64;
  const std::uint64_t high = low_half(wide);
  const bool negative = value < 0;
  result = {negative ? ~low + 1 : low, static_cast<std::int64_t>(negative ? ~high + (low == 0 ? 1 : 0) : high)};
  return true;
}

}  // namespace tidemark
