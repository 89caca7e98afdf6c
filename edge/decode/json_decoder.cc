#include "edge/decode/json_decoder.h"

#include <charconv>
#include <utility>

#include "edge/decode/json_reading.h"
#include "edge/decode/json_walk.h"
#include "edge/decode/label.h"
#include "edge/value/decimal.h"

namespace tidemark {
namespace {

using Kind = JsonValue::Kind;

constexpr std::uint64_t kGreatestSequence = std::uint64_t{1} << 63;

// A whole number of at most 2^63. Devices whose only numbers are floating write 5.0 or 1e3 for whole ones, too.
std::optional<std::uint64_t> parse_sequence(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc{} && after == end) {
    return number <= kGreatestSequence ? std::optional(number) : std::nullopt;
  }
  const auto parsed = parse_decimal(text);
  if (!parsed || parsed->inexact || parsed->value.coefficient < 0 || parsed->value.exponent < 0) return std::nullopt;
  number = static_cast<std::uint64_t>(parsed->value.coefficient);
  for (std::int32_t power = 0; power < parsed->value.exponent; ++power) {
    if (number > kGreatestSequence / 10) return std::nullopt;
    number *= 10;
  }
  return number;
}

// The text of a source or tag; empty if there is none.
tl::expected<std::string_view, Rejection> label_of(const JsonValue& value) {
  switch (value.kind) {
    case Kind::absent:
      return std::string_view{};
    case Kind::string:
      if (!is_label(value.text)) return tl::unexpected(Rejection::malformed);
      return value.text;
    case Kind::number:
    case Kind::boolean:
      if (value.text.size() > kMaxLabelBytes) return tl::unexpected(Rejection::malformed);
      return value.text;
    case Kind::no_text:
      return tl::unexpected(Rejection::malformed);
    case Kind::nonfinite:
    case Kind::object:
    case Kind::array:
      return tl::unexpected(Rejection::wrong_type);
  }
  return tl::unexpected(Rejection::wrong_type);
}

class JsonDecoder final : public Decoder {
 public:
  JsonDecoder(const StreamDefinition& definition, const PayloadLimits& limits, Identity identity, JsonPlan plan)
      : identity_(std::move(identity)),
        walk_(std::move(plan), limits.max_depth),
        max_bytes_(limits.max_bytes),
        time_format_(definition.time_format),
        utc_offset_(definition.utc_offset) {
    for (const FieldDefinition& field : definition.fields) field_names_.push_back(field.name);
  }

  [[nodiscard]] const std::vector<std::string>& tag_names() const override { return identity_.tag_names(); }
  [[nodiscard]] const TopicTemplate& topic() const override { return identity_.topic(); }
  std::string_view source_by_topic(const Message& message, std::span<const std::string_view> variables) override {
    return identity_.source_by_topic(message, variables);
  }

  void decode(const Message& message, std::span<const std::string_view> variables, Decoded& out) override {
    out.clear();
    out.rejection = find(message, variables, out.fields);
    if (out.rejection) {
      out.fields.clear();
      return;
    }
    for (const JsonWalk::Element& element : walk_.elements()) add_record(element, out);
  }

 private:
  // Why nothing of the message is taken, if so; otherwise walk_ has the findings.
  std::optional<Rejection> find(const Message& message, std::span<const std::string_view> variables,
                                std::vector<FieldValue>& named) {
    if (is_too_large(message, max_bytes_)) return Rejection::too_large;
    if (!identity_.load(message, variables)) return Rejection::malformed;
    if (const auto rejection = walk_.run(message.payload, named)) return rejection;
    if (walk_.plan().record_level() > 0) {
      if (walk_.each() == JsonWalk::Each::absent) return Rejection::missing_field;
      if (walk_.each() == JsonWalk::Each::wrong_type) return Rejection::wrong_type;
    }
    return std::nullopt;
  }

  void add_record(const JsonWalk::Element& found, Decoded& out) {
    walk_.select(found);
    Record& record = out.records.emplace_back();
    const auto reject = [&record](Rejection reason) {
      if (!record.rejection) record.rejection = reason;
    };
    if (found.rejection) reject(*found.rejection);
    add_labels(record, out, reject);
    add_time(record, reject);
    if (walk_.plan().fields().empty()) {
      record.first_field = found.first_reading;
      record.field_count = found.reading_count;
    } else {
      record.first_field = static_cast<std::uint32_t>(out.fields.size());
      for (std::size_t i = 0; i < field_names_.size(); ++i) add_field(i, out.fields);
      record.field_count = static_cast<std::uint32_t>(out.fields.size()) - record.first_field;
    }
    if (record.field_count == 0) reject(Rejection::missing_field);
  }

  template <typename Reject>
  void add_labels(Record& record, Decoded& out, const Reject& reject) {
    const JsonPlan& plan = walk_.plan();
    record.source = identity_.source_text();
    if (plan.source()) {
      const auto label = label_of(walk_.value(*plan.source()));
      if (label) record.source = *label;
      if (!label) reject(label.error());
    }
    if (record.source.empty()) reject(Rejection::missing_field);

    record.first_tag = static_cast<std::uint32_t>(out.tags.size());
    for (std::size_t i = 0; i < plan.tags().size(); ++i) {
      std::string_view text = identity_.tag_texts()[i];
      if (plan.tags()[i]) {
        const auto label = label_of(walk_.value(*plan.tags()[i]));
        if (label) text = *label;
        if (!label) reject(label.error());
      }
      out.tags.push_back(text);
    }
    if (!identity_.tags_fit(std::span(out.tags).subspan(record.first_tag))) reject(Rejection::malformed);
  }

  template <typename Reject>
  void add_time(Record& record, const Reject& reject) {
    const JsonPlan& plan = walk_.plan();
    if (plan.time()) {
      const auto reason = read_time(walk_.value(*plan.time()), time_format_, utc_offset_, record.time);
      if (reason) reject(*reason);
    }
    if (plan.sequence()) {
      const JsonValue& value = walk_.value(*plan.sequence());
      if (value.kind == Kind::number) record.sequence = parse_sequence(value.text);
      if (value.kind != Kind::absent && !record.sequence) reject(Rejection::wrong_type);
    }
  }

  void add_field(std::size_t index, std::vector<FieldValue>& fields) const {
    const JsonValue& value = walk_.value(walk_.plan().fields()[index]);
    if (value.kind == Kind::absent) return;
    FieldValue& field = fields.emplace_back();
    field.field = static_cast<std::int32_t>(index);
    field.name = field_names_[index];
    read_field(value, field);
  }

  Identity identity_;
  JsonWalk walk_;
  std::uint32_t max_bytes_;
  TimeFormat time_format_;
  Duration utc_offset_;
  std::vector<std::string> field_names_;
};

}  // namespace

Result<std::unique_ptr<Decoder>, DecoderError> make_json_decoder(const StreamDefinition& definition,
                                                                 const PayloadLimits& limits, Identity identity) {
  auto plan = JsonPlan::create(definition, identity);
  if (!plan) return tl::unexpected(plan.error());
  return std::make_unique<JsonDecoder>(definition, limits, std::move(identity), std::move(*plan));
}

}  // namespace tidemark
