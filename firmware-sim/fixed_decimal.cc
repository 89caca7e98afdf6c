#include "firmware-sim/fixed_decimal.h"

#include <array>
#include <charconv>

namespace firmware_sim {

void append_integer(std::string& out, std::int64_t value) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append_text(std::string& out, const FixedDecimal& value) {
  std::uint64_t magnitude = static_cast<std::uint64_t>(value.units);
  if (value.units < 0) {
    out.push_back('-');
    magnitude = ~magnitude + 1;
  }
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), magnitude).ptr;
  const auto count = static_cast<std::uint32_t>(end - digits.data());
  if (count <= value.decimals) {
    out.push_back('0');
    if (value.decimals > 0) out.push_back('.');
    out.append(value.decimals - count, '0');
    if (value.decimals > 0) out.append(digits.data(), count);
    return;
  }
  out.append(digits.data(), count - value.decimals);
  if (value.decimals > 0) {
    out.push_back('.');
    out.append(digits.data() + (count - value.decimals), value.decimals);
  }
}

std::string canonical_text(const FixedDecimal& value) {
  FixedDecimal shortest = value;
  while (shortest.decimals > 0 && shortest.units % 10 == 0) {
    shortest.units /= 10;
    --shortest.decimals;
  }
  std::string text;
  append_text(text, shortest);
  return text;
}

}  // namespace firmware_sim
