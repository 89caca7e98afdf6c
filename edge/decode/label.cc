#include "edge/decode/label.h"

#include <simdjson.h>

#include <cstdint>
#include <cstring>

namespace tidemark {
namespace {

constexpr std::uint64_t kEveryByte = 0x0101'0101'0101'0101;
constexpr std::uint64_t kHighBits = kEveryByte * 0x80;

// The high bit of a byte is set when that byte is below 0x20. Bytes of 0x80 and more are not: `~word` clears them. (A
// borrow can set a bit above a true one, never without one.)
constexpr std::uint64_t controls(std::uint64_t word) {
  return (word - kEveryByte * 0x20) & ~word & kHighBits;
}

}  // namespace

bool is_clean_text(std::string_view text) {
  std::uint64_t not_ascii = 0;
  std::uint64_t control = 0;
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    not_ascii |= word & kHighBits;
    control |= controls(word);
  }
  for (; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    not_ascii |= byte & 0x80U;
    control |= byte < 0x20 ? 1U : 0U;
  }
  if (control != 0) return false;
  return not_ascii == 0 || simdjson::validate_utf8(text.data(), text.size());
}

bool is_label(std::string_view text) {
  return text.size() <= kMaxLabelBytes && is_clean_text(text);
}

}  // namespace tidemark
