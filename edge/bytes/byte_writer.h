// Writes the little-endian, sized encodings of everything that is stored: fixed integers, LEB128 varints, zig-zag
// varints and length-prefixed bytes. The counterpart is ByteReader.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace tidemark {

class ByteWriter {
 public:
  void u8(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void u16(std::uint16_t value) { fixed(value, 2); }
  void u32(std::uint32_t value) { fixed(value, 4); }
  void u64(std::uint64_t value) { fixed(value, 8); }
  void i64(std::int64_t value) { fixed(static_cast<std::uint64_t>(value), 8); }

  /// LEB128, 1 to 10 bytes.
  void varint(std::uint64_t value) {
    // Most are short: one byte needs no buffer.
    if (value < 0x80) return u8(static_cast<std::uint8_t>(value));
    std::array<char, 10> buffer;
    std::size_t size = 0;
    for (; value >= 0x80; value >>= 7) buffer[size++] = static_cast<char>(static_cast<std::uint8_t>(value | 0x80));
    buffer[size++] = static_cast<char>(value);
    bytes_.append(buffer.data(), size);
  }

  /// Zig-zag, then LEB128: small magnitudes of either sign are short.
  void svarint(std::int64_t value) {
    varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }

  /// A varint length, then the bytes.
  void bytes(std::string_view value) {
    varint(value.size());
    bytes_.append(value);
  }

  void raw(std::string_view value) { bytes_.append(value); }

  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] std::string_view view() const { return bytes_; }
  [[nodiscard]] std::string take() { return std::move(bytes_); }
  void clear() { bytes_.clear(); }

 private:
  void fixed(std::uint64_t value, std::size_t width) {
    std::array<char, 8> buffer;
    for (std::size_t i = 0; i < width; ++i) buffer[i] = static_cast<char>(static_cast<std::uint8_t>(value >> (8 * i)));
    bytes_.append(buffer.data(), width);
  }

  std::string bytes_;
};

}  // namespace tidemark
