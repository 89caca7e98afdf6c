#include "edge/decode/scalar_decoder.h"

#include <algorithm>
#include <utility>

#include "edge/value/decimal.h"

namespace tidemark {
namespace {

std::string_view without_surrounding_space(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// `word`: in lower case.
bool is_word(std::string_view text, std::string_view word) {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b;
  });
}

void read_value(std::string_view text, FieldValue& reading) {
  if (is_word(text, "true") || is_word(text, "on")) {
    reading.value = Decimal{1, 0};
    return;
  }
  if (is_word(text, "false") || is_word(text, "off")) return;
  const auto parsed = parse_decimal(text);
  if (parsed) {
    reading.value = parsed->value;
    reading.inexact = parsed->inexact;
    return;
  }
  switch (parsed.error()) {
    case DecimalError::malformed:
      reading.rejection = Rejection::wrong_type;
      break;
    case DecimalError::nonfinite:
      reading.rejection = Rejection::nonfinite;
      break;
    case DecimalError::out_of_range:
      reading.rejection = Rejection::out_of_range;
      break;
  }
}

class ScalarDecoder final : public Decoder {
 public:
  ScalarDecoder(const StreamDefinition& definition, const PayloadLimits& limits, Identity identity)
      : identity_(std::move(identity)), max_bytes_(limits.max_bytes) {
    if (!definition.fields.empty()) {
      field_ = 0;
      name_ = definition.fields[0].name;
    }
  }

  [[nodiscard]] const std::vector<std::string>& tag_names() const override { return identity_.tag_names(); }
  [[nodiscard]] const TopicTemplate& topic() const override { return identity_.topic(); }
  std::string_view source_by_topic(const Message& message, std::span<const std::string_view> variables) override {
    return identity_.source_by_topic(message, variables);
  }

  void decode(const Message& message, std::span<const std::string_view> variables, Decoded& out) override {
    out.clear();
    const std::string_view text = without_surrounding_space(message.payload);
    if (is_too_large(message, max_bytes_)) {
      out.rejection = Rejection::too_large;
    } else if (!identity_.load(message, variables) || text.empty()) {
      out.rejection = Rejection::malformed;
    }
    if (out.rejection) return;

    Record record;
    record.source = identity_.source_text();
    record.field_count = 1;
    if (record.source.empty()) record.rejection = Rejection::missing_field;
    out.tags.assign(identity_.tag_texts().begin(), identity_.tag_texts().end());
    out.records.push_back(record);
    FieldValue reading;
    reading.field = field_;
    reading.name = name_;
    read_value(text, reading);
    out.fields.push_back(reading);
  }

 private:
  Identity identity_;
  std::uint32_t max_bytes_;
  std::int32_t field_ = -1;
  std::string name_ = "value";
};

}  // namespace

Result<std::unique_ptr<Decoder>, DecoderError> make_scalar_decoder(const StreamDefinition& definition,
                                                                   const PayloadLimits& limits, Identity identity) {
  const auto no_paths = [](DecoderError code, const std::string& key) {
    return fail(code, key + ": a scalar payload has no paths; leave it out, or use format = \"json\"");
  };
  if (const std::string key = identity.first_path_key(); !key.empty()) {
    return fail(key == "source" ? DecoderError::bad_source : DecoderError::bad_tag,
                key + ": a scalar payload has no paths; use a topic variable, such as {device}");
  }
  if (!definition.each.empty()) return no_paths(DecoderError::bad_each, "each");
  if (!definition.time.empty()) return no_paths(DecoderError::bad_time, "time");
  if (!definition.sequence.empty()) return no_paths(DecoderError::bad_sequence, "sequence");
  if (definition.fields.size() > 1) {
    return fail(DecoderError::bad_path, "field[1]: a scalar payload has one value; leave one field");
  }
  return std::make_unique<ScalarDecoder>(definition, limits, std::move(identity));
}

}  // namespace tidemark
