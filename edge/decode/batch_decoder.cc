#include "edge/decode/batch_decoder.h"

#include <utility>

#include "edge/decode/json_reading.h"
#include "edge/decode/json_walk.h"
#include "edge/decode/label.h"

namespace tidemark {
namespace {

using Kind = JsonValue::Kind;

class BatchDecoder final : public Decoder {
 public:
  BatchDecoder(const StreamDefinition& definition, const PayloadLimits& limits, Identity identity, JsonPlan plan)
      : identity_(std::move(identity)),
        by_key_(identity_.source().path.has_value()),
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
    if (!identity_.load(message, variables) || !identity_.tags_fit(identity_.tag_texts())) return Rejection::malformed;
    if (const auto rejection = walk_.run(message.payload, named)) return rejection;
    if (walk_.each() == JsonWalk::Each::absent) return Rejection::missing_field;
    if (walk_.each() == JsonWalk::Each::wrong_type) return Rejection::wrong_type;
    return std::nullopt;
  }

  void add_record(const JsonWalk::Element& found, Decoded& out) {
    walk_.select(found);
    Record& record = out.records.emplace_back();
    record.first_tag = static_cast<std::uint32_t>(out.tags.size());
    const auto texts = identity_.tag_texts();
    out.tags.insert(out.tags.end(), texts.begin(), texts.end());
    const JsonValue& values = walk_.value(*walk_.plan().values());
    add_fields(found, values.kind == Kind::object ? walk_.plan().fields() : walk_.plan().plain_fields(), record, out);

    record.rejection = found.rejection;
    const auto reject = [&record](Rejection reason) {
      if (!record.rejection) record.rejection = reason;
    };
    add_source(found, record, reject);
    add_time(values, record, reject);
    if (record.field_count == 0) reject(Rejection::missing_field);
  }

  template <typename Reject>
  void add_source(const JsonWalk::Element& found, Record& record, const Reject& reject) {
    record.source = identity_.source_text();
    if (by_key_) {
      const std::string_view key = walk_.key_of(found);
      if (is_label(key)) {
        record.source = key;
      } else {
        reject(Rejection::malformed);
      }
    }
    if (record.source.empty()) reject(Rejection::missing_field);
  }

  // `ts` and `values` are the format's own keys. A time whose values are not there would be a reading put into the
  // window of its arrival: rejected, before anything is counted where it does not belong.
  template <typename Reject>
  void add_time(const JsonValue& values, Record& record, const Reject& reject) {
    const JsonValue& time = walk_.value(*walk_.plan().time());
    if (values.kind == Kind::absent && time.kind != Kind::absent) reject(Rejection::missing_field);
    if (values.kind == Kind::absent) return;
    if (values.kind != Kind::object) return reject(Rejection::wrong_type);
    if (time.kind == Kind::absent) return;  // its arrival
    if (const auto reason = read_time(time, time_format_, utc_offset_, record.time)) reject(*reason);
  }

  void add_fields(const JsonWalk::Element& found, const std::vector<std::uint32_t>& nodes, Record& record,
                  Decoded& out) const {
    if (field_names_.empty()) {
      record.first_field = found.first_reading;
      record.field_count = found.reading_count;
      return;
    }
    record.first_field = static_cast<std::uint32_t>(out.fields.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const JsonValue& value = walk_.value(nodes[i]);
      if (value.kind == Kind::absent) continue;
      FieldValue& field = out.fields.emplace_back();
      field.field = static_cast<std::int32_t>(i);
      field.name = field_names_[i];
      read_field(value, field);
    }
    record.field_count = static_cast<std::uint32_t>(out.fields.size()) - record.first_field;
  }

  Identity identity_;
  bool by_key_;  // the payload's keys are the sources
  JsonWalk walk_;
  std::uint32_t max_bytes_;
  TimeFormat time_format_;
  Duration utc_offset_;
  std::vector<std::string> field_names_;
};

}  // namespace

Result<std::unique_ptr<Decoder>, DecoderError> make_batch_decoder(const StreamDefinition& definition,
                                                                  const PayloadLimits& limits, Identity identity) {
  const auto& source = identity.source().path;
  const bool by_key = source.has_value();
  if (by_key && *source != Path{.steps = {PathStep{.key = std::string(kBatchDevice)}}}) {
    return fail(DecoderError::bad_source,
                "source: a batch has no paths; write \"device\" where the payload's keys name the devices "
                "(v1/gateway/telemetry), or a topic variable, such as {device}");
  }
  for (std::size_t i = 0; i < identity.tags().size(); ++i) {
    if (!identity.tags()[i].path) continue;
    return fail(DecoderError::bad_tag,
                "tags." + identity.tag_names()[i] + ": a batch has no paths; use a topic variable, such as {site}");
  }
  if (!definition.each.empty()) {
    return fail(DecoderError::bad_each, "each: a batch says itself what its records are; leave it out");
  }
  if (!definition.time.empty()) {
    return fail(DecoderError::bad_time,
                "time: the time of a batch is always ts; leave it out, or use format = \"json\"");
  }
  if (!definition.sequence.empty()) {
    return fail(DecoderError::bad_sequence, "sequence: a batch has no number; leave it out, or use format = \"json\"");
  }
  auto plan = JsonPlan::create_batch(definition, by_key);
  if (!plan) return tl::unexpected(plan.error());
  return std::make_unique<BatchDecoder>(definition, limits, std::move(identity), std::move(*plan));
}

}  // namespace tidemark
