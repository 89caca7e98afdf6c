#include "edge/window/points.h"

#include <array>

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

std::size_t skip_varint(std::string_view bytes, std::size_t at) {
  while (at < bytes.size() && (static_cast<unsigned char>(bytes[at]) & 0x80) != 0) ++at;
  return at + 1;
}

}  // namespace

void Points::add(Duration since_start, const Decimal& value) {
  packed_.append(Record(since_start, value).view());
}

bool Points::contains(Duration since_start, const Decimal& value) const {
  const Record record(since_start, value);
  const std::string_view wanted = record.view();
  const std::string_view all = packed_;
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

}  // namespace tidemark
