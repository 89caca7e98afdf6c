// Integers of any size as bytes: zig-zag, then LEB128 without a limit on length. An integer that fits 64 bits has the
// same bytes as ByteWriter::svarint's. The last byte is never zero, except that of zero.
#pragma once

#include <cstdint>
#include <variant>

#include "edge/bytes/byte_reader.h"
#include "edge/bytes/byte_writer.h"
#include "edge/value/big_decimal.h"
#include "edge/value/int128.h"

namespace tidemark {

void write_integer(ByteWriter& out, Int128 value);
void write_integer(ByteWriter& out, const BigInteger& value);

/// Marks the reader damaged, and returns zero, on more than `max_bytes` of magnitude or a superfluous last byte. An
/// integer that fits Int128 comes as one.
std::variant<Int128, BigInteger> read_integer(ByteReader& in, std::uint32_t max_bytes);

BigInteger to_big(Int128 value);

/// Whether `value` fits; `result` is then set.
bool to_int128(const BigInteger& value, Int128& result);

}  // namespace tidemark
