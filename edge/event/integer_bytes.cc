#include "edge/event/integer_bytes.h"

#include <cstdint>
#include <iterator>
#include <limits>

#include "edge/bytes/assert.h"

namespace tidemark {

namespace {
bool sign_bit(const std::string& bytes) {
  return (static_cast<std::uint8_t>(bytes.back()) & 0x80) != 0;
}
}  // namespace

std::string signed_bytes(std::int64_t value) {
  std::string bytes;
  if (value == 0) return bytes;
  // Until the rest says no more than the sign bit just written.
  do {
    bytes.push_back(static_cast<char>(value & 0xff));
    value >>= 8;
  } while (value != (sign_bit(bytes) ? -1 : 0));
  return bytes;
}

std::string signed_bytes(const BigInteger& value) {
  if (value == 0) return {};
  if (value > 0) {
    std::string bytes = unsigned_bytes(value);
    if (sign_bit(bytes)) bytes.push_back('\0');
    return bytes;
  }
  // Two's complement: ~(-value - 1), with a byte more where that leaves no room for the sign bit.
  std::string bytes = unsigned_bytes(-value - 1);
  if (bytes.empty() || sign_bit(bytes)) bytes.push_back('\0');
  for (char& byte : bytes) byte = static_cast<char>(~static_cast<std::uint8_t>(byte));
  return bytes;
}

std::string unsigned_bytes(const BigInteger& value) {
  TIDEMARK_ASSERT(value >= 0);
  std::string bytes;
  if (value == 0) return bytes;
  boost::multiprecision::export_bits(value, std::back_inserter(bytes), 8, false);
  return bytes;
}

BigInteger integer_from_unsigned(std::string_view bytes) {
  BigInteger value;
  if (bytes.empty()) return value;
  const auto* first = reinterpret_cast<const std::uint8_t*>(bytes.data());
  boost::multiprecision::import_bits(value, first, first + bytes.size(), 8, false);
  return value;
}

BigInteger integer_from_signed(std::string_view bytes) {
  BigInteger value = integer_from_unsigned(bytes);
  if (!bytes.empty() && (static_cast<std::uint8_t>(bytes.back()) & 0x80) != 0) {
    value -= BigInteger(1) << (8 * bytes.size());
  }
  return value;
}

std::optional<std::int64_t> narrow_integer(const BigInteger& value) {
  if (value < std::numeric_limits<std::int64_t>::min() || value > std::numeric_limits<std::int64_t>::max()) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(value);
}

}  // namespace tidemark
