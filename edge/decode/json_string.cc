#include "edge/decode/json_string.h"

#include <cstdint>
#include <cstring>

namespace tidemark {
namespace {

// The value of four hexadecimal digits at `text`, or more than 0xffff if they are not.
std::uint32_t hex4(const char* text) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = text[i];
    std::uint32_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<std::uint32_t>(c - '0');
    } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
      digit = static_cast<std::uint32_t>((c | 0x20) - 'a') + 10;
    } else {
      return 0x1'0000;
    }
    value = value << 4 | digit;
  }
  return value;
}

constexpr bool is_high_surrogate(std::uint32_t unit) {
  return unit >= 0xd800 && unit < 0xdc00;
}
constexpr bool is_low_surrogate(std::uint32_t unit) {
  return unit >= 0xdc00 && unit < 0xe000;
}

// What a two-character escape stands for, or NUL if there is none.
char simple_escape(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return '\0';
  }
}

char* put_utf8(char* to, std::uint32_t point) {
  const auto put = [&to](std::uint32_t byte) { *to++ = static_cast<char>(static_cast<unsigned char>(byte)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0 | point >> 6);
    put(0x80 | (point & 0x3f));
  } else if (point < 0x1'0000) {
    put(0xe0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3f));
    put(0x80 | (point & 0x3f));
  } else {
    put(0xf0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3f));
    put(0x80 | (point >> 6 & 0x3f));
    put(0x80 | (point & 0x3f));
  }
  return to;
}

}  // namespace

JsonEscapes check_escapes(std::string_view inside) {
  std::size_t i = inside.find('\\');
  if (i == std::string_view::npos) return JsonEscapes::none;
  bool unpaired = false;
  while (i != std::string_view::npos) {
    if (i + 1 == inside.size()) return JsonEscapes::invalid;
    if (inside[i + 1] != 'u') {
      if (simple_escape(inside[i + 1]) == '\0') return JsonEscapes::invalid;
      i += 2;
    } else {
      const std::uint32_t unit = i + 6 <= inside.size() ? hex4(inside.data() + i + 2) : 0x1'0000;
      if (unit > 0xffff) return JsonEscapes::invalid;
      i += 6;
      if (is_high_surrogate(unit) && inside.substr(i, 2) == "\\u" && i + 6 <= inside.size() &&
          is_low_surrogate(hex4(inside.data() + i + 2))) {
        i += 6;
      } else if (is_high_surrogate(unit) || is_low_surrogate(unit)) {
        unpaired = true;
      }
    }
    i = inside.find('\\', i);
  }
  return unpaired ? JsonEscapes::unpaired : JsonEscapes::valid;
}

std::string_view unescape(std::span<char> inside) {
  const char* from = inside.data();
  const char* const end = from + inside.size();
  char* to = inside.data();
  while (from < end) {
    if (*from != '\\') {
      *to++ = *from++;
    } else if (from[1] != 'u') {
      *to++ = simple_escape(from[1]);
      from += 2;
    } else {
      std::uint32_t point = hex4(from + 2);
      from += 6;
      if (is_high_surrogate(point)) {
        point = 0x1'0000 + ((point - 0xd800) << 10) + (hex4(from + 2) - 0xdc00);
        from += 6;
      }
      to = put_utf8(to, point);
    }
  }
  return {inside.data(), static_cast<std::size_t>(to - inside.data())};
}

}  // namespace tidemark
