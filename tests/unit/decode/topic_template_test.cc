#include "edge/decode/topic_template.h"

#include <doctest/doctest.h>

#include <optional>

namespace tidemark {
namespace {

using Values = std::vector<std::string>;

// What the template's variables take of the topic; nullopt: no match.
std::optional<Values> matched(std::string_view text, std::string_view topic) {
  const auto parsed = TopicTemplate::parse(text);
  REQUIRE_MESSAGE(parsed.has_value(), std::string(text));
  std::vector<std::string_view> values;
  if (!parsed->match(topic, values)) return std::nullopt;
  return Values(values.begin(), values.end());
}

TemplateError refused(std::string_view text) {
  const auto parsed = TopicTemplate::parse(text);
  REQUIRE_MESSAGE(!parsed.has_value(), std::string(text));
  CHECK(!parsed.error().context.empty());
  return parsed.error().code;
}

std::string filter(std::string_view text) {
  return TopicTemplate::parse(text)->filter();
}

}  // namespace

TEST_CASE("a template subscribes to its topics") {
  CHECK(filter("plant/{site}/{device}/climate") == "plant/+/+/climate");
  CHECK(filter("plant/+/{rest+}") == "plant/+/#");
  CHECK(filter("a/#") == "a/#");
  CHECK(filter("/a//b/") == "/a//b/");
  CHECK(TopicTemplate::parse("plant/{site}/x/{device}/{rest+}")->variables() == Values{"site", "device", "rest"});
}

TEST_CASE("a variable takes one level, also an empty one") {
  CHECK(matched("plant/{site}/{device}/climate", "plant/north/d-1/climate") == Values{"north", "d-1"});
  CHECK(matched("plant/{site}/{device}/climate", "plant//d-1/climate") == Values{"", "d-1"});
  CHECK(matched("{a}/{b}", "/") == Values{"", ""});
  CHECK_FALSE(matched("plant/{site}", "plant"));
  CHECK_FALSE(matched("plant/{site}", "plant/a/b"));
  CHECK_FALSE(matched("plant/{site}/climate", "plant/a/Climate"));
  CHECK_FALSE(matched("{a}",
                      ""
                      "/"));
}

TEST_CASE("{name+} takes the rest, at least one level") {
  CHECK(matched("a/{rest+}", "a/b") == Values{"b"});
  CHECK(matched("a/{rest+}", "a/b/c//d") == Values{"b/c//d"});
  CHECK(matched("a/{rest+}", "a/") == Values{""});
  CHECK_FALSE(matched("a/{rest+}", "a"));
  CHECK(matched("{all+}", "x/y") == Values{"x/y"});
}

TEST_CASE("wildcards match without a name") {
  CHECK(matched("a/+/{d}", "a/x/y") == Values{"y"});
  CHECK(matched("a/#", "a/x/y") == Values{});
  CHECK(matched("a/#", "a") == Values{});
  CHECK(matched("#", "x") == Values{});
  CHECK_FALSE(matched("a/#", "ab"));
  CHECK_FALSE(matched("a/+", "a"));
}

TEST_CASE("a topic that begins with $ needs the literal (MQTT 5.0, 4.7.2)") {
  CHECK_FALSE(matched("#", "$SYS/uptime"));
  CHECK_FALSE(matched("+/uptime", "$SYS/uptime"));
  CHECK_FALSE(matched("{a}/uptime", "$SYS/uptime"));
  CHECK_FALSE(matched("{all+}", "$SYS/uptime"));
  CHECK(matched("$SYS/{what}", "$SYS/uptime") == Values{"uptime"});
  CHECK(matched("a/{b}", "a/$x") == Values{"$x"});
}

TEST_CASE("a template that is none is refused") {
  CHECK(refused("") == TemplateError::empty);
  CHECK(refused("a/{}") == TemplateError::bad_variable);
  CHECK(refused("a/dev-{id}") == TemplateError::bad_variable);
  CHECK(refused("a/{id}x") == TemplateError::bad_variable);
  CHECK(refused("a/{i d}") == TemplateError::bad_variable);
  CHECK(refused("a/{id") == TemplateError::bad_variable);
  CHECK(refused("a/id}") == TemplateError::bad_variable);
  CHECK(refused("a/{+}") == TemplateError::bad_variable);
  CHECK(refused("{a}/{a}") == TemplateError::duplicate_variable);
  CHECK(refused("{a}/{a+}") == TemplateError::duplicate_variable);
  CHECK(refused("a/#/b") == TemplateError::bad_wildcard);
  CHECK(refused("a/b#") == TemplateError::bad_wildcard);
  CHECK(refused("a+/b") == TemplateError::bad_wildcard);
  CHECK(refused("{a+}/b") == TemplateError::bad_wildcard);
  CHECK(refused("a/\xff") == TemplateError::bad_text);
  CHECK(refused(std::string_view("a/\0", 3)) == TemplateError::bad_text);
  CHECK(refused("$share/g/a") == TemplateError::bad_text);
  CHECK(refused(std::string(65'536, 'a')) == TemplateError::too_long);
}

}  // namespace tidemark
