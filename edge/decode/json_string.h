// The inside of JSON strings (RFC 8259 section 7): escapes.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace tidemark {

enum class JsonEscapes : unsigned char {
  none,      // no backslash: the text is as it stands
  valid,     // escapes to be replaced
  unpaired,  // grammatical, but names half a surrogate pair: not text
  invalid,   // not JSON
};

/// `inside`: what stands between the quotes.
JsonEscapes check_escapes(std::string_view inside);

/// Replaces the escapes in place. Requires check_escapes to have said `none` or `valid`.
std::string_view unescape(std::span<char> inside);

}  // namespace tidemark
