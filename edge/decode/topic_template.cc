#include "edge/decode/topic_template.h"

#include <algorithm>

#include "edge/decode/label.h"

namespace tidemark {
namespace {

using Kind = TopicTemplate::Kind;

// MQTT 5.0 section 1.5.4: a UTF-8 encoded string has at most 65,535 bytes.
constexpr std::size_t kMaxTopicBytes = 65'535;

tl::unexpected<Failure<TemplateError>> failure(TemplateError code, std::string_view level, std::string_view what) {
  return fail(code, "\"" + std::string(level) + "\": " + std::string(what));
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// One level of the text: its kind, and the name or the literal.
Result<TopicTemplate::Level, TemplateError> parse_level(std::string_view level, bool last) {
  if (level == "+") return TopicTemplate::Level{Kind::any, {}};
  if (level == "#") {
    if (last) return TopicTemplate::Level{Kind::any_rest, {}};
    return failure(TemplateError::bad_wildcard, level, "# takes the rest of a topic and stands only at its end");
  }
  if (level.find_first_of("{}") == std::string_view::npos) {
    if (level.find_first_of("+#") == std::string_view::npos)
      return TopicTemplate::Level{Kind::literal, std::string(level)};
    return failure(TemplateError::bad_wildcard, level, "+ and # take a whole level between two slashes");
  }
  if (level.size() < 3 || level.front() != '{' || level.back() != '}') {
    return failure(TemplateError::bad_variable, level,
                   "a variable takes a whole level, such as plant/{device}/climate");
  }
  std::string_view name = level.substr(1, level.size() - 2);
  Kind kind = Kind::variable;
  if (name.back() == '+') {
    if (!last) {
      return failure(TemplateError::bad_wildcard, level,
                     "{name+} takes the rest of a topic and stands only at its end");
    }
    kind = Kind::rest;
    name.remove_suffix(1);
  }
  if (name.empty() || !std::all_of(name.begin(), name.end(), is_name_character)) {
    return failure(TemplateError::bad_variable, level,
                   "a variable's name is letters, digits, _ and -, such as {device}");
  }
  return TopicTemplate::Level{kind, std::string(name)};
}

}  // namespace

Result<TopicTemplate, TemplateError> TopicTemplate::parse(std::string_view text) {
  if (text.empty()) return fail(TemplateError::empty, "a topic is missing, such as plant/{device}/climate");
  if (!is_clean_text(text)) return fail(TemplateError::bad_text, "a topic is UTF-8 without control characters");
  if (text.starts_with("$share/")) {
    return failure(TemplateError::bad_text, text, "a shared subscription would split one source over several gateways");
  }
  TopicTemplate result;
  std::string_view rest = text;
  while (true) {
    const std::size_t slash = rest.find('/');
    const bool last = slash == std::string_view::npos;
    auto level = parse_level(rest.substr(0, slash), last);
    if (!level) return tl::unexpected(level.error());

    if (!result.levels_.empty()) result.filter_.push_back('/');
    switch (level->kind) {
      case Kind::literal:
        result.filter_.append(level->text);
        break;
      case Kind::variable:
      case Kind::any:
        result.filter_.push_back('+');
        break;
      case Kind::rest:
      case Kind::any_rest:
        result.filter_.push_back('#');
        break;
    }
    if (level->kind == Kind::variable || level->kind == Kind::rest) {
      const auto& names = result.variables_;
      if (std::find(names.begin(), names.end(), level->text) != names.end()) {
        return failure(TemplateError::duplicate_variable, text,
                       "{" + level->text + "} stands twice; a name takes one level");
      }
      result.variables_.push_back(std::move(level->text));
      level->text.clear();
    }
    result.levels_.push_back(std::move(*level));
    if (last) break;
    rest.remove_prefix(slash + 1);
  }
  if (result.filter_.size() > kMaxTopicBytes) {
    return fail(TemplateError::too_long, "a topic has at most 65535 bytes (MQTT 5.0 section 1.5.4)");
  }
  return result;
}

bool TopicTemplate::match(std::string_view topic, std::vector<std::string_view>& values) const {
  values.clear();
  if (topic.starts_with('$') && levels_.front().kind != Kind::literal) return false;
  std::string_view rest = topic;
  bool more = true;  // whether `rest` holds a level: an empty one is one too
  for (const Level& level : levels_) {
    if (level.kind == Kind::any_rest) return true;
    if (!more) return false;
    if (level.kind == Kind::rest) {
      values.push_back(rest);
      return true;
    }
    const std::size_t slash = rest.find('/');
    const std::string_view found = rest.substr(0, slash);
    if (level.kind == Kind::literal && found != level.text) return false;
    if (level.kind == Kind::variable) values.push_back(found);
    more = slash != std::string_view::npos;
    if (more) rest.remove_prefix(slash + 1);
  }
  return !more;
}

}  // namespace tidemark
