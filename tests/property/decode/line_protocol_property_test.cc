// Random lines, whole and broken, against a generator in Python that knows what it wrote (line_protocol_cases.py); and
// any bytes at all, of which every line must end as a record, a rejection or a known nothing.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "edge/decode/decoder.h"
#include "edge/decode/line_protocol_reader.h"
#include "tests/property/decode/python_lines.h"
#include "tests/support/seeded_random.h"

namespace tidemark {
namespace {

struct Case {
  std::string payload;
  std::string expected;
};

std::vector<Case> python_cases(int count) {
  std::vector<Case> cases;
  const std::vector<std::string> lines = test::python_lines("line_protocol_cases.py", count);
  for (std::size_t i = 0; i + 2 <= lines.size(); i += 2) cases.push_back({test::from_hex(lines[i]), lines[i + 1]});
  return cases;
}

std::unique_ptr<Decoder> decoder_of_lines() {
  StreamDefinition stream;
  stream.topic = "{device}";
  stream.source = "{device}";
  stream.format = PayloadFormat::line_protocol;
  stream.time_format = TimeFormat::nanoseconds;
  return std::move(*Decoder::create(stream, {}));
}

// In the notation of line_protocol_cases.py.
std::string shown(const Decoded& decoded, const Record& record) {
  if (record.rejection) return "!" + std::string(name_of(*record.rejection));
  std::string text;
  for (std::uint32_t i = 0; i < record.named_tag_count; ++i) {
    const NamedTag& tag = decoded.named_tags[record.first_tag + i];
    text += (i == 0 ? "" : ",") + test::to_hex(tag.name) + "=" + test::to_hex(tag.value);
  }
  if (record.time) text += "@" + std::to_string(record.time->ns);
  for (std::uint32_t i = 0; i < record.field_count; ++i) {
    const FieldValue& reading = decoded.fields[record.first_field + i];
    text += " " + test::to_hex(reading.name) + ":";
    text += reading.rejection ? "!" + std::string(name_of(*reading.rejection)) : to_string(reading.value);
    if (reading.inexact) text += "~";
  }
  return text;
}

std::string decoded_as(Decoder& decoder, std::string_view payload) {
  Message message;
  message.topic = "d";
  message.payload = payload;
  message.payload_size = payload.size();
  const std::string_view variable = "d";
  static Decoded decoded;
  decoder.decode(message, std::span(&variable, 1), decoded);
  if (decoded.rejection) return std::string(name_of(*decoded.rejection));
  std::string text;
  for (const Record& record : decoded.records) text += (text.empty() ? "" : "; ") + shown(decoded, record);
  return text.empty() ? "nothing" : text;
}

// Lines that are neither empty nor comments, counted without the reader. Only of what holds no quote.
std::size_t lines_in(std::string_view text) {
  std::size_t lines = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (!line.empty() && line.front() != '#') ++lines;
  }
  return lines;
}

}  // namespace

TEST_CASE("random lines hold what was written into them, and broken ones beside them change nothing") {
  const auto decoder = decoder_of_lines();
  const std::vector<Case> cases = python_cases(10'000);
  std::size_t whole = 0;
  for (const Case& one : cases) {
    const std::string found = decoded_as(*decoder, one.payload);
    if (found != one.expected) {
      FAIL_CHECK("seed ", test::seed(), "\npayload  ", one.payload, "\nexpected ", one.expected, "\nfound    ", found);
    }
    if (found.find(':') != std::string::npos) ++whole;
  }
  CHECK(cases.size() == 10'000);
  CHECK(whole > 5'000);
}

TEST_CASE("any bytes are read to their end, and every line of them is accounted for") {
  constexpr std::string_view kPieces[] = {"m",  "a",     "f=1",  ",",  "=",    " ",    "\\",
                                          "\n", "\r\n",  "\r",   "#",  "1i",   "2u",   "t",
                                          "-",  "e5",    ".",    "12", "NaN",  "\t",   "\xff",
                                          "é",  "m f=1", ",t=v", " 7", "\n\n", "true", std::string_view("\0", 1)};
  test::SeededRandom random(std::strtoull(test::seed().c_str(), nullptr, 10));
  const auto decoder = decoder_of_lines();
  LineProtocolReader reader;
  std::size_t good = 0;
  for (int round = 0; round < 50'000; ++round) {
    std::string payload;
    for (std::uint64_t n = random.below(40); n > 0; --n) payload += kPieces[random.below(std::size(kPieces))];
    reader.load(payload);
    std::size_t lines = 0;
    for (auto found = reader.next(); found != LineProtocolReader::Found::end; found = reader.next()) {
      ++lines;
      if (found == LineProtocolReader::Found::line) ++good;
    }
    if (lines != lines_in(payload)) FAIL_CHECK("seed ", test::seed(), "\npayload ", payload);
    // Without strings each is a record, and good or bad it is the same whatever stands before it.
    const std::string alone = decoded_as(*decoder, payload);
    const std::string behind = decoded_as(*decoder, "x y=1 5\nbad\n" + payload);
    const std::string before = "@5 782e79:1; !malformed";
    if (behind != (lines == 0 ? before : before + "; " + alone))
      FAIL_CHECK("seed ", test::seed(), "\npayload ", payload);
  }
  CHECK(good > 1'000);
}

TEST_CASE("random bytes with quotes never run past the payload nor lose its last line") {
  constexpr std::string_view kPieces[] = {"m f=\"", "\"", "\\\"",    "\\",  "\n", "x",
                                          ",g=1",   " 5", "m f=1\n", "=\"", "\r"};
  test::SeededRandom random(std::strtoull(test::seed().c_str(), nullptr, 10));
  const auto decoder = decoder_of_lines();
  for (int round = 0; round < 20'000; ++round) {
    std::string payload;
    for (std::uint64_t n = random.below(30); n > 0; --n) payload += kPieces[random.below(std::size(kPieces))];
    // Of a size of its own, so that a sanitizer sees a read behind it.
    const std::vector<char> exact(payload.begin(), payload.end());
    decoded_as(*decoder, {exact.data(), exact.size()});
    // An open quote ends with its line: a good one without a quote behind all is read unless it closes a string.
    const std::string behind = decoded_as(*decoder, payload + "\nz last=9 3");
    if (!behind.ends_with("@3 7a2e6c617374:9")) FAIL_CHECK("seed ", test::seed(), "\npayload ", payload);
  }
}

}  // namespace tidemark
