#include "edge/processor/tags.h"

#include "edge/bytes/byte_reader.h"

namespace tidemark {
namespace {

void append_escaped(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20) {
      out += "\\u00";
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

}  // namespace

std::string tags_json(std::string_view packed) {
  std::string out = "{";
  ByteReader in(packed);
  while (!in.at_end() && in.ok()) {
    if (out.size() > 1) out.push_back(',');
    append_escaped(out, in.bytes());
    out.push_back(':');
    append_escaped(out, in.bytes());
  }
  out.push_back('}');
  return out;
}

}  // namespace tidemark
