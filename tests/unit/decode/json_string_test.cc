#include "edge/decode/json_string.h"

#include <doctest/doctest.h>

#include <string>

namespace tidemark {
namespace {

std::string unescaped(std::string text) {
  const JsonEscapes escapes = check_escapes(text);
  CHECK((escapes == JsonEscapes::none || escapes == JsonEscapes::valid));
  return std::string(unescape(text));
}

}  // namespace

TEST_CASE("escapes are replaced in place") {
  CHECK(unescaped("plain") == "plain");
  CHECK(unescaped(R"(\"\\\/\b\f\n\r\t)") == "\"\\/\b\f\n\r\t");
  CHECK(unescaped(R"(a\u0041b)") == "aAb");
  CHECK(unescaped(R"(\u00e9\u20AC)") == "é€");
  CHECK(unescaped(R"(\ud83d\uDE00!)") == "😀!");
  CHECK(unescaped(R"(\u0000)") == std::string(1, '\0'));
  CHECK(unescaped(R"(\uffff)") == "\xef\xbf\xbf");
  CHECK(unescaped(R"(\\u0041)") == R"(\u0041)");
}

TEST_CASE("half a surrogate pair is grammatical, but no text") {
  for (const char* text : {R"(\ud83d)", R"(\ude00)", R"(\ud83d\u0041)", R"(\ud83dx)", R"(\ud83d\n)", R"(\ude00\ud83d)",
                           R"(\ud83d\ud83d\ude00\ud83d)", R"(\ud83d\\ude00)"}) {
    CAPTURE(text);
    CHECK(check_escapes(text) == JsonEscapes::unpaired);
  }
}

TEST_CASE("other escapes are not JSON") {
  for (const char* text : {R"(\x41)", R"(\')", R"(\0)", R"(\u)", R"(\u12)", R"(\u12g4)", R"(\U0041)", "\\", R"(\\\)",
                           R"(\ud83d\u00)", R"(\ud83d\uzzzz)"}) {
    CAPTURE(text);
    CHECK(check_escapes(text) == JsonEscapes::invalid);
  }
}

}  // namespace tidemark
