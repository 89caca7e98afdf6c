#include "edge/processor/tags.h"

#include "edge/bytes/byte_reader.h"
#include "edge/bytes/json_text.h"

namespace tidemark {
std::string tags_json(std::string_view packed) {
  std::string out = "{";
  ByteReader in(packed);
  while (!in.at_end() && in.ok()) {
    if (out.size() > 1) out.push_back(',');
    append_json_text(out, in.bytes());
    out.push_back(':');
    append_json_text(out, in.bytes());
  }
  out.push_back('}');
  return out;
}

}  // namespace tidemark
