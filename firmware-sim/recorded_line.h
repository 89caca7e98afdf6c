// One line of a recorded log to what is to be published.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace firmware_sim {

struct RecordedLine {
  std::string_view topic;
  std::string_view payload;
  std::optional<std::int64_t> at_ms;
  bool retained = false;
};

class RecordedLineParser {
 public:
  struct Keys {
    std::string topic_key;  // of the form in which the whole line is the payload; empty: the form topic, payload, at
    std::string at_key;
    std::string topic_override;
  };
  explicit RecordedLineParser(Keys keys);

  /// Views are valid until the next call. The error is a sentence about the line.
  tl::expected<RecordedLine, std::string> parse(std::string_view line);

 private:
  tl::expected<RecordedLine, std::string> parse_object(simdjson::ondemand::object object);

  const Keys keys_;
  const bool whole_line_;
  const std::string topic_key_;
  const std::string at_key_;
  simdjson::ondemand::parser parser_;
  simdjson::padded_string text_;
  std::string topic_;
  std::string payload_;
};

}  // namespace firmware_sim
