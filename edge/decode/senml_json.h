// SenML in JSON (RFC 8428 section 5): the records of a pack, one after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "edge/decode/json_walk.h"
#include "edge/decode/senml_record.h"
#include "edge/ledger/rejection.h"

namespace tidemark {

class SenmlJson {
 public:
  explicit SenmlJson(std::uint32_t max_depth);

  /// Reads the whole text: nullopt, or why nothing of it is taken. Texts in its records are views into this object
  /// until the next start.
  std::optional<Rejection> start(std::string_view payload);

  /// False: there is no further record.
  bool next(SenmlRecord& record);

  /// Why next() came to an end too early. Never: start() has seen the whole text.
  [[nodiscard]] static std::optional<Rejection> failure() { return std::nullopt; }

 private:
  JsonWalk walk_;
  std::vector<FieldValue> unnamed_;  // the walk names no readings where fields are wanted
  std::size_t next_ = 0;
};

}  // namespace tidemark
