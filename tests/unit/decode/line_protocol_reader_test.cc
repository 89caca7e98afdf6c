// The grammar of line protocol, rule by rule, each with what breaks it.
#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "edge/decode/line_protocol_reader.h"

namespace tidemark {
namespace {

constexpr std::string_view kKinds = "diubsn";  // decimal, integer, unsigned, boolean, string, nonfinite

// Line by line: "measurement [tag=value] field:k(text) @time", or "malformed".
std::string read(std::string_view payload) {
  LineProtocolReader reader;
  reader.load(payload);
  std::string all;
  while (true) {
    const auto found = reader.next();
    if (found == LineProtocolReader::Found::end) return all;
    if (!all.empty()) all += " | ";
    if (found == LineProtocolReader::Found::malformed) {
      all += "malformed";
      continue;
    }
    all += reader.measurement();
    for (const LineProtocolTag& tag : reader.tags()) {
      all += " [" + std::string(tag.key) + "=" + std::string(tag.value) + "]";
    }
    for (const LineProtocolField& field : reader.fields()) {
      all += " " + std::string(field.key) + ":" + kKinds[static_cast<std::size_t>(field.kind)];
      all += "(" + std::string(field.text) + ")";
    }
    if (!reader.time().empty()) all += " @" + std::string(reader.time());
  }
}

struct Case {
  std::string_view line;
  std::string_view found;
};

}  // namespace

TEST_CASE("a line has a measurement, tags, fields and a time") {
  for (const auto& [line, found] : {
           Case{"m f=1", "m f:d(1)"},
           {"m f=1 2", "m f:d(1) @2"},
           {"m,a=b f=1i,g=\"x\",h=t -2", "m [a=b] f:i(1) g:s(x) h:b(t) @-2"},
           {"m,b=2,a=1 f=1u", "m [a=1] [b=2] f:u(1)"},
           {"m", "malformed"},
           {"m ", "malformed"},
           {"m,a=b", "malformed"},
           {"m,a=b ", "malformed"},
           {"m 5", "malformed"},
           {",a=b f=1", "malformed"},
           {"=1", "malformed"},
           {"m f=1 2 3", "malformed"},
           {"m f=1 g=2", "malformed"},
           {"m f=1 2i", "malformed"},
           {"m f=1 2.5", "malformed"},
           {"m f=1 -", "malformed"},
           {"m f=1 1-2", "malformed"},
           {"m f=1 +2", "malformed"},
       }) {
    CAPTURE(line);
    CHECK(read(line) == found);
  }
}

TEST_CASE("lines end at newlines, with or without a carriage return before") {
  for (const auto& [line, found] : {
           Case{"m f=1\nm f=2\n", "m f:d(1) | m f:d(2)"},
           {"m f=1 7\r\nm f=t\r\nm f=\"\"\r", "m f:d(1) @7 | m f:b(t) | m f:s()"},
           {"\n\r\n  \n m f=1", "m f:d(1)"},
           {"", ""},
           {"\n", ""},
           {"\r", ""},
           {"m f=1\rm f=2\nm f=3", "malformed | m f:d(3)"},
           {"\rm f=1\nm f=2", "malformed | m f:d(2)"},
           {"m\nf=1", "malformed | malformed"},
           {"m,a=b\nm f=1", "malformed | m f:d(1)"},
           {"m f=\nm f=1", "malformed | m f:d(1)"},
       }) {
    CAPTURE(line);
    CHECK(read(line) == found);
  }
}

TEST_CASE("spaces stand between the parts of a line and nowhere else") {
  for (const auto& [line, found] : {
           Case{"  m   f=1   2  \n", "m f:d(1) @2"},
           {"m f=1 ", "m f:d(1)"},
           {"m, f=1", "malformed"},
           {"m ,a=b f=1", "malformed"},
           {"m,a =b f=1", "malformed"},
           {"m,a= b f=1", "malformed"},
           {"m,a=b, f=1", "malformed"},
           {"m f =1", "malformed"},
           {"m f= 1", "malformed"},
           {"m f=1, g=2", "malformed"},
           {"m f=1 ,g=2", "malformed"},
           {"m\tf=1", "malformed"},
           {"\tm f=1", "malformed"},
           {"m f=1\t2", "malformed"},
       }) {
    CAPTURE(line);
    CHECK(read(line) == found);
  }
}

TEST_CASE("what begins with # is skipped to its newline, whatever it holds") {
  CHECK(read("# m f=1\n  #\t\x01\xff\nm f=1\n#") == "m f:d(1)");
  CHECK(read("m# f#=1") == "m# f#:d(1)");
  CHECK(read("m f=1 #") == "malformed");
}

TEST_CASE("a backslash escapes what would end a name, and stands for itself before all else") {
  for (const auto& [line, found] : {
           Case{R"(a\ b\,c=d f=1)", "a b,c=d f:d(1)"},
           {R"(m,a\ \,\=b=c\ \,\=d f=1)", "m [a ,=b=c ,=d] f:d(1)"},
           {R"(m f\ \,\=g=1)", "m f ,=g:d(1)"},
           {R"(m\n,a\b=c\"d f\\g=1)", R"(m\n [a\b=c\"d] f\\g:d(1))"},
           {R"(m\\ f=1)", R"(malformed)"},
           {R"(m\\ x f=1)", R"(m\ x f:d(1))"},
           {R"(m\\\ x f=1)", R"(m\\ x f:d(1))"},
           {R"(m\= f=1)", R"(m\= f:d(1))"},
           {"m\\", "malformed"},
           {"m,a=b\\\nm f=1", "malformed | m f:d(1)"},
           {R"(\# f=1)", R"(\# f:d(1))"},
       }) {
    CAPTURE(line);
    CHECK(read(line) == found);
  }
}

TEST_CASE("names are quoted by nothing: a quote in one is a part of it") {
  CHECK(read("\"m\",\"a\"=\"b\" \"f\"=1") == "\"m\" [\"a\"=\"b\"] \"f\":d(1)");
  CHECK(read("m,a=\"b c\" f=1") == "malformed");
}

TEST_CASE("names and the values of tags are not empty") {
  for (const std::string_view line :
       {"m,=b f=1", "m,a= f=1", "m,a f=1", "m,,a=b f=1", "m,a=b,,c=d f=1", "m =1", "m f=1,=2", "m f=1,,g=2", "m f=1,",
        "m f", "m f,g=1", "m,a=b=c f=1", "m,a==b f=1"}) {
    CAPTURE(line);
    CHECK(read(line) == "malformed");
  }
}

TEST_CASE("names hold no control characters, and are UTF-8") {
  for (const std::string_view line :
       {"m\x01 f=1", "m\x7f f=1", "m,a\x02=b f=1", "m,a=b\v f=1", "m f\x03=1", "\xff f=1", "m,\xc3=b f=1",
        "m,a=\xed\xa0\x80 f=1", "m \xc0\xaf=1", "m f=\"\xff\"", "m f=\"\xc3\""}) {
    CAPTURE(line);
    CHECK(read(line) == "malformed");
  }
  CHECK(read(std::string_view("m\0 f=1", 6)) == "malformed");
  CHECK(read("grün,größe=5µm °C=\"✓\"") == "grün [größe=5µm] °C:s(✓)");
  // One line that is not leaves the others as they are.
  CHECK(read("ä f=1\n\xff f=2\nö f=3") == "ä f:d(1) | malformed | ö f:d(3)");
}

TEST_CASE("a tag that comes twice makes its line malformed, and that line alone") {
  CHECK(read("m,a=1,a=2 f=1\nm f=2") == "malformed | m f:d(2)");
  CHECK(read("m,a=1,b=1,a=1 f=\"\nx y=1\"\nm f=2") == "malformed | m f:d(2)");
  CHECK(read("m,a=1,A=1 f=1") == "m [A=1] [a=1] f:d(1)");
}

TEST_CASE("of fields that come twice the last is left") {
  CHECK(read("m f=1,g=2,f=\"3\"") == "m g:d(2) f:s(3)");
}

TEST_CASE("a string ends at a quote that is not escaped, and may hold newlines") {
  for (const auto& [line, found] : {
           Case{R"(m f="a,b=c d")", "m f:s(a,b=c d)"},
           {R"(m f="a\"b" 1)", R"(m f:s(a\"b) @1)"},
           {R"(m f="a\\" 1)", R"(m f:s(a\\) @1)"},
           {R"(m f="a\\\"" 1)", R"(m f:s(a\\\") @1)"},
           {R"(m f="\"\"\"")", R"(m f:s(\"\"\"))"},
           {"m f=\"a\nb\",g=1\nm f=2", "m f:s(a\nb) g:d(1) | m f:d(2)"},
           {R"(m f="a"b)", "malformed"},
           {R"(m f="a""b")", "malformed"},
           {R"(m f=a"b")", "malformed"},
           {"m f='a'", "malformed"},
           {"m f=\"", "malformed"},
       }) {
    CAPTURE(line);
    CHECK(read(line) == found);
  }
}

TEST_CASE("a quote that is never closed ends with its line") {
  CHECK(read("m f=\"a\nm f=2\nm f=3") == "malformed | m f:d(2) | m f:d(3)");
  CHECK(read("m f=1\nm f=\"a\\\"\nm f=3") == "m f:d(1) | malformed | m f:d(3)");
  // One that is closed three lines further is a string; what follows the wrong end of it is its line.
  CHECK(read("m f=\"a\nm f=2\nm g=\"b\"\nm f=4") == "malformed | m f:d(4)");
}

TEST_CASE("what is read from one payload leaves nothing behind for the next") {
  LineProtocolReader reader;
  reader.load("m\\ x,a=b f=1 2");
  CHECK(reader.next() == LineProtocolReader::Found::line);
  reader.load("n g=1");
  CHECK(reader.next() == LineProtocolReader::Found::line);
  CHECK(reader.measurement() == "n");
  CHECK(reader.tags().empty());
  CHECK(reader.time().empty());
  CHECK(reader.next() == LineProtocolReader::Found::end);
  CHECK(reader.next() == LineProtocolReader::Found::end);
}

}  // namespace tidemark
