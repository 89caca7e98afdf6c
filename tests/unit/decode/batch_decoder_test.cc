// ThingsBoard's telemetry: every shape, every mistake, and what hostile payloads cost.
#include <doctest/doctest.h>

#include "tests/unit/decode/decoding.h"

namespace tidemark {
namespace {

using test::climate;
using test::Decoding;
using test::field;

StreamDefinition device() {
  StreamDefinition stream = climate();
  stream.format = PayloadFormat::batch;
  stream.default_tags = false;
  return stream;
}

StreamDefinition gateway() {
  StreamDefinition stream = device();
  stream.source = "device";
  return stream;
}

StreamDefinition with_fields(StreamDefinition stream) {
  stream.fields = {field("temperature", "t"), field("air.humidity", "h"), field("list[1]", "second")};
  return stream;
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

}  // namespace

TEST_CASE("batch: a record has a time and values, or values alone") {
  StreamDefinition stream = climate();
  stream.format = PayloadFormat::batch;
  Decoding decode(stream);
  CHECK(decode(R"({"ts":1451649600512,"values":{"temperature":21.50,"on":true}})") ==
        "d-1 {site=north} @1451649600512000000 temperature=21.5 on=1");
  CHECK(decode(R"({"values":{"temperature":21.50},"ts":1451649600512})") ==
        "d-1 {site=north} @1451649600512000000 temperature=21.5");
  CHECK(decode(R"({"temperature":21.5,"humidity":40})") == "d-1 {site=north} temperature=21.5 humidity=40");
  CHECK(decode(R"({"values":{"temperature":21.5}})") == "d-1 {site=north} temperature=21.5");
  CHECK(decode(R"({"ts":null,"values":{"temperature":21.5}})") == "d-1 {site=north} temperature=21.5");
}

TEST_CASE("batch: an array may mix records with and without time, and a bad one is rejected alone") {
  Decoding decode(device());
  CHECK(decode(R"([{"ts":1,"values":{"a":1}},{"a":2},{"ts":3,"values":{"b":3,"c":4}}])") ==
        "d-1 @1000000 a=1; d-1 a=2; d-1 @3000000 b=3 c=4");
  CHECK(decode(R"([7,{"a":2},"x",null,[1],{},{"ts":"4","values":{"a":4}},{"ts":5,"values":{"a":5}}])") ==
        "d-1 !wrong_type; d-1 a=2; d-1 !wrong_type; d-1 !wrong_type; d-1 [0]=1; d-1 !missing_field; "
        "d-1 a=4 !no_time; d-1 @5000000 a=5");
  CHECK(decode("[]") == "nothing");
  CHECK(decode("7") == "wrong_type");
  CHECK(decode("\"x\"") == "wrong_type");
  CHECK(decode("null") == "missing_field");
}

TEST_CASE("batch: the keys of a gateway's map are the sources") {
  Decoding decode(gateway());
  CHECK(decode(R"({"Device A":[{"ts":1,"values":{"t":42,"h":80}},{"ts":2,"values":{"t":43}}],"Device B":[{"t":1.5}]})",
               "plant/north/x/climate") == "Device A @1000000 t=42 h=80; Device A @2000000 t=43; Device B t=1.5");
  CHECK(decode("{}") == "nothing");
  CHECK(decode(R"({"A":[]})") == "nothing");
  CHECK(decode(R"({"\u0041\n":[{"t":1}],"":[{"t":2}],"é":[{"t":3}]})") ==
        " t=1 !malformed;  t=2 !missing_field; é t=3");
  CHECK(decode("{\"" + std::string(256, 'a') + "\":[{\"t\":1}]}") == std::string(256, 'a') + " t=1");
  CHECK(decode("{\"" + std::string(257, 'a') + "\":[{\"t\":1}]}") == " t=1 !malformed");
}

TEST_CASE("batch: a device of a gateway that has no array is rejected alone, as its own") {
  Decoding decode(gateway());
  CHECK(decode(R"({"A":5,"B":null,"C":"x","D":{"ts":1,"values":{"t":1}},"E":[{"ts":1,"values":{"t":1}},3]})") ==
        "A !wrong_type; B !missing_field; C !wrong_type; D !wrong_type; E @1000000 t=1; E !wrong_type");
  CHECK(decode("[]") == "wrong_type");
  CHECK(decode(R"([{"A":[{"t":1}]}])") == "wrong_type");
  CHECK(decode("5") == "wrong_type");
  CHECK(decode("null") == "missing_field");
  // What a device sends for itself names no devices.
  CHECK(decode(R"({"ts":1,"values":{"t":1}})") == "ts !wrong_type; values !wrong_type");
}

TEST_CASE("batch: of equal keys the last counts, devices too") {
  Decoding map(gateway());
  CHECK(map(R"({"A":[{"t":1},{"t":2}],"B":[{"t":3}],"A":[{"t":4}]})") == "B t=3; A t=4");
  CHECK(map(R"({"A":[{"t":1}],"B":[{"t":3}],"\u0041":5})") == "B t=3; A !wrong_type");
  CHECK(map(R"({"A":[{"t":1,"t":2}]})") == "A t=2");
  Decoding one(device());
  CHECK(one(R"({"ts":1,"ts":2,"values":{"a":1,"b":2},"x":9,"values":{"b":3}})") == "d-1 @2000000 b=3");
  CHECK(one(R"({"x":1,"x":2,"values":{"a":1,"a":2},"y":3,"y":4})") == "d-1 a=2");
  CHECK(one(R"({"ts":1,"values":{"a":1},"values":5})") == "d-1 !wrong_type");
  CHECK(one(R"({"a":7,"values":5,"values":null})") == "d-1 a=7");
  CHECK(one("{\"k\":0," + repeated("\"a\":1,\"values\":{\"k\":1},", 20) + "\"k\":2}") == "d-1 k=1");
}

TEST_CASE("batch: ts without values, or values that are no object, are rejected and not put anywhere") {
  for (const StreamDefinition& stream : {device(), with_fields(device())}) {
    Decoding decode(stream);
    const std::string name = stream.fields.empty() ? "temperature" : "t";
    CHECK(decode(R"({"ts":1,"temperature":5})") == "d-1 " + name + "=5 !missing_field");
    CHECK(decode(R"({"ts":1,"values":null,"temperature":5})") == "d-1 " + name + "=5 !missing_field");
    CHECK(decode(R"({"ts":1,"values":[1],"temperature":5})").ends_with(" !wrong_type"));
    CHECK(decode(R"({"ts":1,"values":5})") == "d-1 !wrong_type");
    CHECK(decode(R"({"values":"x"})") == "d-1 !wrong_type");
    CHECK(decode(R"({"ts":1})") == "d-1 !missing_field");
    CHECK(decode(R"({"ts":1,"values":{}})") == "d-1 @1000000 !missing_field");
  }
}

TEST_CASE("batch: beside a record's values nothing is telemetry") {
  Decoding every(device());
  CHECK(
      every(
          R"({"metadata":{"connector":"opc","receivedTs":7},"ts":1,"x":1,"values":{"a":1,"ts":5,"values":6},"y":2})") ==
      "d-1 @1000000 a=1 ts=5 values=6");
  Decoding some(with_fields(device()));
  CHECK(some(R"({"ts":1,"temperature":9,"values":{"temperature":1}})") == "d-1 @1000000 t=1");
}

TEST_CASE("batch: fields begin at the values, wherever they stand") {
  Decoding decode(with_fields(device()));
  CHECK(decode(R"([{"ts":1,"values":{"temperature":1.50,"air":{"humidity":40},"list":[1,2],"x":9}},)"
               R"({"list":[3,4],"air":{"humidity":41}},{"ts":2,"values":{"x":1}},{"x":1}])") ==
        "d-1 @1000000 t=1.5 h=40 second=2; d-1 h=41 second=4; d-1 @2000000 !missing_field; d-1 !missing_field");
  StreamDefinition own = device();
  own.fields = {field("ts"), field("values.a", "a")};
  CHECK(Decoding(own)(R"([{"ts":1,"values":{"ts":5,"values":{"a":6},"a":7}},{"values":{"a":8}}])") ==
        "d-1 @1000000 ts=5 a=6; d-1 !missing_field");
}

TEST_CASE("batch: values are as those of json") {
  Decoding every(device());
  CHECK(every(R"({"ts":1,"values":{"a":0.1,"s":"25.5","n":null,"b":false,"big":9007199254740993,"o":{"x":[1]}}})") ==
        "d-1 @1000000 a=0.1 b=0 big=9007199254740993 o.x[0]=1");
  CHECK(every(R"({"ts":1,"values":{"a":NaN,"b":1e400,"c":1}})") == "d-1 @1000000 a!nonfinite b!out_of_range c=1");
  CHECK(every(R"({"ts":1,"values":{"s":"25.5"}})") == "d-1 @1000000 !missing_field");
  Decoding some(with_fields(device()));
  CHECK(some(R"({"ts":1,"values":{"temperature":"25.5","air":{"humidity":[1]},"list":[0,{}]}})") ==
        "d-1 @1000000 t!wrong_type h!wrong_type second!wrong_type");
}

TEST_CASE("batch: time is in milliseconds unless the stream says otherwise") {
  Decoding decode(device());
  CHECK(decode(R"({"ts":1.5,"values":{"a":1}})") == "d-1 @1500000 a=1");
  CHECK(decode(R"({"ts":"1451649600512","values":{"a":1}})") == "d-1 a=1 !no_time");
  CHECK(decode(R"({"ts":true,"values":{"a":1}})") == "d-1 a=1 !no_time");
  CHECK(decode(R"({"ts":{},"values":{"a":1}})") == "d-1 a=1 !no_time");
  CHECK(decode(R"({"ts":NaN,"values":{"a":1}})") == "d-1 a=1 !no_time");
  CHECK(decode(R"({"ts":9e15,"values":{"a":1}})") == "d-1 a=1 !out_of_range");
  StreamDefinition stream = device();
  stream.time_format = TimeFormat::seconds;
  CHECK(Decoding(stream)(R"({"ts":1.5,"values":{"a":1}})") == "d-1 @1500000000 a=1");
  stream.time_format = TimeFormat::rfc3339;
  CHECK(Decoding(stream)(R"({"ts":"1970-01-01T00:00:01Z","values":{"a":1}})") == "d-1 @1000000000 a=1");
}

TEST_CASE("batch: what is not JSON is malformed, whole messages and their beginnings") {
  const std::string payload = R"({"A":[{"ts":1,"values":{"t":1.5,"s":"x\u00e9"}},{"t":[2]}],"B":[]})";
  for (const StreamDefinition& stream : {device(), gateway(), with_fields(device()), with_fields(gateway())}) {
    Decoding decode(stream);
    CHECK(decode(payload) != "malformed");
    for (std::size_t size = 0; size < payload.size(); ++size) {
      CAPTURE(size);
      CHECK(decode(std::string_view(payload).substr(0, size)) == "malformed");
    }
    for (const char* wrong : {"{\"A\":[{\"ts\":1,\"values\":{\"t\":01}}]}", "{\"A\":[{}],}", "{\"A\":[{},]}", "{\"A\"}",
                              "{\"A\":[{}]}x", "{A:[{}]}", "{\"A\":[{}]\"B\":[{}]}", "{\"\\ud800\":[{}]}"}) {
      CAPTURE(wrong);
      CHECK(decode(wrong) == "malformed");
    }
  }
}

TEST_CASE("batch: the limits of payloads hold") {
  PayloadLimits limits;
  limits.max_depth = 4;
  Decoding map(gateway(), limits);
  CHECK(map(R"({"A":[{"ts":1,"values":{"t":1}}]})") == "A @1000000 t=1");
  CHECK(map(R"({"A":[{"ts":1,"values":{"t":[1]}}]})") == "too_deep");
  limits.max_depth = 2;
  CHECK(Decoding(device(), limits)(R"({"ts":1,"values":{"t":1}})") == "d-1 @1000000 t=1");
  CHECK(Decoding(device(), limits)(R"([{"ts":1,"values":{"t":1}}])") == "too_deep");
  limits.max_depth = 1;
  CHECK(Decoding(gateway(), limits)(R"({"A":[]})") == "too_deep");
  CHECK(Decoding(gateway(), limits)(R"({"A":1})") == "A !wrong_type");
  Decoding one(device());
  CHECK(one(std::string(100'000, '[')) == "too_deep");
  CHECK(one(repeated("{\"values\":", 10'000)) == "too_deep");
  CHECK(Decoding(gateway())(repeated("{\"a\":[", 10'000)) == "too_deep");
  limits.max_bytes = 20;
  CHECK(Decoding(device(), limits)("{\"temperature\":21.5}") == "d-1 temperature=21.5");
  CHECK(Decoding(device(), limits)(" {\"temperature\":21.5}") == "too_large");
}

TEST_CASE("batch: huge arrays and maps cost what they hold") {
  Decoding one(device());
  CHECK(one("[" + repeated("{\"a\":1},", 20'000) + "{\"a\":2}]").ends_with("; d-1 a=2"));
  CHECK(one.decoded().records.size() == 20'001);
  CHECK(one("{\"values\":{" + repeated("\"k\":1,", 30'000) + "\"k\":2}}") == "d-1 k=2");
  Decoding map(gateway());
  CHECK(map("{" + repeated("\"A\":[{\"t\":1}],", 15'000) + "\"A\":[{\"t\":2}]}") == "A t=2");
  std::string devices = "{";
  for (int i = 0; i < 10'000; ++i) devices += "\"d" + std::to_string(i) + "\":[{\"t\":1}],";
  devices.back() = '}';
  CHECK(map(devices).ends_with("d9999 t=1"));
  CHECK(map.decoded().records.size() == 10'000);
}

TEST_CASE("batch: only a topic says the source before the payload is read") {
  Message message;
  message.topic = "plant/north/d-1/climate";
  const std::string_view variables[] = {"north", "d-1"};
  CHECK(Decoding(device()).decoder().source_by_topic(message, variables) == "d-1");
  CHECK(Decoding(gateway()).decoder().source_by_topic(message, variables).empty());
}

TEST_CASE("batch: what has no meaning is refused, with what would be right") {
  const auto refused = [](void (*change)(StreamDefinition&), DecoderError code, std::string_view words) {
    StreamDefinition stream = device();
    change(stream);
    const auto decoder = Decoder::create(stream, {});
    REQUIRE(!decoder.has_value());
    CAPTURE(decoder.error().context);
    CHECK(decoder.error().code == code);
    CHECK(decoder.error().context.find(words) != std::string::npos);
  };
  refused([](auto& s) { s.source = "id"; }, DecoderError::bad_source, "source: a batch has no paths; write \"device\"");
  refused([](auto& s) { s.source = "^.device"; }, DecoderError::bad_source, "write \"device\"");
  refused([](auto& s) { s.source = "device[0]"; }, DecoderError::bad_source, "write \"device\"");
  refused(
      [](auto& s) {
        s.tags = {{"model", "meta.model"}};
      },
      DecoderError::bad_tag, "tags.model: a batch has no paths");
  refused([](auto& s) { s.each = "r"; }, DecoderError::bad_each, "each: ");
  refused([](auto& s) { s.time = "ts"; }, DecoderError::bad_time, "always ts; leave it out");
  refused([](auto& s) { s.sequence = "n"; }, DecoderError::bad_sequence, "sequence: ");
  refused([](auto& s) { s.fields = {field("^.a")}; }, DecoderError::bad_path, "field[0].path: ");
  refused([](auto& s) { s.fields = {field("a"), field("a[].b")}; }, DecoderError::bad_path, "field[1].path: ");
  refused([](auto& s) { s.fields = {field("^")}; }, DecoderError::bad_path, "leave out ^");
  refused([](auto& s) { s.fields = {field("a..b")}; }, DecoderError::bad_path, "a key is missing");
}

}  // namespace tidemark
