// What becomes of lines: records, readings, their names and tags, and the reasons of what is not taken.
#include <doctest/doctest.h>

#include <set>

#include "edge/decode/label.h"
#include "tests/unit/decode/decoding.h"

namespace tidemark {
namespace {

using test::Decoding;
using test::field;

StreamDefinition telegraf() {
  StreamDefinition stream = test::climate();
  stream.topic = "telegraf/{site}/{device}";
  stream.format = PayloadFormat::line_protocol;
  stream.time_format = TimeFormat::nanoseconds;
  return stream;
}

StreamDefinition wanted() {
  StreamDefinition stream = telegraf();
  stream.default_tags = false;
  stream.fields = {field("cpu.idle", "idle"), field("cpu.user"), field("mem.used")};
  return stream;
}

std::string decoded(const StreamDefinition& stream, std::string_view payload) {
  return Decoding(stream)(payload, "telegraf/north/d-1");
}

}  // namespace

TEST_CASE("a line is a record whose readings are named by measurement and field") {
  CHECK(decoded(telegraf(), "cpu,cpu=cpu0,host=web idle=98.50,user=1i,up=true,name=\"x\" 1700000000000000000\n") ==
        "d-1 {cpu=cpu0 host=web site=north} @1700000000000000000 cpu.idle=98.5 cpu.user=1 cpu.up=1");
  CHECK(decoded(telegraf(), "cpu idle=1") == "d-1 {site=north} cpu.idle=1");
}

TEST_CASE("a name with a dot is quoted in what a reading is called, so that no two names meet") {
  CHECK(decoded(telegraf(), "a.b c=1\na b.c=2\n") == "d-1 {site=north} \"a.b\".c=1; d-1 {site=north} a.\"b.c\"=2");
}

TEST_CASE("every line is a record of its own, and a malformed one is rejected alone") {
  CHECK(decoded(telegraf(), "# comment\n\na x=1 1\nb\nc,t=u x=0.1,y=f 2\r\n  \n d x=3u 3") ==
        "d-1 {site=north} @1 a.x=1; d-1 !malformed; d-1 {site=north t=u} @2 c.x=0.1 c.y=0; "
        "d-1 {site=north} @3 d.x=3");
}

TEST_CASE("a quote that is never closed costs its own line only") {
  CHECK(decoded(telegraf(), "a x=\"open 1\nb x=2\n") == "d-1 !malformed; d-1 {site=north} b.x=2");
}

TEST_CASE("what stands in a string is never read as a line") {
  CHECK(decoded(telegraf(), "a s=\"\nb x=2\n\",y=1\n") == "d-1 {site=north} a.y=1");
  CHECK(decoded(telegraf(), "a s=\"\nb x=2\n\",y=?\nc x=3") == "d-1 !malformed; d-1 {site=north} c.x=3");
}

TEST_CASE("a message of no line has no reading; one of lines without any has nothing the stream wants") {
  CHECK(decoded(telegraf(), "") == "nothing");
  CHECK(decoded(telegraf(), "# nothing\n\n") == "nothing");
  CHECK(decoded(telegraf(), "system uptime_format=\"5 days\" 1\n") == "missing_field");
  CHECK(decoded(wanted(), "disk used=1\ncpu other=2\n") == "missing_field");
  // Beside lines that have one they are skipped, as Telegraf sends many kinds together.
  CHECK(decoded(telegraf(), "system uptime_format=\"5 days\" 1\nsystem load1=0.5 1\n") ==
        "d-1 {site=north} @1 system.load1=0.5");
  CHECK(decoded(wanted(), "disk used=1\ncpu idle=2\ncpu other=3\n") == "d-1 idle=2");
}

TEST_CASE("configured fields are found by measurement and key, in the order of the configuration") {
  CHECK(decoded(wanted(), "cpu user=1,idle=2,used=3 5\nmem used=4,idle=5 6\n") ==
        "d-1 @5 idle=2 cpu.user=1; d-1 @6 mem.used=4");
  StreamDefinition twice = wanted();
  twice.fields = {field("\"c.p\".\"a b\"", "one"), field("\"c.p\".\"a b\"", "two")};
  CHECK(decoded(twice, "c.p a\\ b=7") == "d-1 one=7 two=7");
}

TEST_CASE("a string is no reading, and a wrong type where a configured field names it") {
  CHECK(decoded(telegraf(), "cpu idle=\"98\",user=1") == "d-1 {site=north} cpu.user=1");
  CHECK(decoded(wanted(), "cpu idle=\"98\",user=1") == "d-1 idle!wrong_type cpu.user=1");
}

TEST_CASE("of equal fields on one line the last counts") {
  CHECK(decoded(telegraf(), "a x=1,y=2,x=3") == "d-1 {site=north} a.y=2 a.x=3");
  CHECK(decoded(wanted(), "cpu idle=1,idle=\"no\"") == "d-1 idle!wrong_type");
  std::string many = "a ";
  for (int i = 0; i < 40; ++i) many += "x" + std::to_string(i % 20) + "=" + std::to_string(i) + ",";
  many.back() = '\n';
  const std::string found = decoded(telegraf(), many);
  CHECK(found.starts_with("d-1 {site=north} a.x0=20 a.x1=21 "));
  CHECK(found.ends_with(" a.x18=38 a.x19=39"));
}

TEST_CASE("the time of a line is in the stream's unit, and arrival where it has none") {
  StreamDefinition stream = telegraf();
  stream.default_tags = false;
  const std::pair<TimeFormat, std::string> units[] = {{TimeFormat::seconds, "1700000000000000000"},
                                                      {TimeFormat::milliseconds, "1700000000000000"},
                                                      {TimeFormat::microseconds, "1700000000000"},
                                                      {TimeFormat::nanoseconds, "1700000000"}};
  for (const auto& [unit, ns] : units) {
    stream.time_format = unit;
    CHECK(decoded(stream, "a x=1 1700000000") == "d-1 @" + ns + " a.x=1");
  }
  CHECK(decoded(stream, "a x=1") == "d-1 a.x=1");
  CHECK(decoded(stream, "a x=1 -0001") == "d-1 @-1 a.x=1");
}

TEST_CASE("a time beyond what can be kept rejects its line, and its readings are counted") {
  StreamDefinition stream = telegraf();
  stream.default_tags = false;
  for (const char* time : {"9223372036854775808", "-9223372036854775809", "9223372036854775807", "-9223372036854775808",
                           "99999999999999999999999999999"}) {
    CHECK(decoded(stream, std::string("a x=1,y=2 ") + time) == "d-1 a.x=1 a.y=2 !out_of_range");
  }
  CHECK(decoded(stream, "a x=1 " + std::to_string(kLatestEvent.ns)) ==
        "d-1 @" + std::to_string(kLatestEvent.ns) + " a.x=1");
  CHECK(decoded(stream, "a x=1 " + std::to_string(kEarliestEvent.ns - 1)) == "d-1 a.x=1 !out_of_range");
  stream.time_format = TimeFormat::seconds;
  CHECK(decoded(stream, "a x=1 1700000000000000000") == "d-1 a.x=1 !out_of_range");
}

TEST_CASE("the source may be a tag of the line or its measurement") {
  StreamDefinition stream = telegraf();
  stream.source = "tag.host";
  // The source is no tag beside.
  CHECK(decoded(stream, "cpu,cpu=0,host=web\\ 1 x=1") == "web 1 {cpu=0 device=d-1 site=north} cpu.x=1");
  CHECK(decoded(stream, "cpu,cpu=0 x=1,y=2") == " {cpu=0 device=d-1 site=north} cpu.x=1 cpu.y=2 !missing_field");
  stream.source = "tag.\"a.b\"";
  CHECK(decoded(stream, "cpu,a.b=v x=1") == "v {device=d-1 site=north} cpu.x=1");
  stream.source = "measurement";
  CHECK(decoded(stream, "cpu x=1") == "cpu {device=d-1 site=north} cpu.x=1");
  stream.source.clear();
  CHECK(decoded(stream, "cpu x=1") == "telegraf/north/d-1 {device=d-1 site=north} cpu.x=1");
}

TEST_CASE("configured tags are the only ones, and empty where the line has them not") {
  StreamDefinition stream = telegraf();
  stream.default_tags = false;
  stream.tags = {{"zone", "tag.z"}, {"kind", "measurement"}, {"at", "{site}"}};
  CHECK(decoded(stream, "cpu,a=b,z=3 x=1\ncpu x=1") ==
        "d-1 {at=north kind=cpu zone=3} cpu.x=1; d-1 {at=north kind=cpu zone=} cpu.x=1");
}

TEST_CASE("the line's own tag counts where a variable of the topic has its name") {
  CHECK(decoded(telegraf(), "cpu,a=1,site=south,z=2 x=1") == "d-1 {a=1 site=south z=2} cpu.x=1");
}

TEST_CASE("tags name one series in whatever order a line has them") {
  CHECK(decoded(telegraf(), "cpu,z=1,a=2 x=1") == decoded(telegraf(), "cpu,a=2,z=1 x=1"));
}

TEST_CASE("names and labels are bounded") {
  const std::string most(kMaxLabelBytes, 'n'), more(kMaxLabelBytes + 1, 'n');
  // A name that is too long loses its own reading only.
  const std::string key(kMaxLabelBytes - 2, 'k');
  StreamDefinition plain = telegraf();
  plain.default_tags = false;
  CHECK(decoded(plain, "m " + key + "=1") == "d-1 m." + key + "=1");
  CHECK(decoded(plain, "m k" + key + "=1,b=2") == "d-1 !malformed m.b=2");

  CHECK(decoded(telegraf(), "m,t=" + most + " x=1") == "d-1 {site=north t=" + most + "} m.x=1");
  CHECK(decoded(telegraf(), "m,t=" + more + " x=1") == "d-1 {site=north} m.x=1 !malformed");
  CHECK(decoded(telegraf(), "m," + most + "=v x=1") == "d-1 {" + most + "=v site=north} m.x=1");
  CHECK(decoded(telegraf(), "m," + more + "=v x=1") == "d-1 m.x=1 !malformed");
  StreamDefinition stream = plain;
  stream.source = "tag.t";
  stream.tags = {{"u", "tag.u"}};
  CHECK(decoded(stream, "m,t=" + most + " x=1") == most + " {u=} m.x=1");
  CHECK(decoded(stream, "m,t=" + more + " x=1") == " {u=} m.x=1 !malformed");
  CHECK(decoded(stream, "m,t=s,u=" + more + " x=1") == "s {u=} m.x=1 !malformed");
  // A tag nobody asked for may be of any length.
  CHECK(decoded(stream, "m,t=s,v=" + more + " x=1") == "s {u=} m.x=1");
}

TEST_CASE("the tags of a line are bounded together") {
  // 409 tags of 5 bytes each, counted with three more, are one below the bound.
  const auto tags = [](std::size_t count, std::string_view last) {
    std::string line = "m";
    for (std::size_t i = 0; i < count; ++i) {
      const char name[] = {static_cast<char>('a' + i / 26 % 26), static_cast<char>('a' + i % 26), '\0'};
      line += "," + std::string(name) + "=";
      line += i + 1 == count ? last : "v";
    }
    return line + " x=1";
  };
  StreamDefinition stream = telegraf();
  stream.topic = "telegraf/+/{device}";
  const std::size_t most = kMaxTagBytes / 6;  // of 2 + 1 bytes and 3
  const std::size_t left = kMaxTagBytes - most * 6;
  CHECK_FALSE(decoded(stream, tags(most, "v" + std::string(left, 'w'))).ends_with("!malformed"));
  CHECK(decoded(stream, tags(most, "v" + std::string(left + 1, 'w'))).ends_with("m.x=1 !malformed"));
  CHECK(decoded(stream, tags(most + 1, "v")).ends_with("m.x=1 !malformed"));
}

TEST_CASE("a payload is bounded, and so is the topic") {
  PayloadLimits limits;
  limits.max_bytes = 8;
  Decoding decode(telegraf(), limits);
  CHECK(decode("cpu x=12", "telegraf/north/d-1") == "d-1 {site=north} cpu.x=12");
  CHECK(decode("cpu x=123", "telegraf/north/d-1") == "too_large");
  CHECK(decode("cpu x=1", "telegraf/north/d\x01") == "malformed");
}

TEST_CASE("a line of sixty thousand fields is read, each once") {
  std::string line = "m ";
  for (int i = 0; i < 30'000; ++i) line += "f" + std::to_string(i) + "=1,";
  line.back() = ' ';
  StreamDefinition stream = telegraf();
  stream.default_tags = false;
  Decoding decode(stream);
  decode(line, "telegraf/north/d-1");
  CHECK(decode.decoded().records.size() == 1);
  CHECK(decode.decoded().fields.size() == 30'000);
  std::set<std::string_view> names;
  for (const FieldValue& reading : decode.decoded().fields) names.insert(reading.name);
  CHECK(names.size() == 30'000);
}

}  // namespace tidemark
