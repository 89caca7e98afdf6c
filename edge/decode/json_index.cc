#include "edge/decode/json_index.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace tidemark {

struct JsonIndex::Parser {
  simdjson::ondemand::parser parser;
  std::unique_ptr<char[]> copy;  // simdjson reads up to SIMDJSON_PADDING bytes past the end
  std::size_t capacity = 0;

  bool reserve(std::size_t size) {
    if (size <= capacity) return true;
    const std::size_t wanted = std::max<std::size_t>(1024, std::bit_ceil(size));
    copy = std::make_unique<char[]>(wanted + simdjson::SIMDJSON_PADDING);
    capacity = parser.allocate(wanted, parser.max_depth()) == simdjson::SUCCESS ? wanted : 0;
    return capacity != 0;
  }
};

JsonIndex::JsonIndex() : parser_(std::make_unique<Parser>()) {}
JsonIndex::JsonIndex(JsonIndex&&) noexcept = default;
JsonIndex& JsonIndex::operator=(JsonIndex&&) noexcept = default;
JsonIndex::~JsonIndex() = default;

bool JsonIndex::load(std::string_view json) {
  if (json.empty() || !parser_->reserve(json.size())) return false;
  text_ = parser_->copy.get();
  std::memcpy(text_, json.data(), json.size());
  text_[json.size()] = '\0';

  simdjson::ondemand::json_iterator tokens;
  const simdjson::padded_string_view padded(text_, json.size(), parser_->capacity + simdjson::SIMDJSON_PADDING);
  if (parser_->parser.iterate_raw(padded).get(tokens) != simdjson::SUCCESS) return false;
  offsets_ = tokens.position();
  return true;
}

}  // namespace tidemark
