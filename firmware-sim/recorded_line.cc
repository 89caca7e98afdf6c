#include "firmware-sim/recorded_line.h"

#include <fmt/format.h>

#include <utility>

namespace firmware_sim {
namespace {

namespace ondemand = simdjson::ondemand;

tl::unexpected<std::string> wrong(std::string sentence) {
  return tl::unexpected<std::string>(std::move(sentence));
}

}  // namespace

RecordedLineParser::RecordedLineParser(Keys keys)
    : keys_(std::move(keys)),
      whole_line_(!keys_.topic_key.empty() || !keys_.at_key.empty()),
      topic_key_(keys_.topic_key.empty() ? "topic" : keys_.topic_key),
      at_key_(keys_.at_key.empty() ? "at" : keys_.at_key) {}

tl::expected<RecordedLine, std::string> RecordedLineParser::parse(std::string_view line) {
  text_ = simdjson::padded_string(line);
  ondemand::document document;
  if (parser_.iterate(text_).get(document)) return wrong("not JSON");
  ondemand::object object;
  if (document.get_object().get(object)) return wrong("not a JSON object");
  auto parsed = parse_object(object);
  if (parsed && whole_line_) {
    payload_.assign(line);
    parsed->payload = payload_;
  }
  return parsed;
}

tl::expected<RecordedLine, std::string> RecordedLineParser::parse_object(ondemand::object object) {
  RecordedLine line;
  bool with_topic = false;
  bool with_payload = whole_line_;
  for (auto field : object) {
    std::string_view key;
    ondemand::value value;
    if (field.unescaped_key().get(key) || field.value().get(value)) return wrong("damaged JSON");
    if (key == topic_key_) {
      std::string_view topic;
      if (value.get_string().get(topic)) return wrong(fmt::format("\"{}\" is not a string", topic_key_));
      topic_.assign(topic);
      with_topic = true;
    } else if (key == at_key_) {
      std::int64_t at = 0;
      if (value.get_int64().get(at)) {
        return wrong(fmt::format("\"{}\" is not a whole number of milliseconds", at_key_));
      }
      line.at_ms = at;
    } else if (!whole_line_ && key == "payload") {
      ondemand::json_type type{};
      if (value.type().get(type)) return wrong("\"payload\" is damaged");
      std::string_view text;
      if (type == ondemand::json_type::string) {
        if (value.get_string().get(text)) return wrong("\"payload\" is a damaged string");
      } else if (simdjson::to_json_string(value).get(text)) {
        return wrong("\"payload\" is damaged");
      }
      // A number's or word's raw text reaches to the next token.
      while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
      payload_.assign(text);
      line.payload = payload_;
      with_payload = true;
    } else if (!whole_line_ && key == "retain") {
      if (value.get_bool().get(line.retained)) return wrong("\"retain\" is neither true nor false");
    }
  }
  if (!keys_.topic_override.empty()) {
    topic_ = keys_.topic_override;
  } else if (!with_topic) {
    return wrong(fmt::format("there is no \"{}\"", topic_key_));
  }
  if (topic_.empty() || topic_.size() > 65'535 || topic_.find_first_of("+#") != std::string::npos ||
      topic_.find('\0') != std::string::npos) {
    return wrong(fmt::format("\"{}\" is not a topic to publish to", topic_));
  }
  if (!with_payload) return wrong("there is no \"payload\"");
  line.topic = topic_;
  return line;
}

}  // namespace firmware_sim
