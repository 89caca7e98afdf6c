#include <doctest/doctest.h>

#include "tests/unit/decode/decoding.h"

namespace tidemark {
namespace {

using test::climate;
using test::Decoding;
using test::field;

// One field "v", no tags: what it is made of this JSON value.
std::string value_of(std::string_view json) {
  StreamDefinition stream = climate();
  stream.default_tags = false;
  stream.fields = {field("v"), field("other")};
  return Decoding(stream)("{\"v\":" + std::string(json) + ",\"other\":1}");
}

}  // namespace

TEST_CASE("a record has its source, tags, time, sequence and fields") {
  StreamDefinition stream = climate();
  stream.time = "ts";
  stream.sequence = "n";
  stream.fields = {field("climate.temperature", "temperature"), field("samples[1].v", "sample")};
  Decoding decode(stream);
  CHECK(decode(R"({"ts":1700000000123,"n":7,"climate":{"temperature":21.5},"samples":[{"v":1},{"v":2}]})") ==
        "d-1 {site=north} @1700000000123000000 #7 temperature=21.5 sample=2");
  CHECK(decode(" { \"n\" : 8 , \"ts\" : 1 ,\r\n\t\"climate\" : { \"temperature\" : -0 } } ") ==
        "d-1 {site=north} @1000000 #8 temperature=0");
}

TEST_CASE("values are the decimals that were written") {
  CHECK(value_of("21.50") == "d-1 v=21.5 other=1");
  CHECK(value_of("1e3") == "d-1 v=1000 other=1");
  CHECK(value_of("0.1") == "d-1 v=0.1 other=1");
  CHECK(value_of("-0.0") == "d-1 v=0 other=1");
  CHECK(value_of("true") == "d-1 v=1 other=1");
  CHECK(value_of("false") == "d-1 v=0 other=1");
  CHECK(value_of("9007199254740993") == "d-1 v=9007199254740993 other=1");
}

TEST_CASE("a bad value is rejected by itself, and the others are exact") {
  CHECK(value_of("null") == "d-1 other=1");
  CHECK(value_of("\"21.5\"") == "d-1 v!wrong_type other=1");
  CHECK(value_of("{}") == "d-1 v!wrong_type other=1");
  CHECK(value_of("[1]") == "d-1 v!wrong_type other=1");
  CHECK(value_of("NaN") == "d-1 v!nonfinite other=1");
  CHECK(value_of("Infinity") == "d-1 v!nonfinite other=1");
  CHECK(value_of("-Infinity") == "d-1 v!nonfinite other=1");
  CHECK(value_of("1e400") == "d-1 v!out_of_range other=1");
  CHECK(value_of("-1e400") == "d-1 v!out_of_range other=1");
  CHECK(value_of("1e-400") == "d-1 v!out_of_range other=1");
  CHECK(value_of("0.1234567890123456789012345678901234567890") == "d-1 v=0.12345678901234568~ other=1");
}

TEST_CASE("absent fields are not there; a record without any is missing_field") {
  StreamDefinition stream = climate();
  stream.default_tags = false;
  stream.fields = {field("a"), field("b.c")};
  Decoding decode(stream);
  CHECK(decode(R"({"a":1})") == "d-1 a=1");
  CHECK(decode(R"({"b":{"c":2}})") == "d-1 b.c=2");
  CHECK(decode(R"({"b":5,"c":2})") == "d-1 !missing_field");
  CHECK(decode(R"({"a":null})") == "d-1 !missing_field");
  CHECK(decode("{}") == "d-1 !missing_field");
  CHECK(decode("[]") == "d-1 !missing_field");
}

TEST_CASE("a document that is neither object nor array is a record of the wrong type") {
  StreamDefinition stream = climate();
  stream.default_tags = false;
  for (const char* payload : {"21.5", "\"a\"", "null", "true", "NaN"}) {
    CAPTURE(payload);
    CHECK(Decoding(stream)(payload) == "d-1 !wrong_type");
  }
}

TEST_CASE("without fields every number and boolean is a reading, named by its path") {
  StreamDefinition stream = climate();
  stream.default_tags = false;
  stream.time = "ts";
  stream.sequence = "meta.n";
  stream.source = "id";
  Decoding decode(stream);
  CHECK(
      decode(
          R"({"ts":5,"id":"x","t":1.5,"ok":true,"meta":{"n":3,"rssi":-70},"list":[1,{"a":2},[3]],"s":"text","z":null})") ==
      "x @5000000 #3 t=1.5 ok=1 meta.rssi=-70 list[0]=1 list[1].a=2 list[2][0]=3");
  CHECK(decode(R"({"ts":5,"id":"x","a.b":1,"c":{"d[0]":2,"":3,"say \"hi\"":4}})") ==
        "x @5000000 \"a.b\"=1 c.\"d[0]\"=2 c.\"\"=3 c.\"say \\\"hi\\\"\"=4");
  CHECK(decode(R"({"ts":5,"id":"x","a":NaN,"b":1e400})") == "x @5000000 a!nonfinite b!out_of_range");
  CHECK(decode(R"({"ts":5,"id":"x","a":"1"})") == "x @5000000 !missing_field");
  CHECK(decode(R"([1,{"id":"x"}])") == " [0]=1 !missing_field");
}

TEST_CASE("of equal keys the last counts, with all below it") {
  StreamDefinition all = climate();
  all.default_tags = false;
  Decoding every(all);
  CHECK(every(R"({"a":1,"a":2})") == "d-1 a=2");
  CHECK(every(R"({"a":1,"b":9,"a":null})") == "d-1 b=9");
  CHECK(every(R"({"a":1,"a":{"b":2}})") == "d-1 a.b=2");
  CHECK(every(R"({"a":{"b":1,"c":2},"x":[{"y":1,"y":2}],"a":{"c":3}})") == "d-1 x[0].y=2 a.c=3");
  CHECK(every(R"({"a":1,"\u0061":2})") == "d-1 a=2");
  CHECK(every(R"([{"a":1},{"a":2}])") == "d-1 [0].a=1 [1].a=2");

  StreamDefinition some = all;
  some.fields = {field("a"), field("m.x", "x"), field("m.y", "y")};
  Decoding wanted(some);
  CHECK(wanted(R"({"a":1,"a":2})") == "d-1 a=2");
  CHECK(wanted(R"({"a":1,"a":"2"})") == "d-1 a!wrong_type");
  CHECK(wanted(R"({"a":1,"m":{"x":1,"y":2},"m":{"y":3}})") == "d-1 a=1 y=3");
  CHECK(wanted(R"({"a":1,"m":{"x":1,"y":2},"m":7})") == "d-1 a=1");
}

TEST_CASE("equal keys are found among many") {
  StreamDefinition all = climate();
  all.default_tags = false;
  std::string payload = "{\"first\":1";
  for (int i = 0; i < 1000; ++i)
    payload += ",\"a rather long key " + std::to_string(i % 500) + "\":" + std::to_string(i);
  payload += ",\"first\":2}";
  Decoding decode(all);
  const std::string line = decode(payload);
  CHECK(decode.decoded().fields.size() == 501);
  CHECK(line.find("a rather long key 0=500 ") != std::string::npos);
  CHECK(line.ends_with(" first=2"));
}

TEST_CASE("each: the elements are the records") {
  StreamDefinition stream = climate();
  stream.default_tags = false;
  stream.each = "data.readings";
  stream.source = "id";
  stream.tags = {{"model", "^.model"}};
  stream.time = "t";
  stream.time_format = TimeFormat::seconds;
  stream.fields = {field("v"), field("^.battery", "battery")};
  Decoding decode(stream);
  CHECK(decode(R"({"data":{"readings":[{"id":"a","t":1,"v":10},{"id":"b","v":20},{"t":3,"v":30},{"id":"d","t":4}]},)"
               R"("model":"M1","battery":3.6})") ==
        "a {model=M1} @1000000000 v=10 battery=3.6; b {model=M1} v=20 battery=3.6 !no_time; "
        " {model=M1} @3000000000 v=30 battery=3.6 !missing_field; d {model=M1} @4000000000 battery=3.6");
  CHECK(decode(R"({"data":{"readings":{"id":"a","t":1,"v":10}}})") == "a {model=} @1000000000 v=10");
  CHECK(decode(R"({"data":{"readings":[]}})") == "nothing");
  CHECK(decode(R"({"data":{"readings":[7,{"id":"a","t":1,"v":10},null]},"model":"M"})") ==
        " {model=M} !wrong_type; a {model=M} @1000000000 v=10;  {model=M} !wrong_type");
  CHECK(decode(R"({"data":{}})") == "missing_field");
  CHECK(decode(R"({"data":{"readings":null}})") == "missing_field");
  CHECK(decode(R"({"data":{"readings":"x"}})") == "wrong_type");
  CHECK(decode(R"({"data":{"readings":5}})") == "wrong_type");
  CHECK(decode(R"(5)") == "missing_field");
}

TEST_CASE("each: of two arrays under equal keys the last counts") {
  StreamDefinition stream = climate();
  stream.default_tags = false;
  stream.each = "r";
  Decoding decode(stream);
  CHECK(decode(R"({"r":[{"a":1},{"a":2}],"r":[{"b":3}]})") == "d-1 b=3");
  CHECK(decode(R"({"r":[{"a":1},{"a":2}],"r":null})") == "missing_field");
  CHECK(decode(R"({"r":[{"a":1}],"x":5,"r":[]})") == "nothing");
  CHECK(decode(R"({"x":1,"r":[{"a":1,"c":{"d":2}}]})") == "d-1 a=1 c.d=2");
}

TEST_CASE("each within each: the inner elements are the records, and each ^ is one level up") {
  StreamDefinition stream = climate();
  stream.default_tags = false;
  stream.each = "data.nodes[].readings";
  stream.source = "^.id";
  stream.tags = {{"site", "^.^.site"}};
  stream.time = "t";
  stream.time_format = TimeFormat::seconds;
  stream.fields = {field("v"), field("^.battery", "battery"), field("^.^.rev", "rev")};
  Decoding decode(stream);
  // What stands around the elements is found before and behind them, and stays with its own.
  CHECK(decode(R"({"rev":2,"data":{"nodes":[{"id":"a","readings":[{"t":1,"v":10},{"t":2,"v":20}],"battery":3.6},)"
               R"({"readings":[{"t":3,"v":30}],"id":"b"},{"readings":[],"id":"c"},)"
               R"({"id":"d","battery":3.5,"readings":{"t":4,"v":40}}]},"site":"north"})") ==
        "a {site=north} @1000000000 v=10 battery=3.6 rev=2; a {site=north} @2000000000 v=20 battery=3.6 rev=2; "
        "b {site=north} @3000000000 v=30 rev=2; d {site=north} @4000000000 v=40 battery=3.5 rev=2");
  CHECK(decode(R"({"data":{"nodes":{"id":"a","readings":[{"t":1,"v":1}]}}})") == "a {site=} @1000000000 v=1");
  CHECK(decode(R"({"data":{"nodes":[]}})") == "nothing");
  CHECK(decode(R"({"data":{"nodes":null}})") == "missing_field");
  CHECK(decode(R"({"data":{"nodes":"x"}})") == "wrong_type");
  CHECK(decode(R"({"data":{"readings":[{"t":1,"v":1}]}})") == "missing_field");
}

TEST_CASE("each within each: an element in which it leads nowhere is rejected alone") {
  StreamDefinition stream = climate();
  stream.default_tags = false;
  stream.each = "nodes[].r";
  stream.source = "^.id";
  Decoding decode(stream);
  CHECK(
      decode(R"({"nodes":[{"id":"a"},{"id":"b","r":null},{"id":"c","r":5},7,null,{"r":[1,{"v":1},"x"],"id":"d"}]})") ==
      "a !missing_field; b !missing_field; c !wrong_type;  !wrong_type;  !wrong_type; "
      "d !wrong_type; d v=1; d !wrong_type");
}

TEST_CASE("each within each: of equal keys the last counts, on every level") {
  StreamDefinition stream = climate();
  stream.default_tags = false;
  stream.each = "nodes[].r";
  stream.source = "^.id";
  Decoding decode(stream);
  CHECK(decode(R"({"nodes":[{"id":"a","r":[{"v":1},{"v":2}],"r":[{"w":3}]},{"id":"b","r":[{"v":4,"v":5}]}]})") ==
        "a w=3; b v=5");
  CHECK(decode(R"({"nodes":[{"id":"a","r":[{"v":1}]}],"nodes":[{"id":"b","r":[{"v":2}]}]})") == "b v=2");
  CHECK(decode(R"({"nodes":[{"id":"a","r":[{"v":1}],"r":null},{"id":"b","r":[{"v":2}]}]})") ==
        "a !missing_field; b v=2");
  CHECK(decode(R"({"nodes":[{"id":"a","r":[{"v":1}],"id":"z"}]})") == "z v=1");
}

TEST_CASE("each goes into as many arrays as it says") {
  StreamDefinition stream = climate();
  stream.default_tags = false;
  stream.each = "rows[][].r";
  stream.source = "^.^.^.id";
  stream.tags = {{"cell", "^.cell"}};
  Decoding decode(stream);
  CHECK(decode(R"({"rows":[[{"cell":"a","r":[{"v":1},{"v":2}]},{"r":[{"v":3}]}],[{"cell":"c","r":[{"v":4}]}],5],)"
               R"("id":"x"})") ==
        "x {cell=a} v=1; x {cell=a} v=2; x {cell=} v=3; x {cell=c} v=4; x {cell=} !wrong_type");
  stream.each = "^[].r";
  stream.source = "^.id";
  stream.tags.clear();
  CHECK(Decoding(stream)(R"([{"id":"a","r":[{"v":1}]},{"id":"b","r":[{"v":2}]}])") == "a v=1; b v=2");
}

TEST_CASE("an array may hold values of every type") {
  StreamDefinition every = climate();
  every.default_tags = false;
  CHECK(Decoding(every)(R"({"a":[1,"x",null,true,{"b":2.50},[3,"4"],NaN,1e400]})") ==
        "d-1 a[0]=1 a[3]=1 a[4].b=2.5 a[5][0]=3 a[6]!nonfinite a[7]!out_of_range");
  StreamDefinition places = every;
  for (const char* place : {"a[0]", "a[1]", "a[2]", "a[3]", "a[4]", "a[5]"}) places.fields.push_back(field(place));
  CHECK(Decoding(places)(R"({"a":[1,"x",null,true,{"b":2.50}]})") ==
        "d-1 a[0]=1 a[1]!wrong_type a[3]=1 a[4]!wrong_type");
}

TEST_CASE("each: ^ is the message as an array, and elements may be arrays") {
  StreamDefinition stream = climate();
  stream.default_tags = false;
  stream.each = "^";
  stream.time = "[0]";
  stream.fields = {field("[1]", "value")};
  Decoding decode(stream);
  CHECK(decode("[[1,10],[2,20]]") == "d-1 @1000000 value=10; d-1 @2000000 value=20");
  CHECK(decode("7") == "wrong_type");
}

TEST_CASE("one path may serve twice") {
  StreamDefinition stream = climate();
  stream.default_tags = false;
  stream.tags = {{"channel", "c"}, {"again", "c"}};
  stream.time = "c";
  stream.fields = {field("c"), field("c", "copy")};
  CHECK(Decoding(stream)(R"({"c":1.50})") == "d-1 {again=1.50 channel=1.50} @1500000 c=1.5 copy=1.5");
}

TEST_CASE("source and tags are strings, numbers as written, or booleans") {
  StreamDefinition stream = climate();
  stream.default_tags = false;
  stream.source = "s";
  stream.tags = {{"t", "t"}};
  stream.fields = {field("v")};
  Decoding decode(stream);
  CHECK(decode(R"({"s":"a\u00e9","t":"x y","v":1})") == "aé {t=x y} v=1");
  CHECK(decode(R"({"s":17.0,"t":1e3,"v":1})") == "17.0 {t=1e3} v=1");
  CHECK(decode(R"({"s":true,"t":false,"v":1})") == "true {t=false} v=1");
  CHECK(decode(R"({"s":"a","v":1})") == "a {t=} v=1");
  CHECK(decode(R"({"s":"a","t":null,"v":1})") == "a {t=} v=1");
  CHECK(decode(R"({"t":"x","v":1})") == " {t=x} v=1 !missing_field");
  CHECK(decode(R"({"s":"","v":1})") == " {t=} v=1 !missing_field");
  CHECK(decode(R"({"s":{},"v":1})") == " {t=} v=1 !wrong_type");
  CHECK(decode(R"({"s":"a","t":[1],"v":1})") == "a {t=} v=1 !wrong_type");
  CHECK(decode(R"({"s":NaN,"v":1})") == " {t=} v=1 !wrong_type");
  CHECK(decode(R"({"s":"\ud800","v":1})") == " {t=} v=1 !malformed");
  CHECK(decode(R"({"s":"a\u0000","v":1})") == " {t=} v=1 !malformed");
  CHECK(decode("{\"s\":\"" + std::string(256, 'a') + "\",\"v\":1}") == std::string(256, 'a') + " {t=} v=1");
  CHECK(decode("{\"s\":\"" + std::string(257, 'a') + "\",\"v\":1}") == " {t=} v=1 !malformed");
  CHECK(decode("{\"s\":\"a\",\"t\":1" + std::string(256, '0') + ",\"v\":1}") == "a {t=} v=1 !malformed");
}

TEST_CASE("time that cannot be read is no_time, beyond the range out_of_range") {
  StreamDefinition stream = climate();
  stream.default_tags = false;
  stream.time = "t";
  stream.fields = {field("v")};
  Decoding epoch(stream);
  CHECK(epoch(R"({"t":-1.5,"v":1})") == "d-1 @-1500000 v=1");
  CHECK(epoch(R"({"v":1})") == "d-1 v=1 !no_time");
  CHECK(epoch(R"({"t":null,"v":1})") == "d-1 v=1 !no_time");
  CHECK(epoch(R"({"t":"1","v":1})") == "d-1 v=1 !no_time");
  CHECK(epoch(R"({"t":true,"v":1})") == "d-1 v=1 !no_time");
  CHECK(epoch(R"({"t":{},"v":1})") == "d-1 v=1 !no_time");
  CHECK(epoch(R"({"t":NaN,"v":1})") == "d-1 v=1 !no_time");
  CHECK(epoch(R"({"t":1e400,"v":1})") == "d-1 v=1 !out_of_range");
  CHECK(epoch(R"({"t":9e15,"v":1})") == "d-1 v=1 !out_of_range");

  stream.time_format = TimeFormat::rfc3339;
  Decoding rfc3339(stream);
  CHECK(rfc3339(R"({"t":"1970-01-01T00:00:01Z","v":1})") == "d-1 @1000000000 v=1");
  CHECK(rfc3339(R"({"t":"1970-01-01T00\u003a00:01Z","v":1})") == "d-1 @1000000000 v=1");
  CHECK(rfc3339(R"({"t":1,"v":1})") == "d-1 v=1 !no_time");
  CHECK(rfc3339(R"({"t":"yesterday","v":1})") == "d-1 v=1 !no_time");
  CHECK(rfc3339(R"({"t":"9999-01-01T00:00:01Z","v":1})") == "d-1 v=1 !out_of_range");
  CHECK(rfc3339(R"({"t":"\ud800","v":1})") == "d-1 v=1 !no_time");

  const std::pair<TimeFormat, const char*> units[] = {{TimeFormat::seconds, "d-1 @2500000000 v=1"},
                                                      {TimeFormat::milliseconds, "d-1 @2500000 v=1"},
                                                      {TimeFormat::microseconds, "d-1 @2500 v=1"},
                                                      {TimeFormat::nanoseconds, "d-1 @2 v=1"}};
  for (const auto& [format, line] : units) {
    stream.time_format = format;
    CHECK(Decoding(stream)(R"({"t":2.5,"v":1})") == line);
  }
}

TEST_CASE("a sequence is a whole number of at most 2^63") {
  StreamDefinition stream = climate();
  stream.default_tags = false;
  stream.sequence = "n";
  stream.fields = {field("v")};
  Decoding decode(stream);
  const auto sequence = [&decode](std::string_view json) {
    return decode("{\"n\":" + std::string(json) + ",\"v\":1}");
  };
  CHECK(sequence("0") == "d-1 #0 v=1");
  CHECK(sequence("65535") == "d-1 #65535 v=1");
  CHECK(sequence("9223372036854775808") == "d-1 #9223372036854775808 v=1");
  CHECK(sequence("5.0") == "d-1 #5 v=1");
  CHECK(sequence("1e3") == "d-1 #1000 v=1");
  CHECK(sequence("-0") == "d-1 #0 v=1");
  CHECK(sequence("null") == "d-1 v=1");
  CHECK(decode(R"({"v":1})") == "d-1 v=1");
  for (const char* bad : {"-1", "1.5", "9223372036854775809", "1e19", "1e400", "\"1\"", "true", "NaN", "[]",
                          "18446744073709551616", "1234567890123456789012345"}) {
    CAPTURE(bad);
    CHECK(sequence(bad) == "d-1 v=1 !wrong_type");
  }
}

TEST_CASE("tags are the topic's other variables unless configured, sorted by name") {
  StreamDefinition stream = climate();
  stream.topic = "p/{zone}/{device}/{area}/{rest+}";
  stream.fields = {field("v")};
  CHECK(Decoding(stream)(R"({"v":1})", "p/z/d/a/x/y") == "d {area=a rest=x/y zone=z} v=1");
  stream.source = "{zone}-{device}";
  CHECK(Decoding(stream)(R"({"v":1})", "p/z/d/a/x/y") == "z-d {area=a rest=x/y} v=1");
  stream.source = "";
  CHECK(Decoding(stream)(R"({"v":1})", "p/z/d/a/x") == "p/z/d/a/x {area=a device=d rest=x zone=z} v=1");
  stream.source = "id";
  stream.default_tags = false;
  stream.tags = {{"z", "{zone}/{area}!"}, {"b", "meta.\"b.c\""}};
  CHECK(Decoding(stream)(R"({"v":1,"id":"i","meta":{"b.c":"q"}})", "p/z/d/a/x") == "i {b=q z=z/a!} v=1");
}

TEST_CASE("readings named by hostile keys are rejected alone") {
  StreamDefinition stream = climate();
  stream.default_tags = false;
  Decoding decode(stream);
  CHECK(decode(R"({"a":1,"\u0001":2,"b":3})") == "d-1 a=1 !malformed b=3");
  CHECK(decode("{\"" + std::string(256, 'k') + "\":1}") == "d-1 " + std::string(256, 'k') + "=1");
  CHECK(decode("{\"" + std::string(257, 'k') + "\":1,\"b\":3}") == "d-1 !malformed b=3");
  CHECK(decode("{\"" + std::string(200, 'k') + "\":{\"" + std::string(100, 'l') + "\":1},\"b\":3}") ==
        "d-1 !malformed b=3");
}

TEST_CASE("after a message of many readings the next is decoded as ever") {
  StreamDefinition stream = climate();
  stream.default_tags = false;
  Decoding decode(stream);
  std::string many = "[0";
  for (int i = 1; i < 100'000; ++i) many += ",1";
  const std::string line = decode(many + "]");
  CHECK(decode.decoded().fields.size() == 100'000);
  CHECK(line.ends_with(" [99999]=1"));
  CHECK(decode(R"({"a":[1]})") == "d-1 a[0]=1");
}

}  // namespace tidemark
