// Random documents, whole and broken, against Python's json and decimal modules (json_cases.py, and batch_cases.py for
// ThingsBoard's telemetry): whether they are valid, and every reading in them.
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "edge/decode/decoder.h"
#include "tests/property/decode/python_lines.h"

namespace tidemark {
namespace {

using test::from_hex;
using test::seed;
using test::to_hex;

struct Case {
  std::string payload;
  std::string plan;
  std::string expected;
};

std::vector<Case> python_cases(const std::string& script, int count) {
  std::vector<Case> cases;
  const std::vector<std::string> lines = test::python_lines(script, count);
  for (std::size_t i = 0; i + 3 <= lines.size(); i += 3) {
    cases.push_back({test::from_hex(lines[i]), lines[i + 1], lines[i + 2]});
  }
  return cases;
}

StreamDefinition stream_of(const std::string& plan) {
  StreamDefinition stream;
  stream.topic = "{device}";
  stream.source = "{device}";
  if (plan.starts_with("batch ")) stream.format = PayloadFormat::batch;
  if (plan == "batch gateway") stream.source = "device";
  if (plan.starts_with("each ")) stream.each = from_hex(plan.substr(5));
  if (plan.starts_with("want ")) {
    std::string_view rest = std::string_view(plan).substr(5);
    while (!rest.empty()) {
      const std::string_view path = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(path.size() + 1, rest.size()));
      stream.fields.push_back({from_hex(path), std::to_string(stream.fields.size()), "", FieldKind::gauge});
    }
  }
  return stream;
}

std::string shown(const FieldValue& reading) {
  std::string text = (reading.field >= 0 ? std::string(reading.name) : to_hex(reading.name)) + ":";
  if (reading.rejection) return text + "!" + std::string(name_of(*reading.rejection));
  return text + to_string(reading.value) + (reading.inexact ? "~" : "");
}

// In the notation of json_cases.py, or of batch_cases.py.
std::string shown(const Decoded& decoded, bool batch) {
  if (decoded.rejection) {
    const std::string reason(name_of(*decoded.rejection));
    return *decoded.rejection == Rejection::malformed || *decoded.rejection == Rejection::too_deep
               ? reason
               : "message " + reason;
  }
  if (decoded.records.empty()) return "nothing";
  std::string text;
  for (std::size_t r = 0; r < decoded.records.size(); ++r) {
    const Record& record = decoded.records[r];
    if (r > 0) text += "; ";
    if (batch) text += to_hex(record.source);
    if (batch && record.time) text += "@" + std::to_string(record.time->ns);
    if (record.rejection) text += "!" + std::string(name_of(*record.rejection));
    if (batch) text += " ";
    for (std::uint32_t i = 0; i < record.field_count; ++i) {
      text += (i == 0 ? "" : " ") + shown(decoded.fields[record.first_field + i]);
    }
  }
  return text;
}

// Decoded as the one message of a topic "d".
std::string decoded_as(Decoder& decoder, std::string_view payload, bool batch = false) {
  Message message;
  message.topic = "d";
  message.payload = payload;
  message.payload_size = payload.size();
  const std::string_view variable = "d";
  Decoded decoded;
  decoder.decode(message, std::span(&variable, 1), decoded);
  return shown(decoded, batch);
}

void check_cases(const std::vector<Case>& cases) {
  std::size_t valid = 0;
  for (const Case& one : cases) {
    const StreamDefinition stream = stream_of(one.plan);
    auto decoder = Decoder::create(stream, {});
    REQUIRE_MESSAGE(decoder.has_value(), one.plan);
    const std::string found = decoded_as(**decoder, one.payload, stream.format == PayloadFormat::batch);
    // In a document that is broken and too deep the first of both is met first.
    const bool agrees =
        one.expected == "malformed or too_deep" ? found == "malformed" || found == "too_deep" : found == one.expected;
    if (agrees) {
      if (found != "malformed") ++valid;
      continue;
    }
    FAIL_CHECK("seed ", seed(), ", plan ", one.plan, "\npayload  ", one.payload, "\nexpected ", one.expected,
               "\nfound    ", found);
  }
  CHECK(cases.size() == 20'000);
  CHECK(valid > 10'000);
}

}  // namespace

TEST_CASE("random documents hold what Python's json and decimal find in them") {
  check_cases(python_cases("json_cases.py", 20'000));
}

TEST_CASE("random telemetry of ThingsBoard holds what Python's json and decimal find in it") {
  check_cases(python_cases("batch_cases.py", 20'000));
}

TEST_CASE("no beginning of a random document is taken for one") {
  std::size_t documents = 0;
  StreamDefinition stream = stream_of("all");
  auto decoder = Decoder::create(stream, {});
  for (const Case& one : python_cases("json_cases.py", 2'000)) {
    // Of a number every digit would be a beginning that is whole.
    const bool open = one.payload.starts_with('{') || one.payload.starts_with('[') || one.payload.starts_with('"');
    if (!open || one.expected == "malformed or too_deep" || one.expected == "too_deep") continue;
    ++documents;
    for (std::size_t size = 0; size < std::min<std::size_t>(one.payload.size(), 2000); ++size) {
      const std::string_view beginning(one.payload.data(), size);
      const std::string found = decoded_as(**decoder, beginning);
      // White space behind the last bracket is all that may be missing.
      if (found != "malformed" && one.payload.find_first_not_of(" \t\r\n", size) != std::string::npos) {
        FAIL_CHECK("seed ", seed(), "\npayload ", beginning, "\nfound   ", found);
      }
    }
  }
  CHECK(documents > 200);
}

}  // namespace tidemark
