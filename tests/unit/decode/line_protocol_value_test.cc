// Values of line protocol, by their text.
#include <doctest/doctest.h>

#include "tests/unit/decode/decoding.h"

namespace tidemark {
namespace {

// Of the line "m v=TEXT": the decimal, "~" behind an inexact one, or the reason.
std::string value_of(std::string_view text) {
  StreamDefinition stream = test::climate();
  stream.format = PayloadFormat::line_protocol;
  stream.time_format = TimeFormat::nanoseconds;
  stream.default_tags = false;
  stream.fields = {test::field("m.v", "v")};
  test::Decoding decode(stream);
  std::string found = decode("m v=" + std::string(text));
  if (!found.starts_with("d-1 ")) return found;
  found.erase(0, 4);
  if (found.starts_with("v")) found.erase(0, 1);
  if (found.starts_with("=")) found.erase(0, 1);
  return found;
}

}  // namespace

TEST_CASE("a number is the decimal that was written") {
  const std::pair<const char*, const char*> cases[] = {{"1", "1"},
                                                       {"1.0", "1"},
                                                       {"-1.50", "-1.5"},
                                                       {"0.1", "0.1"},
                                                       {".5", "0.5"},
                                                       {"-.5", "-0.5"},
                                                       {"5.", "5"},
                                                       {"-5.e1", "-50"},
                                                       {"04.", "4"},
                                                       {"00.25", "0.25"},
                                                       {"-007", "-7"},
                                                       {"000", "0"},
                                                       {"-0", "0"},
                                                       {"1e-4", "0.0001"},
                                                       {"1E+4", "10000"},
                                                       {"2.e3", "2000"},
                                                       {".0e1", "0"},
                                                       {"1e00003", "1000"},
                                                       {"00000000000000000000000001.5", "1.5"},
                                                       {"123456789012345678", "123456789012345678"}};
  for (const auto& [text, value] : cases) {
    CAPTURE(text);
    CHECK(value_of(text) == value);
  }
}

TEST_CASE("more than 18 digits are rounded to the nearest double first") {
  CHECK(value_of("0.1234567890123456789") == "0.12345678901234568~");
  CHECK(value_of("9223372036854775807i") == "9223372036854776000~");
  CHECK(value_of("18446744073709551615u") == "18446744073709552000~");
  CHECK(value_of("1000000000000000000i") == "1000000000000000000");
  CHECK(value_of("-1000000000000000000i") == "-1000000000000000000");
}

TEST_CASE("integers have the bounds of their 64 bits") {
  CHECK(value_of("42i") == "42");
  CHECK(value_of("-42i") == "-42");
  CHECK(value_of("-0i") == "0");
  CHECK(value_of("0042i") == "42");
  CHECK(value_of("42u") == "42");
  CHECK(value_of("999999999999999999i") == "999999999999999999");
  CHECK(value_of("9223372036854775808i") == "!out_of_range");
  CHECK(value_of("-9223372036854775808i") == "-9223372036854776000~");
  CHECK(value_of("-9223372036854775809i") == "!out_of_range");
  CHECK(value_of("18446744073709551616u") == "!out_of_range");
  CHECK(value_of("99999999999999999999999i") == "!out_of_range");
}

TEST_CASE("booleans are 0 and 1 in ten spellings and no other") {
  for (const char* text : {"t", "T", "true", "True", "TRUE"}) CHECK(value_of(text) == "1");
  for (const char* text : {"f", "F", "false", "False", "FALSE"}) CHECK(value_of(text) == "0");
  for (const char* text : {"tRUE", "truE", "tr", "yes", "on", "fALSE", "trueX", "Fa="}) {
    CHECK(value_of(text) == "!malformed");
  }
}

TEST_CASE("what is not finite or beyond a double loses its own reading only") {
  for (const char* text : {"nan", "NaN", "-nan", "inf", "-inf", "Infinity", "-INFINITY"}) {
    CHECK(value_of(text) == "!nonfinite");
  }
  CHECK(value_of("1e309") == "!out_of_range");
  CHECK(value_of("-1e400") == "!out_of_range");
  CHECK(value_of("1e-400") == "!out_of_range");
  CHECK(value_of("01e400") == "!out_of_range");
  CHECK(value_of("0e400") == "0");
}

TEST_CASE("what is no value makes its line malformed") {
  for (const char* text :
       {"",      ".",    "-",     "-.",  "+1",   "1e", "1e+",     "1.2.3", "1-2",  "1+2",  "0x10", "0x1p4",
        "1_000", "1,5x", "1a",    "i",   "u",    "-i", "-u",      "1ii",   "1.0i", "1e3i", "-1u",  "1.5u",
        "9ie",   "--1",  "1e1.5", "nul", "null", "na", "infinit", "'1'",   "1\t",  "1\x01"}) {
    CAPTURE(text);
    CHECK(value_of(text) == "!malformed");
  }
}

}  // namespace tidemark
