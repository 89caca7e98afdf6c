#include "edge/decode/senml_fields.h"

#include <algorithm>

#include "edge/decode/label.h"

namespace tidemark {
namespace {

constexpr bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

bool is_senml_name(std::string_view name) {
  static constexpr std::string_view kOthers = "-:./_";
  if (name.empty() || !(is_letter_or_digit(name.front()) || name.front() == '/')) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return is_letter_or_digit(c) || kOthers.find(c) != std::string_view::npos; });
}

Result<SenmlFields, DecoderError> SenmlFields::create(const std::vector<FieldDefinition>& fields, bool resolved) {
  SenmlFields result;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string key = "field[" + std::to_string(i) + "].path";
    Field field{fields[i].path, fields[i].unit, fields[i].name, fields[i].path.ends_with(kSumSuffix)};
    if (field.sum) field.path.resize(field.path.size() - kSumSuffix.size());
    const bool good = resolved ? is_senml_name(field.path) : !field.path.empty() && is_label(field.path);
    if (!good) {
      return fail(DecoderError::bad_path,
                  key + ": " +
                      (resolved ? "the whole name of a quantity, base name and name joined, of letters, digits "
                                  "and -:./_, such as urn:dev:ow:10e2073a01080063:voltage"
                                : "the name of a quantity without its base name, such as voltage"));
    }
    for (std::size_t before = 0; before < i; ++before) {
      const Field& other = result.fields_[before];
      if (other.path != field.path || other.sum != field.sum) continue;
      // Two fields of one name share its readings by their units.
      if (field.sum || field.unit.empty() || other.unit.empty() || field.unit == other.unit) {
        return fail(DecoderError::bad_path, key + ": field[" + std::to_string(before) +
                                                "] takes the same readings; leave one of them, or " +
                                                "give each its own unit");
      }
    }
    result.fields_.push_back(std::move(field));
  }
  return result;
}

SenmlFields::Wanted SenmlFields::find(std::string_view name, std::string_view unit, bool sum) const {
  Wanted result;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const Field& field = fields_[i];
    if (field.sum != sum || field.path != name) continue;
    if (sum || unit.empty() || field.unit.empty() || field.unit == unit) {
      return {Match::found, static_cast<std::int32_t>(i)};
    }
    result = {Match::other_unit, static_cast<std::int32_t>(i)};
  }
  return result;
}

}  // namespace tidemark
