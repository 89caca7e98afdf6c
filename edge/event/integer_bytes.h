// Integers of any size as little-endian bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "edge/value/big_decimal.h"

namespace tidemark {

/// Two's complement, as few bytes as hold the sign bit too; 0 takes none.
std::string signed_bytes(std::int64_t value);
std::string signed_bytes(const BigInteger& value);
/// Requires value >= 0; 0 takes none.
std::string unsigned_bytes(const BigInteger& value);

BigInteger integer_from_signed(std::string_view bytes);
BigInteger integer_from_unsigned(std::string_view bytes);

/// The value as an int64 if it fits.
std::optional<std::int64_t> narrow_integer(const BigInteger& value);

}  // namespace tidemark
