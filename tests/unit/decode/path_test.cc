#include "edge/decode/path.h"

#include <doctest/doctest.h>

namespace tidemark {
namespace {

PathStep key(std::string text) {
  return {.key = std::move(text)};
}
PathStep index(std::uint32_t place) {
  return {.is_index = true, .index = place};
}
const PathStep kEvery{.every = true};

Path parsed(std::string_view text) {
  auto path = parse_path(text);
  REQUIRE_MESSAGE(path.has_value(), std::string(text));
  return *path;
}

PathError refused(std::string_view text) {
  auto path = parse_path(text);
  REQUIRE_MESSAGE(!path.has_value(), std::string(text));
  CHECK(path.error().context.find(text) != std::string::npos);
  return path.error().code;
}

}  // namespace

TEST_CASE("a path is keys and places in arrays") {
  CHECK(parsed("temperature") == Path{0, {key("temperature")}});
  CHECK(parsed("a.b.c") == Path{0, {key("a"), key("b"), key("c")}});
  CHECK(parsed("samples[0].v") == Path{0, {key("samples"), index(0), key("v")}});
  CHECK(parsed("[3][12]") == Path{0, {index(3), index(12)}});
  CHECK(parsed("Temp 1/°C") == Path{0, {key("Temp 1/°C")}});
}

TEST_CASE("quotes make one key of anything") {
  CHECK(parsed("\"a.b\".c") == Path{0, {key("a.b"), key("c")}});
  CHECK(parsed("a.\"b[0]\"[1]") == Path{0, {key("a"), key("b[0]"), index(1)}});
  CHECK(parsed(R"("say \"hi\" \\")") == Path{0, {key(R"(say "hi" \)")}});
  CHECK(parsed("\"\"") == Path{0, {key("")}});
  CHECK(parsed("\"^\"") == Path{0, {key("^")}});
}

TEST_CASE("^ is the message") {
  CHECK(parsed("^.ts") == Path{1, {key("ts")}});
  CHECK(parsed("^[0].ts") == Path{1, {index(0), key("ts")}});
  CHECK(parsed("^") == Path{1, {}});
}

TEST_CASE("each further ^ is one level up") {
  CHECK(parsed("^.^.ts") == Path{2, {key("ts")}});
  CHECK(parsed("^.^.^[0]") == Path{3, {index(0)}});
  CHECK(parsed("^.^") == Path{2, {}});
  CHECK(parsed("^.\"^\"") == Path{1, {key("^")}});
}

TEST_CASE("[] is every element of an array") {
  CHECK(parsed("nodes[].readings") == Path{0, {key("nodes"), kEvery, key("readings")}});
  CHECK(parsed("^[][].a") == Path{1, {kEvery, kEvery, key("a")}});
  CHECK(parsed("\"a[]\"") == Path{0, {key("a[]")}});
}

TEST_CASE("a path that is none is refused with what would be right") {
  CHECK(refused("") == PathError::empty);
  CHECK(refused(".") == PathError::bad_key);
  CHECK(refused("a.") == PathError::bad_key);
  CHECK(refused(".a") == PathError::bad_key);
  CHECK(refused("a..b") == PathError::bad_key);
  CHECK(refused("a]b") == PathError::bad_key);
  CHECK(refused("a{b}") == PathError::bad_key);
  CHECK(refused("^a") == PathError::bad_key);
  CHECK(refused("^^.a") == PathError::bad_key);
  CHECK(refused("^.^a") == PathError::bad_key);
  CHECK(refused("^.") == PathError::bad_key);
  CHECK(refused("a.^") == PathError::bad_key);
  CHECK(refused("a[]b") == PathError::bad_key);
  CHECK(refused("a^b") == PathError::bad_key);
  CHECK(refused("\"a\"b") == PathError::bad_key);
  CHECK(refused("a[0]b") == PathError::bad_key);
  CHECK(refused("\"a\\n\"") == PathError::bad_key);
  CHECK(refused("a[-1]") == PathError::bad_index);
  CHECK(refused("a[1") == PathError::bad_index);
  CHECK(refused("a[x]") == PathError::bad_index);
  CHECK(refused("a[4294967296]") == PathError::bad_index);
  CHECK(refused("\"a") == PathError::unclosed_quote);
}

TEST_CASE("an appended path reads back as its steps") {
  for (const char* name : {"a", "a.b", "", "^", "x[0]", "say \"hi\"", "back\\slash", "{v}", "ключ", " "}) {
    std::string path;
    append_key(path, name);
    append_index(path, 7);
    append_key(path, name);
    CAPTURE(path);
    CHECK(parsed(path) == Path{0, {key(name), index(7), key(name)}});
  }
}

}  // namespace tidemark
