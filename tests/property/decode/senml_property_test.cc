// Random SenML packs against Python's decimal module and a CBOR encoder of its own (senml_cases.py).
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/property/decode/python_lines.h"
#include "tests/support/seeded_random.h"
#include "tests/unit/decode/decoding.h"

namespace tidemark {
namespace {

StreamDefinition senml(std::string_view source) {
  StreamDefinition stream = test::climate();
  stream.format = PayloadFormat::senml;
  stream.default_tags = false;
  stream.source = source;
  return stream;
}

std::string decoded(test::Decoding& decoding, std::string_view payload) {
  Message message;
  message.topic = "plant/north/d-1/climate";
  message.payload = payload;
  message.payload_size = payload.size();
  message.arrival = {1'700'000'000'000'000'000};
  return decoding(message);
}

}  // namespace

TEST_CASE("a random pack resolves in JSON and in CBOR to what Python finds in it") {
  test::Decoding by_topic(senml("{device}"));
  test::Decoding by_base_name(senml("bn"));
  const std::vector<std::string> lines = test::python_lines("senml_cases.py", 20'000);
  CHECK(lines.size() == 80'000);
  for (std::size_t i = 0; i + 4 <= lines.size(); i += 4) {
    test::Decoding& decoding = lines[i + 2] == "bn" ? by_base_name : by_topic;
    const std::string& expected = lines[i + 3];
    const std::string json = test::from_hex(lines[i]);
    const std::string of_json = decoded(decoding, json);
    const std::string of_cbor = decoded(decoding, test::from_hex(lines[i + 1]));
    if (of_json == expected && of_cbor == expected) continue;
    FAIL_CHECK("seed ", test::seed(), ", source ", lines[i + 2], "\njson     ", json, "\ncbor     ", lines[i + 1],
               "\nexpected ", expected, "\nof JSON  ", of_json, "\nof CBOR  ", of_cbor);
  }
}

TEST_CASE("bytes that a bad line changed are decoded or refused") {
  test::Decoding decoding(senml("bn"));
  test::SeededRandom random(static_cast<std::uint64_t>(std::stoull(test::seed())));
  const std::vector<std::string> lines = test::python_lines("senml_cases.py", 2'000);
  for (std::size_t i = 0; i + 4 <= lines.size(); i += 4) {
    for (const std::string& hex : {lines[i], lines[i + 1]}) {
      std::string payload = test::from_hex(hex);
      for (int change = 0; change < 3; ++change) {
        payload[random.below(payload.size())] = static_cast<char>(random.below(256));
        decoded(decoding, payload);
        for (const FieldValue& reading : decoding.decoded().fields) {
          if (!reading.rejection) {
            CHECK(make_decimal(reading.value.coefficient, reading.value.exponent) == reading.value);
          }
        }
      }
    }
  }
}

}  // namespace tidemark
