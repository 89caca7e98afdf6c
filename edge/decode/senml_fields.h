// What a SenML pack's quantities are called, and which of them a stream wants.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "edge/bytes/result.h"
#include "edge/decode/decoder.h"
#include "edge/stream/stream_definition.h"

namespace tidemark {

/// Stands behind the name of a value's field to name that of its sum; no SenML name holds a '#'.
inline constexpr std::string_view kSumSuffix = "#sum";

/// RFC 8428 section 4.5.1: letters, digits and "-:./_", the first a letter or digit. OMA's LwM2M begins its names with
/// the "/" of its paths ("/3303/0/5700"): that passes, too.
bool is_senml_name(std::string_view name);

class SenmlFields {
 public:
  enum class Match : std::uint8_t { found, unknown, other_unit };
  struct Wanted {
    Match match = Match::unknown;
    std::int32_t field = -1;
  };

  /// `resolved`: names are resolved ones, of SenML's alphabet. On failure the context names the key and says what would
  /// be right.
  static Result<SenmlFields, DecoderError> create(const std::vector<FieldDefinition>& fields, bool resolved);

  /// No fields are configured: every quantity is a reading.
  [[nodiscard]] bool every() const { return fields_.empty(); }
  [[nodiscard]] const std::string& name(std::int32_t field) const {
    return fields_[static_cast<std::size_t>(field)].name;
  }

  /// Which field takes the value or the sum called `name`. `unit` may be empty: not said. A sum's unit is not that of
  /// its value (a power's sum is an energy), and is not looked at.
  [[nodiscard]] Wanted find(std::string_view name, std::string_view unit, bool sum) const;

 private:
  struct Field {
    std::string path;  // without the suffix
    std::string unit;
    std::string name;
    bool sum = false;
  };
  std::vector<Field> fields_;
};

}  // namespace tidemark
