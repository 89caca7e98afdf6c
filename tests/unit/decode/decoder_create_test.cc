// What is wrong in a stream's templates and paths is said by key, with what would be right.
#include <doctest/doctest.h>

#include "tests/unit/decode/decoding.h"

namespace tidemark {
namespace {

using test::climate;
using test::field;

void refused(const StreamDefinition& stream, DecoderError code, std::string_view key, std::string_view remedy) {
  const auto decoder = Decoder::create(stream, {});
  REQUIRE(!decoder.has_value());
  CAPTURE(decoder.error().context);
  CHECK(decoder.error().code == code);
  CHECK(decoder.error().context.starts_with(std::string(key) + ": "));
  CHECK(decoder.error().context.find(remedy) != std::string::npos);
}

StreamDefinition with(void (*change)(StreamDefinition&)) {
  StreamDefinition stream = climate();
  change(stream);
  return stream;
}

}  // namespace

TEST_CASE("an unknown variable names the nearest one") {
  refused(with([](auto& s) { s.source = "{devise}"; }), DecoderError::bad_source, "source", "did you mean {device}?");
  refused(with([](auto& s) { s.source = "{sit}-{device}"; }), DecoderError::bad_source, "source",
          "did you mean {site}?");
  refused(with([](auto& s) {
            s.topic = "a/b";
            s.source = "{device}";
          }),
          DecoderError::bad_source, "source", "the topic has no variable {device}");
  refused(with([](auto& s) {
            s.default_tags = false;
            s.tags = {{"site", "{Site}"}};
          }),
          DecoderError::bad_tag, "tags.site", "did you mean {site}?");
}

TEST_CASE("every template and path is checked, by key") {
  refused(with([](auto& s) { s.topic = "a/#/b"; }), DecoderError::bad_topic, "topic", "only at its end");
  refused(with([](auto& s) { s.source = "{device"; }), DecoderError::bad_source, "source", "{device}");
  refused(with([](auto& s) { s.source = "device}"; }), DecoderError::bad_source, "source", "in pairs");
  refused(with([](auto& s) { s.source = "a..b"; }), DecoderError::bad_source, "source", "a key is missing");
  refused(with([](auto& s) { s.source = "^"; }), DecoderError::bad_source, "source", "^.key");
  refused(with([](auto& s) { s.time = "a["; }), DecoderError::bad_time, "time", "[0]");
  refused(with([](auto& s) { s.time = "^"; }), DecoderError::bad_time, "time", "^.key");
  refused(with([](auto& s) { s.sequence = "\"n"; }), DecoderError::bad_sequence, "sequence", "not closed");
  refused(with([](auto& s) { s.each = "a."; }), DecoderError::bad_each, "each", "after the last dot");
  refused(with([](auto& s) {
            s.fields = {field("a"), field("b..c")};
          }),
          DecoderError::bad_path, "field[1].path", "a key is missing");
  refused(with([](auto& s) { s.fields = {field("")}; }), DecoderError::bad_path, "field[0].path", "temperature");
  refused(with([](auto& s) {
            s.each = "r";
            s.fields = {field("^.r[0].x")};
          }),
          DecoderError::bad_path, "field[0].path", "leave out ^");
  refused(with([](auto& s) {
            s.each = "nodes[].r";
            s.fields = {field("^.^.nodes[0].x")};
          }),
          DecoderError::bad_path, "field[0].path", "one ^ less");
  refused(with([](auto& s) {
            s.each = "nodes[].r";
            s.time = "^.^.^.t";
          }),
          DecoderError::bad_time, "time", "at most 2 times");
  refused(with([](auto& s) { s.time = "^.^.t"; }), DecoderError::bad_time, "time", "at most once");
  refused(with([](auto& s) { s.time = "a[].t"; }), DecoderError::bad_time, "time", "[0]");
  refused(with([](auto& s) { s.each = "a[].b[]"; }), DecoderError::bad_each, "each", "leave out the last []");
  refused(with([](auto& s) { s.each = "^.^.a"; }), DecoderError::bad_each, "each", "one ^");
  refused(with([](auto& s) {
            s.default_tags = false;
            s.tags = {{"a", "x"}, {"a", "y"}};
          }),
          DecoderError::bad_tag, "tags.a", "stands twice");
  refused(with([](auto& s) {
            s.default_tags = false;
            s.tags = {{"", "x"}};
          }),
          DecoderError::bad_tag, "tags", "1 to 256 bytes");
  refused(with([](auto& s) {
            s.default_tags = false;
            for (char c = 'a'; c < 'a' + 8; ++c) s.tags.emplace_back(std::string(256, c), "x");
          }),
          DecoderError::bad_tag, "tags", "no room for their values");
}

TEST_CASE("a scalar payload has no paths") {
  const auto scalar = [](void (*change)(StreamDefinition&)) {
    StreamDefinition stream = with(change);
    stream.format = PayloadFormat::scalar;
    return stream;
  };
  refused(scalar([](auto& s) { s.source = "id"; }), DecoderError::bad_source, "source", "{device}");
  refused(scalar([](auto& s) {
            s.default_tags = false;
            s.tags = {{"t", "id"}};
          }),
          DecoderError::bad_tag, "tags.t", "{device}");
  refused(scalar([](auto& s) { s.time = "ts"; }), DecoderError::bad_time, "time", "json");
  refused(scalar([](auto& s) { s.each = "r"; }), DecoderError::bad_each, "each", "json");
  refused(scalar([](auto& s) { s.sequence = "n"; }), DecoderError::bad_sequence, "sequence", "json");
  refused(scalar([](auto& s) {
            s.fields = {field("a"), field("b")};
          }),
          DecoderError::bad_path, "field[1]", "one value");
}

TEST_CASE("^ without each is the same record") {
  StreamDefinition stream = climate();
  stream.default_tags = false;
  stream.fields = {field("^.a", "a"), field("b")};
  CHECK(test::Decoding(stream)(R"({"a":1,"b":2})") == "d-1 a=1 b=2");
}

TEST_CASE("a line of line protocol has its parts, and what leads elsewhere says so") {
  const auto lines = [](void (*change)(StreamDefinition&)) {
    StreamDefinition stream = climate();
    stream.format = PayloadFormat::line_protocol;
    stream.time_format = TimeFormat::nanoseconds;
    change(stream);
    return stream;
  };
  for (const char* source : {"tag.host", "measurement", "tag.\"a.b\"", "{device}", ""}) {
    StreamDefinition stream = lines([](auto&) {});
    stream.source = source;
    CHECK(Decoder::create(stream, {}).has_value());
  }
  for (const char* source :
       {"host", "tag", "tag.a.b", "tags.host", "measurement.x", "^.tag.host", "tag[0]", "field.x", "tag.\"\""}) {
    CAPTURE(source);
    StreamDefinition stream = lines([](auto&) {});
    stream.source = source;
    refused(stream, DecoderError::bad_source, "source", "tag.host");
  }
  refused(lines([](auto& s) {
            s.default_tags = false;
            s.tags = {{"a", "tag.a"}, {"b", "model"}};
          }),
          DecoderError::bad_tag, "tags.b", "tag.host, or measurement");
  refused(lines([](auto& s) { s.each = "r"; }), DecoderError::bad_each, "each", "leave it out");
  refused(lines([](auto& s) { s.time = "ts"; }), DecoderError::bad_time, "time", "time_format");
  refused(lines([](auto& s) { s.time_format = TimeFormat::rfc3339; }), DecoderError::bad_time_format, "time_format",
          "s, ms, us or ns");
  refused(lines([](auto& s) { s.sequence = "n"; }), DecoderError::bad_sequence, "sequence", "leave it out");
  for (const char* path : {"temperature", "a.b.c", "a[0]", "^.a.b"}) {
    StreamDefinition stream = lines([](auto&) {});
    stream.fields = {field("climate.temperature"), field(path)};
    refused(stream, DecoderError::bad_path, "field[1].path", "climate.temperature");
  }
  refused(lines([](auto& s) { s.fields = {field("a..b")}; }), DecoderError::bad_path, "field[0].path",
          "a key is missing");
}

}  // namespace tidemark
