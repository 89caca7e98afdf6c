#include "edge/decode/line_protocol_decoder.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "edge/decode/label.h"
#include "edge/decode/line_protocol_plan.h"
#include "edge/decode/line_protocol_reader.h"
#include "edge/decode/line_protocol_value.h"
#include "edge/decode/path.h"
#include "edge/decode/text_arena.h"

namespace tidemark {
namespace {

using Label = LineProtocolPlan::Label;

constexpr std::int64_t nanoseconds_in(TimeFormat format) {
  switch (format) {
    case TimeFormat::seconds:
      return 1'000'000'000;
    case TimeFormat::milliseconds:
      return 1'000'000;
    case TimeFormat::microseconds:
      return 1'000;
    case TimeFormat::nanoseconds:
    case TimeFormat::rfc3339:
    case TimeFormat::iso8601_local:
      break;
  }
  return 1;
}

class LineProtocolDecoder final : public Decoder {
 public:
  LineProtocolDecoder(const StreamDefinition& definition, const PayloadLimits& limits, Identity identity,
                      LineProtocolPlan plan)
      : identity_(std::move(identity)),
        plan_(std::move(plan)),
        max_bytes_(limits.max_bytes),
        time_unit_(nanoseconds_in(definition.time_format)),
        own_tags_(definition.default_tags) {
    for (const FieldDefinition& field : definition.fields) field_names_.push_back(field.name);
    if (!own_tags_) tag_names_ = identity_.tag_names();
    found_.resize(plan_.distinct_paths());
  }

  [[nodiscard]] const std::vector<std::string>& tag_names() const override { return tag_names_; }
  [[nodiscard]] const TopicTemplate& topic() const override { return identity_.topic(); }
  std::string_view source_by_topic(const Message& message, std::span<const std::string_view> variables) override {
    return identity_.source_by_topic(message, variables);
  }

  void decode(const Message& message, std::span<const std::string_view> variables, Decoded& out) override {
    out.clear();
    if (is_too_large(message, max_bytes_)) {
      out.rejection = Rejection::too_large;
    } else if (!identity_.load(message, variables)) {
      out.rejection = Rejection::malformed;
    }
    if (out.rejection) return;

    names_.clear();
    reader_.load(message.payload);
    bool any_line = false;
    while (true) {
      const LineProtocolReader::Found found = reader_.next();
      if (found == LineProtocolReader::Found::end) break;
      any_line = true;
      if (found == LineProtocolReader::Found::line) {
        add_record(out);
      } else {
        add_malformed(out);
      }
    }
    if (any_line && out.records.empty()) out.rejection = Rejection::missing_field;
  }

 private:
  // Nothing is known of it but what the topic says.
  void add_malformed(Decoded& out) {
    Record& record = out.records.emplace_back();
    record.rejection = Rejection::malformed;
    record.source = identity_.source_text();
    record.first_field = static_cast<std::uint32_t>(out.fields.size());
    record.first_tag = static_cast<std::uint32_t>(out.tags.size());
    if (!own_tags_) out.tags.insert(out.tags.end(), identity_.tag_texts().begin(), identity_.tag_texts().end());
  }

  void add_record(Decoded& out) {
    const auto first_field = static_cast<std::uint32_t>(out.fields.size());
    if (field_names_.empty()) {
      add_every_reading(out.fields);
    } else {
      add_wanted_readings(out.fields);
    }
    const auto count = static_cast<std::uint32_t>(out.fields.size()) - first_field;
    if (count == 0) return;

    Record& record = out.records.emplace_back();
    record.first_field = first_field;
    record.field_count = count;
    const auto reject = [&record](Rejection reason) {
      if (!record.rejection) record.rejection = reason;
    };
    add_source(record, reject);
    if (own_tags_) {
      add_own_tags(record, out.named_tags, reject);
    } else {
      add_configured_tags(record, out.tags, reject);
    }
    if (!read_time(record.time)) reject(Rejection::out_of_range);
  }

  void add_every_reading(std::vector<FieldValue>& fields) {
    name_.clear();
    append_key(name_, reader_.measurement());
    const std::size_t measurement = name_.size();
    for (const LineProtocolField& field : reader_.fields()) {
      if (field.kind == LineProtocolField::Kind::string) continue;
      FieldValue& reading = fields.emplace_back();
      read_line_protocol_value(field, scratch_, reading);
      name_.resize(measurement);
      append_key(name_, field.key);
      // The reader has seen to the rest of what a label is.
      if (name_.size() <= kMaxLabelBytes) {
        reading.name = names_.keep(name_);
      } else {
        reading.rejection = Rejection::malformed;
      }
    }
  }

  void add_wanted_readings(std::vector<FieldValue>& fields) {
    const LineProtocolPlan::Measurement* const wanted = plan_.measurement(reader_.measurement());
    if (wanted == nullptr) return;
    std::fill(found_.begin(), found_.end(), nullptr);
    std::size_t next = 0;
    for (const LineProtocolField& field : reader_.fields()) {
      if (const auto place = find_field(*wanted, field.key, next)) found_[*place] = &field;
    }
    for (std::size_t i = 0; i < field_names_.size(); ++i) {
      const LineProtocolField* const field = found_[plan_.fields()[i]];
      if (field == nullptr) continue;
      FieldValue& reading = fields.emplace_back();
      reading.field = static_cast<std::int32_t>(i);
      reading.name = field_names_[i];
      read_line_protocol_value(*field, scratch_, reading);
    }
  }

  // The text of a source or tag; empty if the line has none.
  [[nodiscard]] std::string_view text_of(const Label& label) const {
    if (!label.tag) return reader_.measurement();
    const std::vector<LineProtocolTag>& tags = reader_.tags();
    const auto at = std::lower_bound(tags.begin(), tags.end(), *label.tag,
                                     [](const LineProtocolTag& tag, std::string_view key) { return tag.key < key; });
    return at != tags.end() && at->key == *label.tag ? at->value : std::string_view();
  }

  template <typename Reject>
  void add_source(Record& record, const Reject& reject) const {
    record.source = identity_.source_text();
    if (plan_.source()) {
      record.source = text_of(*plan_.source());
      if (record.source.size() > kMaxLabelBytes) {
        record.source = {};
        reject(Rejection::malformed);
      }
    }
    if (record.source.empty()) reject(Rejection::missing_field);
  }

  template <typename Reject>
  void add_configured_tags(Record& record, std::vector<std::string_view>& tags, const Reject& reject) const {
    record.first_tag = static_cast<std::uint32_t>(tags.size());
    for (std::size_t i = 0; i < plan_.tags().size(); ++i) {
      std::string_view text = identity_.tag_texts()[i];
      if (plan_.tags()[i]) text = text_of(*plan_.tags()[i]);
      if (text.size() > kMaxLabelBytes) {
        text = {};
        reject(Rejection::malformed);
      }
      tags.push_back(text);
    }
    if (!identity_.tags_fit(std::span(tags).subspan(record.first_tag))) reject(Rejection::malformed);
  }

  // The line's own but the one that is the source, and the topic's variables: where both have a name, the line, which
  // is nearer to the reading, is right. Both are sorted.
  template <typename Reject>
  void add_own_tags(Record& record, std::vector<NamedTag>& tags, const Reject& reject) const {
    const std::vector<std::string>& names = identity_.tag_names();
    const auto first = tags.size();
    std::size_t bytes = 0, topic = 0;
    bool fit = true;
    const auto add = [&](std::string_view name, std::string_view value) {
      bytes += name.size() + value.size() + kTagOverhead;
      fit = fit && name.size() <= kMaxLabelBytes && value.size() <= kMaxLabelBytes && bytes <= kMaxTagBytes;
      if (fit) tags.push_back({name, value});
    };
    for (const LineProtocolTag& tag : reader_.tags()) {
      for (; topic < names.size() && std::string_view(names[topic]) < tag.key; ++topic)
        add(names[topic], identity_.tag_texts()[topic]);
      if (topic < names.size() && names[topic] == tag.key) ++topic;
      if (plan_.source() && plan_.source()->tag == tag.key) continue;
      add(tag.key, tag.value);
    }
    for (; topic < names.size(); ++topic) add(names[topic], identity_.tag_texts()[topic]);
    record.first_tag = static_cast<std::uint32_t>(first);
    record.named_tag_count = static_cast<std::uint32_t>(tags.size() - first);
    if (!fit) reject(Rejection::malformed);
  }

  // False: beyond the range of event time.
  bool read_time(std::optional<EventTime>& time) const {
    const std::string_view text = reader_.time();
    if (text.empty()) return true;
    std::int64_t number = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc{}) return false;
    EventTime found;
    if (__builtin_mul_overflow(number, time_unit_, &found.ns)) return false;
    if (found < kEarliestEvent || found > kLatestEvent) return false;
    time = found;
    return true;
  }

  // Constant after construction.
  Identity identity_;
  LineProtocolPlan plan_;
  std::uint32_t max_bytes_;
  std::int64_t time_unit_;
  bool own_tags_;
  std::vector<std::string> field_names_;
  std::vector<std::string> tag_names_;

  // Of the message and line at hand.
  LineProtocolReader reader_;
  std::vector<const LineProtocolField*> found_;  // for each distinct path
  std::string name_;
  std::string scratch_;
  TextArena names_;
};

}  // namespace

Result<std::unique_ptr<Decoder>, DecoderError> make_line_protocol_decoder(const StreamDefinition& definition,
                                                                          const PayloadLimits& limits,
                                                                          Identity identity) {
  auto plan = LineProtocolPlan::create(definition, identity);
  if (!plan) return tl::unexpected(plan.error());
  return std::make_unique<LineProtocolDecoder>(definition, limits, std::move(identity), std::move(*plan));
}

}  // namespace tidemark
