#include "edge/decode/senml_decoder.h"

#include <algorithm>
#include <string>
#include <utility>

#include "edge/decode/label.h"
#include "edge/decode/senml_cbor.h"
#include "edge/decode/senml_fields.h"
#include "edge/decode/senml_json.h"
#include "edge/decode/text_arena.h"
#include "edge/time/timestamp.h"
#include "edge/value/big_decimal.h"

namespace tidemark {
namespace {

using Kind = JsonValue::Kind;
using Label = SenmlLabel;

constexpr std::string_view kUnnamed = "value";  // a quantity with neither name nor unit
constexpr std::int64_t kGreatestVersion = 10;
// A time below it is relative to now, from it on one since 1970 (RFC 8428 section 4.5.3).
constexpr Duration kLeastAbsolute = seconds(std::int64_t{1} << 28);

/// A number of the pack, or why it is none.
struct Number {
  Decimal value;
  bool inexact = false;
  std::optional<Rejection> rejection;
};

Number number_of(const JsonValue& value) {
  if (value.out_of_range) return {{}, false, Rejection::out_of_range};
  if (value.kind == Kind::nonfinite) return {{}, false, Rejection::nonfinite};
  if (value.kind != Kind::number) return {{}, false, Rejection::wrong_type};
  return {value.value, value.inexact, {}};
}

// The exact sum, which SEMANTICS rule 1 treats as a text with all its digits.
Number sum_of(const Number& base, const Number& own) {
  if (own.rejection || base.value.coefficient == 0) return own;
  const std::int32_t exponent = std::min(base.value.exponent, own.value.exponent);
  const auto aligned = [exponent](const Decimal& value) -> BigInteger {
    return BigInteger(value.coefficient) * power_of_ten(static_cast<std::uint32_t>(value.exponent - exponent));
  };
  const BigInteger sum = aligned(base.value) + aligned(own.value);
  const auto parsed = parse_decimal(sum.str() + "e" + std::to_string(exponent));
  if (!parsed) return {{}, false, Rejection::out_of_range};
  return {parsed->value, parsed->inexact || base.inexact || own.inexact, {}};
}

/// Seconds with a fraction, floored to nanoseconds; or why there is no time.
struct Time {
  Duration since;
  std::optional<Rejection> rejection;
};

Time time_of(const JsonValue& value) {
  if (value.kind != Kind::number) return {{}, Rejection::no_time};
  const auto parsed = parse_epoch(value.text, seconds(1));
  if (!parsed) return {{}, Rejection::out_of_range};
  return {Duration{parsed->ns}, {}};
}

class SenmlDecoder final : public Decoder {
 public:
  SenmlDecoder(const PayloadLimits& limits, Identity identity, SenmlFields fields)
      : identity_(std::move(identity)),
        fields_(std::move(fields)),
        by_base_name_(identity_.source().path.has_value()),
        max_bytes_(limits.max_bytes),
        json_(limits.max_depth),
        cbor_(limits.max_depth) {}

  [[nodiscard]] const std::vector<std::string>& tag_names() const override { return identity_.tag_names(); }
  [[nodiscard]] const TopicTemplate& topic() const override { return identity_.topic(); }
  std::string_view source_by_topic(const Message& message, std::span<const std::string_view> variables) override {
    return identity_.source_by_topic(message, variables);
  }

  void decode(const Message& message, std::span<const std::string_view> variables, Decoded& out) override {
    out.clear();
    names_.clear();
    base_ = {};
    passed_over_ = false;
    arrival_ = message.arrival;
    out.rejection = find(message, variables, out);
    if (!out.rejection && out.records.empty() && passed_over_) out.rejection = Rejection::missing_field;
    if (!out.rejection) return;
    out.records.clear();
    out.fields.clear();
    out.tags.clear();
  }

 private:
  /// The base fields that hold for the record at hand.
  struct Base {
    std::string_view name;
    std::string_view unit;
    Duration time;
    std::optional<Number> value;
    std::optional<Number> sum;
  };

  std::optional<Rejection> find(const Message& message, std::span<const std::string_view> variables, Decoded& out) {
    if (is_too_large(message, max_bytes_)) return Rejection::too_large;
    if (!identity_.load(message, variables) || !identity_.tags_fit(identity_.tag_texts())) return Rejection::malformed;
    out.tags.assign(identity_.tag_texts().begin(), identity_.tag_texts().end());
    const std::string_view payload = message.payload;
    const std::size_t first = payload.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return Rejection::malformed;
    if (payload[first] == '[') return records_of(json_, payload, out);
    const auto byte = static_cast<unsigned char>(payload.front());
    if (byte >= 0x80 && byte <= 0x9F) return records_of(cbor_, payload, out);
    return Rejection::malformed;
  }

  template <typename Reader>
  std::optional<Rejection> records_of(Reader& reader, std::string_view payload, Decoded& out) {
    if (const auto rejection = reader.start(payload)) return rejection;
    while (reader.next(record_)) {
      if (const auto rejection = take_base()) return rejection;
      if (is_regular()) add_record(out);
    }
    return reader.failure();
  }

  // A base field that cannot be used leaves all that follows without meaning: the pack is rejected for it.
  std::optional<Rejection> take_base() {
    if (const JsonValue& version = record_[Label::bver]; record_.has(Label::bver)) {
      const bool whole = version.kind == Kind::number && !version.out_of_range && version.value.exponent >= 0;
      const bool known =
          whole && version.value.coefficient > 0 && compare(version.value, make_decimal(kGreatestVersion, 0)) <= 0;
      if (!known) return Rejection::malformed;
    }
    if (const auto rejection = take_text(Label::bn, base_.name)) return rejection;
    if (const auto rejection = take_text(Label::bu, base_.unit)) return rejection;
    if (record_.has(Label::bt)) {
      const Time time = time_of(record_[Label::bt]);
      if (time.rejection) return time.rejection;
      base_.time = time.since;
    }
    if (const auto rejection = take_number(Label::bv, base_.value)) return rejection;
    return take_number(Label::bs, base_.sum);
  }

  std::optional<Rejection> take_text(Label label, std::string_view& text) const {
    if (!record_.has(label)) return std::nullopt;
    if (record_[label].kind != Kind::string) return Rejection::wrong_type;
    text = record_[label].text;
    return std::nullopt;
  }

  std::optional<Rejection> take_number(Label label, std::optional<Number>& number) const {
    if (!record_.has(label)) return std::nullopt;
    number = number_of(record_[label]);
    return number->rejection;
  }

  // Whether there is more than base fields: those alone are a record that only speaks of the others.
  [[nodiscard]] bool is_regular() const {
    for (const Label label :
         {Label::n, Label::u, Label::v, Label::vs, Label::vb, Label::s, Label::t, Label::ut, Label::vd}) {
      if (record_.has(label)) return true;
    }
    return false;
  }

  void add_record(Decoded& out) {
    Record record;
    record.first_field = static_cast<std::uint32_t>(out.fields.size());
    record.source = identity_.source_text();
    const auto reject = [&record](Rejection reason) {
      if (!record.rejection) record.rejection = reason;
    };
    std::string_view own;
    std::string_view unit = base_.unit;
    if (const auto reason = take_text(Label::n, own)) reject(*reason);
    if (const auto reason = take_text(Label::u, unit)) reject(*reason);
    const std::string_view name = resolved_name(own, record, reject);
    if (!record.rejection) add_readings(by_base_name_ ? called(own, unit) : name, unit, out, reject);
    record.field_count = static_cast<std::uint32_t>(out.fields.size()) - record.first_field;
    if (record.field_count == 0 && !record.rejection) {
      passed_over_ = true;
      return;
    }
    if (record.source.empty()) reject(Rejection::missing_field);
    add_time(record, reject);
    out.records.push_back(record);
  }

  // Base name and name joined. A name that is none of SenML's rejects the record; where it holds the source, without
  // one.
  template <typename Reject>
  std::string_view resolved_name(std::string_view own, Record& record, const Reject& reject) {
    if (by_base_name_) record.source = {};
    if (base_.name.size() + own.size() > kMaxLabelBytes) {
      reject(Rejection::malformed);
      return {};
    }
    std::string_view name = own.empty() ? base_.name : own;
    if (!own.empty() && !base_.name.empty()) name = joined(base_.name, own);
    if (name.empty()) {
      reject(Rejection::missing_field);
    } else if (!is_senml_name(name)) {
      reject(Rejection::malformed);
    } else if (by_base_name_) {
      constexpr std::string_view kSeparators = "-:./_";
      record.source = base_.name;
      if (!record.source.empty() && kSeparators.find(record.source.back()) != std::string_view::npos) {
        record.source.remove_suffix(1);
      }
    }
    return name;
  }

  // What a quantity of a source that is the base name is called.
  static std::string_view called(std::string_view own, std::string_view unit) {
    if (!own.empty()) return own;
    return unit.empty() ? kUnnamed : unit;
  }

  template <typename Reject>
  void add_readings(std::string_view name, std::string_view unit, Decoded& out, const Reject& reject) {
    std::size_t values = 0;
    for (const Label label : {Label::v, Label::vs, Label::vb, Label::vd}) values += record_.has(label) ? 1U : 0U;
    const bool sum = record_.has(Label::s) || base_.sum.has_value();
    // A record has one value; without any, the base value or a sum must do (section 4.2).
    if (values > 1) return reject(Rejection::malformed);
    if (values == 0 && !sum && !base_.value) return reject(Rejection::missing_field);

    if (values > 0 || !record_.has(Label::s)) {
      if (values > 0 || base_.value) add_reading(name, unit, false, value_of_record(), out);
    }
    if (sum) add_reading(name, unit, true, added(record_[Label::s], base_.sum), out);
  }

  // Of a field and its base, of which one is there (section 4.5.4): what is missing is zero.
  static Number added(const JsonValue& own, const std::optional<Number>& base) {
    if (own.kind == Kind::absent) return *base;
    return base ? sum_of(*base, number_of(own)) : number_of(own);
  }

  [[nodiscard]] std::optional<Number> value_of_record() const {
    if (const JsonValue& boolean = record_[Label::vb]; record_.has(Label::vb)) {
      if (boolean.kind != Kind::boolean) return Number{{}, false, Rejection::wrong_type};
      return Number{boolean.value, false, {}};
    }
    if (record_.has(Label::vs) || record_.has(Label::vd)) return std::nullopt;
    return added(record_[Label::v], base_.value);
  }

  // `number`: nullopt is text or data, which is a reading only where a field is configured, of the wrong type then.
  void add_reading(std::string_view name, std::string_view unit, bool sum, const std::optional<Number>& number,
                   Decoded& out) {
    FieldValue reading;
    if (fields_.every()) {
      if (!number) return;
      reading.rejection = number->rejection;
      if (sum) name = name.size() + kSumSuffix.size() <= kMaxLabelBytes ? joined(name, kSumSuffix) : std::string_view{};
      if (!name.empty() && is_label(name)) {
        reading.name = name;
      } else {
        reading.rejection = Rejection::malformed;
      }
    } else {
      const SenmlFields::Wanted wanted = fields_.find(name, unit, sum);
      if (wanted.match == SenmlFields::Match::unknown) return;
      reading.field = wanted.field;
      reading.name = fields_.name(wanted.field);
      if (number) reading.rejection = number->rejection;
      if (!number || wanted.match == SenmlFields::Match::other_unit) reading.rejection = Rejection::wrong_type;
    }
    if (number) reading.value = number->value;
    if (number) reading.inexact = number->inexact;
    out.fields.push_back(reading);
  }

  template <typename Reject>
  void add_time(Record& record, const Reject& reject) {
    Duration since = base_.time;
    if (record_.has(Label::t)) {
      const Time own = time_of(record_[Label::t]);
      if (own.rejection) return reject(*own.rejection);
      since.ns = saturating_add(since.ns, own.since.ns);
    }
    if (since == Duration{}) return;  // now: the arrival
    EventTime time{since.ns};
    if (since < kLeastAbsolute) {
      time = EventTime{arrival_.ns} + since;
      record.by_arrival = true;
    }
    if (time < kEarliestEvent || time > kLatestEvent) return reject(Rejection::out_of_range);
    record.time = time;
  }

  std::string_view joined(std::string_view first, std::string_view second) {
    joined_.assign(first);
    joined_ += second;
    return names_.keep(joined_);
  }

  // Constant after construction.
  Identity identity_;
  SenmlFields fields_;
  bool by_base_name_;
  std::uint32_t max_bytes_;

  // Of the message at hand.
  SenmlJson json_;
  SenmlCbor cbor_;
  ArrivalTime arrival_;
  SenmlRecord record_;
  Base base_;
  bool passed_over_ = false;  // a record without a reading: text, data, or what no field is for
  std::string joined_;
  TextArena names_;
};

}  // namespace

Result<std::unique_ptr<Decoder>, DecoderError> make_senml_decoder(const StreamDefinition& definition,
                                                                  const PayloadLimits& limits, Identity identity) {
  const std::optional<Path>& source = identity.source().path;
  if (source && *source != Path{false, {{false, 0, "bn"}}}) {
    return fail(DecoderError::bad_source,
                "source: of a SenML payload it is \"bn\", the base name, or a topic variable, such as {device}");
  }
  for (std::size_t i = 0; i < identity.tags().size(); ++i) {
    if (!identity.tags()[i].path) continue;
    return fail(DecoderError::bad_tag, "tags." + identity.tag_names()[i] +
                                           ": a SenML payload has no paths; use a topic variable, such as {site}");
  }
  if (!definition.each.empty()) {
    return fail(DecoderError::bad_each, "each: every record of a SenML pack is one already; leave it out");
  }
  if (!definition.time.empty()) {
    return fail(DecoderError::bad_time, "time: a SenML record says its time itself; leave it out");
  }
  if (!definition.sequence.empty()) {
    return fail(DecoderError::bad_sequence, "sequence: SenML numbers no records; leave it out");
  }
  auto fields = SenmlFields::create(definition.fields, !source);
  if (!fields) return tl::unexpected(fields.error());
  return std::make_unique<SenmlDecoder>(limits, std::move(identity), std::move(*fields));
}

}  // namespace tidemark
