// What devices, gateways between them and people with bad intentions send: every payload that is not what the stream
// says has its reason, and nothing takes long.
#include <doctest/doctest.h>

#include "tests/unit/decode/decoding.h"

namespace tidemark {
namespace {

using test::climate;
using test::Decoding;
using test::field;

StreamDefinition temperature() {
  StreamDefinition stream = climate();
  stream.default_tags = false;
  stream.fields = {field("temperature")};
  return stream;
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string result;
  result.reserve(text.size() * count);
  for (std::size_t i = 0; i < count; ++i) result += text;
  return result;
}

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + "1" + std::string(depth, ']');
}

}  // namespace

TEST_CASE("what is not JSON is malformed") {
  // With and without configured fields: what nobody asked for is checked as well.
  StreamDefinition all = temperature();
  all.fields.clear();
  for (const StreamDefinition& stream : {temperature(), all}) {
    Decoding decode(stream);
    for (const char* payload : {"",
                                " ",
                                "\n\t",
                                "{",
                                "}",
                                "[",
                                "]",
                                "{}{}",
                                "[] []",
                                "{} x",
                                "{}]",
                                "[1,]",
                                "[,1]",
                                "[1 2]",
                                "[1,,2]",
                                "{\"a\"}",
                                "{\"a\":}",
                                "{\"a\":1,}",
                                "{,\"a\":1}",
                                "{\"a\" 1}",
                                "{\"a\":1 \"b\":2}",
                                "{\"a\":1:2}",
                                "{a:1}",
                                "{'a':1}",
                                "{1:2}",
                                "{null:1}",
                                "[1}",
                                "{\"a\":1]",
                                "[\"a\":1]",
                                "{\"a\",1}",
                                "{\"x\":\"",
                                "{\"x\":\"a}",
                                "\"a",
                                "{\"a\":tru}",
                                "{\"a\":True}",
                                "{\"a\":nul}",
                                "{\"a\":nulll}",
                                "{\"a\":truefalse}",
                                "{\"a\":undefined}",
                                "{\"a\":01}",
                                "{\"a\":+1}",
                                "{\"a\":.5}",
                                "{\"a\":5.}",
                                "{\"a\":1e}",
                                "{\"a\":0x1F}",
                                "{\"a\":1_0}",
                                "{\"a\":1a}",
                                "{\"a\":-}",
                                "{\"a\":--1}",
                                "{\"a\":-a}",
                                "{\"a\":1.2.3}",
                                "{\"a\":1-2}",
                                "{\"a\":Na}",
                                "{\"a\":1\"b\":2}",
                                "{\"a\":\"b\"c}",
                                "{\"a\":\"b\"\"c\"}",
                                "{\"a\":\"\\x41\"}",
                                "{\"a\":\"\\u12\"}",
                                "{\"\\q\":1}",
                                "{\"\\ud800\":1}",
                                "{\"a\":\"\n\"}",
                                "{\"a\":\"\x01\"}",
                                "{\"a\":\"\xff\"}",
                                "{\"\xc3\":1}",
                                "{\"a\":\"\xed\xa0\x80\"}",
                                "{\"a\":\"\xc0\xaf\"}",
                                "\xff",
                                "\xef\xbb\xbf{}",
                                "{\"a\":1}\xff",
                                "// x\n{}",
                                "{\"a\":1}/*x*/",
                                "\\",
                                "{\"a\":\\\"b\"}",
                                "<html>",
                                "temperature=21.5",
                                "21,5"}) {
      CAPTURE(payload);
      CHECK(decode(payload) == "malformed");
    }
    CHECK(decode(std::string_view("\0", 1)) == "malformed");
    CHECK(decode(std::string_view("{}\0", 3)) == "malformed");
    CHECK(decode(std::string_view("{\"a\":1,\0\"b\":2}", 14)) == "malformed");
    CHECK(decode(std::string_view("{\"temperature\":1\0}", 18)) == "malformed");
  }
}

TEST_CASE("a value nobody asked for does not have to be text or finite") {
  Decoding decode(temperature());
  CHECK(decode(R"({"temperature":1,"x":"\ud800","y":NaN,"z":[-Infinity,Infinity],"w":1e400})") == "d-1 temperature=1");
}

TEST_CASE("every beginning of a document is malformed") {
  const std::string whole =
      R"({"temperature":-21.5e-1,"a":["x\"\\\u00e9",{"b":[true,false,null,NaN]},"é😀"],"c":{"d":{}}})";
  Decoding decode(temperature());
  CHECK(decode(whole) == "d-1 temperature=-2.15");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK(decode(std::string_view(whole).substr(0, size)) == "malformed");
  }
}

TEST_CASE("the depth limit is exact") {
  StreamDefinition all = temperature();
  all.fields.clear();
  Decoding decode(all);
  CHECK(decode(nested(32)) == "d-1 " + repeated("[0]", 32) + "=1");
  CHECK(decode(nested(33)) == "too_deep");
  CHECK(decode(repeated("{\"a\":", 32) + "1" + std::string(32, '}')).ends_with(".a.a.a=1"));
  CHECK(decode(repeated("{\"a\":", 33) + "1" + std::string(33, '}')) == "too_deep");
  // In what nobody asked for, and below `each`, too.
  Decoding wanted(temperature());
  CHECK(wanted("{\"temperature\":1,\"x\":" + nested(31) + "}") == "d-1 temperature=1");
  CHECK(wanted("{\"temperature\":1,\"x\":" + nested(32) + "}") == "too_deep");
  all.each = "r";
  Decoding each(all);
  CHECK(each("{\"r\":" + nested(31) + "}") == "d-1 " + repeated("[0]", 30) + "=1");
  CHECK(each("{\"r\":" + nested(32) + "}") == "too_deep");
  PayloadLimits flat;
  flat.max_depth = 1;
  CHECK(Decoding(all, flat)("{\"r\":[1]}") == "too_deep");
  CHECK(Decoding(all, flat)("{\"r\":1}") == "wrong_type");
}

TEST_CASE("a depth of 100,000 is too_deep, closed or not") {
  PayloadLimits limits;
  limits.max_bytes = 1 << 20;
  Decoding decode(temperature(), limits);
  CHECK(decode(nested(100'000)) == "too_deep");
  CHECK(decode(std::string(100'000, '[')) == "too_deep");
  CHECK(decode(repeated("{\"a\":", 100'000)) == "too_deep");
  CHECK(decode(repeated("[{\"temperature\":", 50'000)) == "too_deep");
}

TEST_CASE("too large is looked at first, whatever the payload says") {
  Decoding decode(temperature());
  const std::string spaces(256 * 1024 - 17, ' ');
  CHECK(decode(spaces + "{\"temperature\":1}") == "d-1 temperature=1");
  CHECK(decode(spaces + " {\"temperature\":1}") == "too_large");
  CHECK(decode(std::string(300 * 1024, '[')) == "too_large");
  CHECK(decode(std::string(300 * 1024, 'x'), "plant/\xff/d/climate") == "too_large");

  // 250 MB that the gate skipped as they streamed: only their beginning is here.
  Message message;
  message.topic = "plant/north/d-1/climate";
  message.payload = "{\"temperature\":1}";
  message.payload_size = 250'000'000;
  CHECK(decode(message) == "too_large");
  message.payload_size = message.payload.size();
  message.oversized = true;
  CHECK(decode(message) == "too_large");
  message.oversized = false;
  CHECK(decode(message) == "d-1 temperature=1");
}

TEST_CASE("a topic that is not clean text is malformed") {
  Decoding decode(temperature());
  CHECK(decode("{\"temperature\":1}", "plant/ж/d/climate") == "d temperature=1");
  CHECK(decode("{\"temperature\":1}", "plant/\xff/d/climate") == "malformed");
  CHECK(decode("{\"temperature\":1}", "plant/n/\xc0\xaf/climate") == "malformed");
  CHECK(decode("{\"temperature\":1}", "plant/n/d\x01/climate") == "malformed");
  CHECK(decode("{\"temperature\":1}", std::string_view("plant/n/d\0/climate", 18)) == "malformed");
  CHECK(decode("{\"temperature\":1}", "plant/n/" + std::string(256, 'd') + "/climate") ==
        std::string(256, 'd') + " temperature=1");
  CHECK(decode("{\"temperature\":1}", "plant/n/" + std::string(257, 'd') + "/climate") == "malformed");
  CHECK(decode("{\"temperature\":1}", "plant/n//climate") == " temperature=1 !missing_field");
}

TEST_CASE("the tags of a series have 2,047 bytes together, names and values and 3 for each") {
  StreamDefinition stream = climate();
  stream.topic = "plant/{device}/{a}/{b}";
  stream.default_tags = false;
  for (int i = 0; i < 9; ++i) stream.tags.emplace_back("t" + std::to_string(i), i < 7 ? "v" + std::to_string(i) : "");
  stream.tags[7].second = "{a}";
  stream.tags[8].second = "{b}";
  stream.fields = {field("x")};
  Decoding decode(stream);
  // 9 * (2 + 3) of names, 7 * 256 in the payload, and the rest of 210 bytes in the topic.
  std::string payload = "{\"x\":1";
  for (int i = 0; i < 7; ++i) payload += ",\"v" + std::to_string(i) + "\":\"" + std::string(256, '"' + 1) + "\"";
  payload += "}";
  const auto topic = [](std::size_t bytes) { return "plant/d/" + std::string(bytes - 5, 'a') + "/bbbbb"; };
  CHECK(decode(payload, topic(210)).ends_with(" x=1"));
  CHECK(decode(payload, topic(211)).ends_with(" x=1 !malformed"));
  // What another payload leaves of the bytes is not asked for.
  CHECK(decode("{\"x\":1}", topic(211)).ends_with(" x=1"));

  StreamDefinition scalar = stream;
  scalar.format = PayloadFormat::scalar;
  scalar.topic = "plant/{device}/{a+}";
  for (auto& tag : scalar.tags) tag.second = "{a}";
  scalar.fields.clear();
  Decoding read(scalar);
  CHECK(read("1", "plant/d/" + std::string(222, 'a')).ends_with(" value=1"));  // 45 + 9 * 222 = 2,043
  CHECK(read("1", "plant/d/" + std::string(223, 'a')) == "malformed");
}

TEST_CASE("a large object of equal keys is one reading") {
  StreamDefinition all = temperature();
  all.fields.clear();
  Decoding decode(all);
  CHECK(decode("{" + repeated("\"k\":1,", 40'000) + "\"k\":2}") == "d-1 k=2");
}

}  // namespace tidemark
