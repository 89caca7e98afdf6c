// InfluxData's own vectors (influxdata/line-protocol, corpus/decode): every valid payload is read with equal content,
// every invalid one is refused at the line they refuse it. They are not a part of this tree: TIDEMARK_DATA names the
// folder of recorded data. The rules they test stand in line_protocol_reader_test.cc and line_protocol_value_test.cc.
#include <doctest/doctest.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "edge/decode/decoder.h"
#include "edge/decode/line_protocol_reader.h"
#include "edge/decode/line_protocol_value.h"

namespace tidemark {
namespace {

using simdjson::dom::element;

std::filesystem::path corpus_file() {
  const char* const given = std::getenv("TIDEMARK_DATA");
  const std::filesystem::path data = given != nullptr ? given : TIDEMARK_SOURCE_DIR "/../shared/data";
  return data / "lineprotocol" / "corpus_extract.json";
}

std::string from_base64(std::string_view text) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  std::uint32_t bits = 0, count = 0;
  for (const char c : text) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<std::uint32_t>(kAlphabet.find(c));
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<char>(bits >> count & 0xff));
  }
  return bytes;
}

std::string text_of(const element& value) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return std::string(text);
  return from_base64(value["binary"].get_string().value());
}

std::string without_escapes(std::string_view text) {
  constexpr std::string_view kEscapes = "\\\"nrt", kMeant = "\\\"\n\r\t";
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t escape =
        text[i] == '\\' && i + 1 < text.size() ? kEscapes.find(text[i + 1]) : std::string_view::npos;
    result.push_back(escape == std::string_view::npos ? text[i] : kMeant[escape]);
    if (escape != std::string_view::npos) ++i;
  }
  return result;
}

void check_value(const LineProtocolField& field, const element& expected) {
  using Kind = LineProtocolField::Kind;
  std::string scratch;
  FieldValue reading;
  read_line_protocol_value(field, scratch, reading);
  const simdjson::dom::object typed = expected.get_object().value();
  const auto one = typed.begin();
  const std::string_view type = one.key();
  if (type == "string") {
    CHECK(field.kind == Kind::string);
    CHECK(without_escapes(field.text) == text_of(one.value()));
    return;
  }
  CHECK_FALSE(reading.rejection);
  if (type == "bool") {
    CHECK(field.kind == Kind::boolean);
    CHECK(reading.value == Decimal{one.value().get_bool().value() ? 1 : 0, 0});
  } else if (type == "float") {
    CHECK(field.kind == Kind::decimal);
    CHECK(to_double(reading.value) == one.value().get_double().value());
  } else {
    CHECK(field.kind == (type == "int" ? Kind::integer : Kind::unsigned_integer));
    // As written, and as far as 18 digits go.
    const std::string digits = type == "int" ? std::to_string(one.value().get_int64().value())
                                             : std::to_string(one.value().get_uint64().value());
    const ParsedDecimal exact = *parse_decimal(digits);
    CHECK(reading.value == exact.value);
    CHECK(reading.inexact == exact.inexact);
  }
}

void check_line(const LineProtocolReader& reader, const element& expected, std::int64_t unit, std::int64_t now) {
  CHECK(reader.measurement() == text_of(expected["name"]));
  const auto tags = expected["tags"].get_array().value();
  REQUIRE(reader.tags().size() == tags.size());
  for (std::size_t i = 0; i < tags.size(); ++i) {
    CHECK(reader.tags()[i].key == text_of(tags.at(i)["key"]));
    CHECK(reader.tags()[i].value == text_of(tags.at(i)["value"]));
  }
  const auto fields = expected["fields"].get_array().value();
  REQUIRE(reader.fields().size() == fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    CHECK(reader.fields()[i].key == text_of(fields.at(i)["key"]));
    check_value(reader.fields()[i], fields.at(i)["value"]);
  }
  std::int64_t time = now - now % unit;
  if (!reader.time().empty()) {
    const std::string_view text = reader.time();
    REQUIRE(std::from_chars(text.data(), text.data() + text.size(), time).ec == std::errc{});
    time *= unit;
  }
  CHECK(time == expected["time"].get_int64().value());
}

TimeFormat format_of(std::string_view precision, std::int64_t& unit) {
  if (precision == "1s") return unit = 1'000'000'000, TimeFormat::seconds;
  if (precision == "1ms") return unit = 1'000'000, TimeFormat::milliseconds;
  if (precision == "1µs") return unit = 1'000, TimeFormat::microseconds;
  REQUIRE(precision == "1ns");
  return unit = 1, TimeFormat::nanoseconds;
}

// What a stream takes of it: "" if all, else the first reason.
std::string trouble_in(std::string_view payload, TimeFormat unit, std::size_t& line) {
  StreamDefinition stream;
  stream.topic = "{device}";
  stream.source = "{device}";
  stream.format = PayloadFormat::line_protocol;
  stream.time_format = unit;
  stream.default_tags = false;  // one vector has more tags than a series may have (label.h)
  auto decoder = std::move(*Decoder::create(stream, {}));
  Message message;
  message.topic = "d";
  message.payload = payload;
  message.payload_size = payload.size();
  const std::string_view variable = "d";
  Decoded decoded;
  decoder->decode(message, std::span(&variable, 1), decoded);
  line = 0;
  if (decoded.rejection) return std::string(name_of(*decoded.rejection));
  for (const Record& record : decoded.records) {
    if (record.rejection) return std::string(name_of(*record.rejection));
    for (std::uint32_t i = 0; i < record.field_count; ++i) {
      const auto& reason = decoded.fields[record.first_field + i].rejection;
      if (reason) return std::string(name_of(*reason));
    }
    ++line;
  }
  return "";
}

}  // namespace

TEST_CASE("the vectors of InfluxData are read as they say") {
  const std::filesystem::path file = corpus_file();
  if (!std::filesystem::exists(file)) {
    MESSAGE("skipped: no vectors in " << file.string() << " (set TIDEMARK_DATA)");
    return;
  }
  simdjson::dom::parser parser;
  const element corpus = parser.load(file.string()).value();
  std::size_t valid = 0, invalid = 0, beyond_event_time = 0;
  const simdjson::dom::object vectors = corpus["decode"].get_object().value();
  for (const auto& [key, vector] : vectors) {
    const std::string payload = text_of(vector["input"]["text"]);
    CAPTURE(key);
    CAPTURE(payload);
    std::int64_t unit = 1;
    const TimeFormat format = format_of(vector["input"]["precision"].get_string().value(), unit);
    std::size_t line = 0;
    const std::string trouble = trouble_in(payload, format, line);

    simdjson::dom::array results;
    if (vector["output"]["result"].get(results) == simdjson::SUCCESS) {
      ++valid;
      LineProtocolReader reader;
      reader.load(payload);
      for (const element& expected : results) {
        REQUIRE(reader.next() == LineProtocolReader::Found::line);
        check_line(reader, expected, unit, vector["input"]["defaultTime"].get_int64().value());
      }
      CHECK(reader.next() == LineProtocolReader::Found::end);
      // Event time ends in 2164 (edge/time), int64 in 2262; a vector of strings alone has no reading.
      const bool beyond = std::any_of(results.begin(), results.end(), [](const element& expected) {
        const EventTime time{expected["time"].get_int64().value()};
        return time < kEarliestEvent || time > kLatestEvent;
      });
      if (beyond) ++beyond_event_time;
      CHECK((trouble == (beyond ? "out_of_range" : "") || trouble == "missing_field"));
    } else {
      ++invalid;
      CHECK((trouble == "malformed" || trouble == "out_of_range" || trouble == "nonfinite"));
      // "cannot get metric 1: ..." counts the good lines before.
      const std::string_view error = vector["output"]["error"].get_string().value();
      CHECK(error.starts_with("cannot get metric " + std::to_string(line) + ":"));
    }
  }
  CHECK(valid == 395);
  CHECK(invalid == 1037);
  CHECK(beyond_event_time == 4);
}

}  // namespace tidemark
