#include <doctest/doctest.h>

#include "tests/unit/decode/decoding.h"

namespace tidemark {
namespace {

using test::climate;
using test::Decoding;
using test::field;

StreamDefinition scalar() {
  StreamDefinition stream = climate();
  stream.format = PayloadFormat::scalar;
  return stream;
}

}  // namespace

TEST_CASE("a scalar payload is one reading") {
  Decoding decode(scalar());
  CHECK(decode("21.5") == "d-1 {site=north} value=21.5");
  CHECK(decode(" \t21.50\r\n") == "d-1 {site=north} value=21.5");
  CHECK(decode("-1e-3") == "d-1 {site=north} value=-0.001");
  CHECK(decode("1234567890123456789012345678901234567890") ==
        "d-1 {site=north} value=1234567890123456800000000000000000000000~");
  for (const char* on : {"true", "TRUE", "on", "On", " oN "}) CHECK(decode(on) == "d-1 {site=north} value=1");
  for (const char* off : {"false", "False", "off", "OFF\n"}) CHECK(decode(off) == "d-1 {site=north} value=0");
}

TEST_CASE("the one configured field names the reading") {
  StreamDefinition stream = scalar();
  stream.fields = {field("", "temperature")};
  Decoding decode(stream);
  CHECK(decode("1") == "d-1 {site=north} temperature=1");
  CHECK(decode.decoded().fields[0].field == 0);
  Decoding unnamed(scalar());
  unnamed("1");
  CHECK(unnamed.decoded().fields[0].field == -1);
}

TEST_CASE("a scalar payload that is no number has its reason") {
  Decoding decode(scalar());
  CHECK(decode("") == "malformed");
  CHECK(decode(" \r\n\t") == "malformed");
  for (const char* text : {"hello", "21,5", "21.5 C", "0x1F", "+1", "01", ".5", "1e", "\"21.5\"", "[1]", "{}", "onn",
                           "o", "tru", "null", "\xff\xfe", "1 2"}) {
    CAPTURE(text);
    CHECK(decode(text) == "d-1 {site=north} value!wrong_type");
  }
  for (const char* text : {"nan", "NaN", "inf", "-Infinity", "-inf"}) {
    CAPTURE(text);
    CHECK(decode(text) == "d-1 {site=north} value!nonfinite");
  }
  CHECK(decode("1e400") == "d-1 {site=north} value!out_of_range");
  CHECK(decode(std::string_view("1\0", 2)) == "d-1 {site=north} value!wrong_type");
  CHECK(decode("1", "plant/n/\xff/climate") == "malformed");
  CHECK(decode("1", "plant/n//climate") == " {site=n} value=1 !missing_field");
  CHECK(decode(std::string(300 * 1024, ' ')) == "too_large");
}

}  // namespace tidemark
