// Decodes one message and writes what was found as one line, so that tests are tables:
//   dev-1 {site=north} @1000 #7 temperature=21.5 humidity!wrong_type; dev-2 ... !no_time
// A rejected message is its reason alone.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "edge/decode/decoder.h"

namespace tidemark::test {

inline StreamDefinition climate() {
  StreamDefinition stream;
  stream.name = "climate";
  stream.topic = "plant/{site}/{device}/climate";
  stream.source = "{device}";
  return stream;
}

inline FieldDefinition field(std::string path, std::string name = {}) {
  return {path, name.empty() ? path : name, "", FieldKind::gauge};
}

inline std::string line_of(const Decoder& decoder, const Decoded& decoded) {
  if (decoded.rejection) {
    if (!decoded.records.empty() || !decoded.fields.empty()) return "a rejected message has records";
    return std::string(name_of(*decoded.rejection));
  }
  std::string line;
  const std::vector<std::string>& tags = decoder.tag_names();
  for (const Record& record : decoded.records) {
    if (!line.empty()) line += "; ";
    line += record.source;
    if (!tags.empty()) {
      line += " {";
      for (std::size_t i = 0; i < tags.size(); ++i) {
        line += (i == 0 ? "" : " ") + tags[i] + "=" + std::string(decoded.tags[record.first_tag + i]);
      }
      line += "}";
    }
    for (std::uint32_t i = 0; i < record.named_tag_count; ++i) {
      const NamedTag& tag = decoded.named_tags[record.first_tag + i];
      line += (i == 0 ? " {" : " ") + std::string(tag.name) + "=" + std::string(tag.value);
    }
    if (record.named_tag_count > 0) line += "}";
    if (record.time) line += " @" + std::to_string(record.time->ns);
    if (record.sequence) line += " #" + std::to_string(*record.sequence);
    for (std::uint32_t i = 0; i < record.field_count; ++i) {
      const FieldValue& found = decoded.fields[record.first_field + i];
      line += " " + std::string(found.name);
      line += found.rejection ? "!" + std::string(name_of(*found.rejection)) : "=" + to_string(found.value);
      if (found.inexact) line += "~";
    }
    if (record.rejection) line += " !" + std::string(name_of(*record.rejection));
  }
  return line.empty() ? "nothing" : line;
}

/// A decoder that is used for many messages, as in the appliance: what one leaves behind must not show in the next.
class Decoding {
 public:
  explicit Decoding(const StreamDefinition& stream, PayloadLimits limits = {})
      : decoder_(std::move(*Decoder::create(stream, limits))) {}

  std::string operator()(std::string_view payload, std::string_view topic = "plant/north/d-1/climate") {
    Message message;
    message.topic = topic;
    message.payload = payload;
    message.payload_size = payload.size();
    return operator()(message);
  }

  std::string operator()(const Message& message) {
    std::vector<std::string_view> variables;
    if (!decoder_->topic().match(message.topic, variables)) return "no match";
    decoder_->decode(message, variables, decoded_);
    return line_of(*decoder_, decoded_);
  }

  [[nodiscard]] const Decoded& decoded() const { return decoded_; }
  [[nodiscard]] Decoder& decoder() { return *decoder_; }

 private:
  std::unique_ptr<Decoder> decoder_;
  Decoded decoded_;
};

}  // namespace tidemark::test
