#include "edge/event/column.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "edge/bytes/assert.h"
#include "edge/bytes/byte_reader.h"
#include "edge/bytes/byte_writer.h"
#include "edge/event/integer_bytes.h"

namespace tidemark {
namespace {

constexpr std::uint64_t kWidestNarrow = 8;

std::uint64_t byte_width(std::uint64_t value) {
  return (static_cast<std::uint64_t>(std::bit_width(value)) + 7) / 8;
}

void write_head(ByteWriter& out, std::uint64_t width, std::string_view base, std::uint64_t scale) {
  out.varint(width);
  out.bytes(base);
  out.varint(scale);
}

std::string encode_narrow(const std::vector<std::int64_t>& values) {
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  if (*least == 0 && *greatest == 0) return {};
  const auto base = static_cast<std::uint64_t>(*least);

  // Differences of int64 fit a uint64, so they are taken modulo 2^64.
  std::uint64_t scale = 0;
  for (const std::int64_t value : values) {
    if (scale == 1) break;
    scale = std::gcd(scale, static_cast<std::uint64_t>(value) - base);
  }
  if (scale == 0) scale = 1;  // all equal

  const std::uint64_t width = byte_width((static_cast<std::uint64_t>(*greatest) - base) / scale);
  ByteWriter head;
  write_head(head, width, signed_bytes(*least), scale);
  std::string bytes = head.take();
  const std::size_t planes = bytes.size();
  const std::size_t rows = values.size();
  bytes.resize(planes + static_cast<std::size_t>(width) * rows);
  for (std::size_t row = 0; row < rows; ++row) {
    std::uint64_t offset = (static_cast<std::uint64_t>(values[row]) - base) / scale;
    for (std::size_t at = planes + row; offset != 0; at += rows, offset >>= 8) bytes[at] = static_cast<char>(offset);
  }
  return bytes;
}

// Wide columns are rare (sums over decimals of very different size), and so they do without a common divisor.
std::string encode_wide(const std::vector<BigInteger>& values) {
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  const std::string widest = unsigned_bytes(*greatest - *least);
  TIDEMARK_ASSERT(widest.size() <= kMaxIntegerBytes);
  ByteWriter head;
  write_head(head, widest.size(), signed_bytes(*least), 1);
  std::string bytes = head.take();
  const std::size_t planes = bytes.size();
  const std::size_t rows = values.size();
  bytes.resize(planes + widest.size() * rows);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::string offset = unsigned_bytes(values[row] - *least);
    for (std::size_t k = 0; k < offset.size(); ++k) bytes[planes + k * rows + row] = offset[k];
  }
  return bytes;
}

// The offsets of a column of at most eight planes, plane by plane: each pass is a loop without branches.
void gather(std::string_view planes, std::uint64_t width, std::vector<std::int64_t>& offsets) {
  const std::size_t rows = offsets.size();
  std::fill(offsets.begin(), offsets.end(), 0);
  for (std::uint64_t k = 0; k < width; ++k) {
    const char* plane = planes.data() + static_cast<std::size_t>(k) * rows;
    for (std::size_t row = 0; row < rows; ++row) {
      const auto byte = static_cast<std::uint64_t>(static_cast<std::uint8_t>(plane[row]));
      offsets[row] = static_cast<std::int64_t>(static_cast<std::uint64_t>(offsets[row]) | (byte << (8 * k)));
    }
  }
}

// Nearly every column that is read fits; one that does not is no error, only slow.
// base + scale * offset for all, if every result fits an int64.
bool widen_in_place(std::vector<std::int64_t>& offsets, std::int64_t base, std::uint64_t scale) {
  std::uint64_t greatest = 0;
  for (const std::int64_t offset : offsets) greatest = std::max(greatest, static_cast<std::uint64_t>(offset));
  std::uint64_t span = 0;
  const std::uint64_t room = static_cast<std::uint64_t>(INT64_MAX) - static_cast<std::uint64_t>(base);
  if (__builtin_mul_overflow(greatest, scale, &span) || span > room) return false;
  for (std::int64_t& offset : offsets) {
    offset = static_cast<std::int64_t>(static_cast<std::uint64_t>(base) + scale * static_cast<std::uint64_t>(offset));
  }
  return true;
}

}  // namespace

void Integers::clear() {
  narrow_.clear();
  wide_.clear();
}

void Integers::push(std::int64_t value) {
  if (wide_.empty()) {
    narrow_.push_back(value);
  } else {
    wide_.emplace_back(value);
  }
}

void Integers::push(const BigInteger& value) {
  if (wide_.empty()) {
    if (const auto narrow = narrow_integer(value)) {
      narrow_.push_back(*narrow);
      return;
    }
    wide_.assign(narrow_.begin(), narrow_.end());
    narrow_.clear();
  }
  wide_.push_back(value);
}

BigInteger Integers::at(std::size_t index) const {
  return wide_.empty() ? BigInteger(narrow_[index]) : wide_[index];
}

std::string encode_column(const Integers& values) {
  TIDEMARK_ASSERT(values.size() > 0);
  if (values.is_narrow()) return encode_narrow(values.narrow());
  std::vector<BigInteger> wide;
  wide.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) wide.push_back(values.at(i));
  return encode_wide(wide);
}

bool decode_column(std::string_view bytes, std::uint32_t rows, Integers& values) {
  values.clear();
  if (bytes.empty()) {
    values.narrow_.assign(rows, 0);
    return true;
  }
  ByteReader in(bytes);
  const std::uint64_t width = in.varint();
  const std::string_view base = in.bytes();
  const std::uint64_t scale = in.varint();
  if (!in.ok() || width > kMaxIntegerBytes || base.size() > kMaxIntegerBytes || scale == 0) return false;
  const std::string_view planes = in.raw(width * rows);
  if (!in.ok() || !in.at_end()) return false;

  const BigInteger wide_base = integer_from_signed(base);
  const auto narrow_base = narrow_integer(wide_base);
  if (width <= kWidestNarrow && narrow_base) {
    values.narrow_.resize(rows);
    gather(planes, width, values.narrow_);
    if (widen_in_place(values.narrow_, *narrow_base, scale)) return true;
    values.narrow_.clear();
  }
  std::string offset(static_cast<std::size_t>(width), '\0');
  values.wide_.reserve(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t k = 0; k < width; ++k) offset[k] = planes[k * rows + row];
    values.wide_.push_back(wide_base + scale * integer_from_unsigned(offset));
  }
  return true;
}

}  // namespace tidemark
