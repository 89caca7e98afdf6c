// Everything in edge/decode and edge/time that reads bytes from outside: JSON, batch and scalar payloads, topics, topic
// templates, paths and timestamps. The first byte says which; the rest is the input. Beside not crashing, what comes
// out is held to its contracts.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "edge/bytes/assert.h"
#include "edge/decode/decoder.h"
#include "edge/decode/label.h"
#include "edge/decode/path.h"
#include "edge/decode/topic_index.h"
#include "edge/time/timestamp.h"
#include "tests/fuzz/seeds.h"

namespace tidemark {
namespace {

StreamDefinition every_number() {
  StreamDefinition stream;
  stream.topic = "{site}/{device}";
  stream.source = "{device}";
  return stream;
}

StreamDefinition wanted_fields() {
  StreamDefinition stream = every_number();
  stream.source = "id";
  stream.default_tags = false;
  stream.tags = {{"site", "{site}"}, {"model", "meta.model"}};
  stream.time = "ts";
  stream.sequence = "n";
  stream.fields = {{"a", "a", "", FieldKind::gauge}, {"b[1].c", "c", "", FieldKind::gauge}};
  return stream;
}

StreamDefinition elements() {
  StreamDefinition stream = wanted_fields();
  stream.each = "r";
  stream.time = "^.ts";
  stream.time_format = TimeFormat::rfc3339;
  stream.fields.clear();
  return stream;
}

StreamDefinition scalar() {
  StreamDefinition stream = every_number();
  stream.format = PayloadFormat::scalar;
  return stream;
}

StreamDefinition inner_elements() {
  StreamDefinition stream = every_number();
  stream.source = "^.id";
  stream.each = "nodes[].r";
  return stream;
}

StreamDefinition batch(std::string source) {
  StreamDefinition stream = every_number();
  stream.format = PayloadFormat::batch;
  stream.source = std::move(source);
  return stream;
}

void check_decoded(const Decoder& decoder, const Decoded& decoded) {
  if (decoded.rejection) {
    TIDEMARK_ASSERT(decoded.records.empty());
    TIDEMARK_ASSERT(decoded.fields.empty());
  }
  for (const Record& record : decoded.records) {
    TIDEMARK_ASSERT(record.first_tag + decoder.tag_names().size() <= decoded.tags.size());
    TIDEMARK_ASSERT(record.first_field + record.field_count <= decoded.fields.size());
    TIDEMARK_ASSERT(record.rejection || !record.source.empty());
    TIDEMARK_ASSERT(is_label(record.source));
    if (record.time) TIDEMARK_ASSERT(*record.time >= kEarliestEvent && *record.time <= kLatestEvent);
  }
  for (const std::string_view tag : decoded.tags) TIDEMARK_ASSERT(is_label(tag));
  for (const FieldValue& reading : decoded.fields) {
    TIDEMARK_ASSERT(is_label(reading.name));
    TIDEMARK_ASSERT(reading.rejection || !reading.name.empty());
    TIDEMARK_ASSERT(reading.rejection ||
                    make_decimal(reading.value.coefficient, reading.value.exponent) == reading.value);
  }
}

void decode(Decoder& decoder, std::string_view topic, std::string_view payload) {
  static Decoded decoded;
  std::vector<std::string_view> variables;
  if (!decoder.topic().match(topic, variables)) return;
  Message message;
  message.topic = topic;
  message.payload = payload;
  message.payload_size = payload.size();
  decoder.decode(message, variables, decoded);
  check_decoded(decoder, decoded);
}

// Two lines: a template and a topic.
void match(std::string_view input) {
  const std::size_t line = input.find('\n');
  if (line == std::string_view::npos) return;
  const auto parsed = TopicTemplate::parse(input.substr(0, line));
  if (!parsed) return;
  const std::string_view topic = input.substr(line + 1);
  std::vector<std::string_view> values;
  const bool matched = parsed->match(topic, values);
  TIDEMARK_ASSERT(!matched || values.size() == parsed->variables().size());
  std::size_t found = 0;
  TopicIndex index({&*parsed});
  index.match(topic, [&](std::uint32_t stream, std::span<const std::string_view> variables) {
    TIDEMARK_ASSERT(stream == 0);
    TIDEMARK_ASSERT(std::vector<std::string_view>(variables.begin(), variables.end()) == values);
    ++found;
  });
  TIDEMARK_ASSERT(found == (matched ? 1U : 0U));
}

void read_path(std::string_view input) {
  const auto path = parse_path(input);
  if (!path || path->levels_up > 0) return;
  std::string text;
  for (const PathStep& step : path->steps) {
    if (step.every) return;
    if (step.is_index) {
      append_index(text, step.index);
    } else {
      append_key(text, step.key);
    }
  }
  TIDEMARK_ASSERT(*parse_path(text) == *path);
}

void read_timestamps(std::string_view input) {
  const auto check = [](const tl::expected<EventTime, TimestampError>& time) {
    if (time) TIDEMARK_ASSERT(*time >= kEarliestEvent && *time <= kLatestEvent);
  };
  check(parse_rfc3339(input));
  for (const Duration unit : {seconds(1), milliseconds(1), nanoseconds(1000), nanoseconds(1)}) {
    check(parse_epoch(input, unit));
  }
}

}  // namespace
}  // namespace tidemark

namespace tidemark::test {

std::vector<std::string> fuzz_seeds() {
  const auto of_kind = [](int kind, std::string_view text) { return static_cast<char>(kind) + std::string(text); };
  return {
      of_kind(0, R"({"temperature":21.53,"on":true,"deep":{"a":[1,2e3,-0.5]},"text":"\u00e9\n","none":null})"),
      of_kind(1, R"({"id":"d-1","meta":{"model":"x"},"ts":1772366400000,"n":7,"a":1.25,"b":[0,{"c":-3e-2}]})"),
      of_kind(2, R"({"id":"d-1","ts":"2026-03-01T12:00:00.25Z","r":[{"v":1},{"v":"2.5"},{"w":1e400}]})"),
      of_kind(3, "21.5"),
      of_kind(3, "-0.000123e+7\n"),
      of_kind(4, "north/d-1"),
      of_kind(5, "plant/{site}/{device}/#\nplant/north/d-1/climate/x"),
      of_kind(5, "+/{a}/b\nx/y/b"),
      of_kind(6, R"(a.b[3]."c.d".e)"),
      of_kind(6, "^.ts"),
      of_kind(7, "2026-02-28T23:59:60.123456789+05:30"),
      of_kind(7, "1772366400000.125"),
      of_kind(8, R"({"nodes":[{"r":[{"v":1},{"v":2}],"id":"a"},{"id":"b"},{"r":{"v":3},"id":"c"}]})"),
      of_kind(9, R"([{"ts":1772366400000,"values":{"t":21.5,"s":"25.5"}},{"t":1},{"ts":1,"values":7}])"),
      of_kind(10, R"({"A":[{"ts":1772366400000,"values":{"t":42}},{"t":1}],"B":null,"A":[{"t":2}]})"),
  };
}

}  // namespace tidemark::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemark;
  static const auto kDecoders = [] {
    std::vector<std::unique_ptr<Decoder>> decoders;
    for (const StreamDefinition& stream : {every_number(), wanted_fields(), elements(), scalar(), inner_elements(),
                                           batch("{device}"), batch("device")}) {
      decoders.push_back(std::move(*Decoder::create(stream, PayloadLimits{})));
    }
    return decoders;
  }();
  if (size == 0) return 0;
  const std::size_t kind = data[0] % 11;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (kind < 4) {
    decode(*kDecoders[kind], "north/d-1", input);
  } else if (kind >= 8) {
    decode(*kDecoders[kind - 4], "north/d-1", input);
  } else if (kind == 4) {
    decode(*kDecoders[3], input, "21.5");
  } else if (kind == 5) {
    match(input);
  } else if (kind == 6) {
    read_path(input);
  } else {
    read_timestamps(input);
  }
  return 0;
}
