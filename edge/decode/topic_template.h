// Topic templates: "plant/{site}/{device}/climate". {name} takes one level; {name+} at the end takes the rest; + and #
// match without a name (MQTT 5.0 section 4.7: topic filters).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "edge/bytes/result.h"

namespace tidemark {

enum class TemplateError : std::uint8_t { empty, bad_variable, duplicate_variable, bad_wildcard, bad_text, too_long };

class TopicTemplate {
 public:
  enum class Kind : std::uint8_t {
    literal,   // this text
    variable,  // {name}: one level
    any,       // +
    rest,      // {name+}: this level and all below it
    any_rest,  // #: the parent, and all below it
  };
  struct Level {
    Kind kind;
    std::string text;  // of a literal
  };

  /// Variable names are letters, digits, _ and -. On failure the context says what is wrong and what would be right.
  static Result<TopicTemplate, TemplateError> parse(std::string_view text);

  /// Names of the variables, in order of their levels.
  [[nodiscard]] const std::vector<std::string>& variables() const { return variables_; }

  /// The MQTT topic filter to subscribe to.
  [[nodiscard]] const std::string& filter() const { return filter_; }

  /// Whether `topic` matches; if so `values` is filled with one view into `topic` for each variable. Topics that begin
  /// with '$' are not matched by a wildcard or variable at the first level (MQTT 5.0 section 4.7.2). A {name+} or #
  /// also matches the parent level only where MQTT says so ('#'); {name+} needs at least one level.
  bool match(std::string_view topic, std::vector<std::string_view>& values) const;

  [[nodiscard]] const std::vector<Level>& levels() const { return levels_; }

 private:
  std::vector<Level> levels_;
  std::vector<std::string> variables_;
  std::string filter_;
};

}  // namespace tidemark
