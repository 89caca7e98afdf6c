#include "gateway/uplink/statistics.h"

#include <simdjson.h>

namespace tidemark {

std::optional<std::uint64_t> sent_bytes(std::string_view statistics) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  std::uint64_t bytes = 0;
  if (parser.parse(statistics.data(), statistics.size()).get(document) != simdjson::SUCCESS) return std::nullopt;
  if (document["tx_bytes"].get(bytes) != simdjson::SUCCESS) return std::nullopt;
  return bytes;
}

}  // namespace tidemark
