// What a SenML reading costs to decode, in both representations, beside the same readings as plain JSON: packs of 50
// with a time and a value each, as a device sends that has gathered them. Counters: nanoseconds a reading.
#include <benchmark/benchmark.h>

#include <bit>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "edge/decode/decoder.h"

namespace tidemark {
namespace {

constexpr int kReadings = 50;
constexpr double kStart_s = 1'772'366'400;

StreamDefinition power(PayloadFormat format) {
  StreamDefinition stream;
  stream.topic = "power/{device}";
  stream.source = "{device}";
  stream.format = format;
  if (format == PayloadFormat::json) {
    stream.each = "r";
    stream.time = "ts";
    stream.fields = {{"v", "current", "A", FieldKind::gauge}};
  } else {
    stream.fields = {{"urn:dev:ow:10e2073a0108006:current", "current", "A", FieldKind::gauge}};
  }
  return stream;
}

double value_of(int i) {
  return 20 + (i * 37 % 500) / 100.0;
}

std::string json() {
  std::string out = R"({"r":[)";
  for (int i = 0; i < kReadings; ++i) {
    char text[80];
    std::snprintf(text, sizeof text, "%s{\"ts\":%.0f,\"v\":%.2f}", i == 0 ? "" : ",", (kStart_s + i) * 1000,
                  value_of(i));
    out += text;
  }
  return out + "]}";
}

std::string senml_json() {
  std::string out = R"([{"bn":"urn:dev:ow:10e2073a0108006:","bt":1772366400,"bu":"A"})";
  for (int i = 0; i < kReadings; ++i) {
    char text[80];
    std::snprintf(text, sizeof text, ",{\"n\":\"current\",\"t\":%d,\"v\":%.2f}", i, value_of(i));
    out += text;
  }
  return out + "]";
}

std::string senml_cbor() {
  using namespace std::literals;
  std::string out = "\x9f\xa3\x21\x78\x1burn:dev:ow:10e2073a0108006:\x22\x1a\x69\xa4\x2a\x40\x23\x61\x41"s;
  for (int i = 0; i < kReadings; ++i) {
    out +=
        "\xa3\x00\x67"
        "current\x06\x18"sv;
    out += static_cast<char>(i);
    out += "\x02\xfb"sv;
    const auto bits = std::bit_cast<std::uint64_t>(value_of(i));
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(bits >> shift & 0xff);
  }
  return out + "\xff";
}

void decode(benchmark::State& state, PayloadFormat format, const std::string& payload) {
  auto decoder = std::move(*Decoder::create(power(format), {}));
  Message message;
  message.topic = "power/d-1";
  message.payload = payload;
  message.payload_size = payload.size();
  std::vector<std::string_view> variables;
  Decoded decoded;
  for (auto _ : state) {
    if (decoder->topic().match(message.topic, variables)) decoder->decode(message, variables, decoded);
    benchmark::DoNotOptimize(decoded);
  }
  if (decoded.fields.size() != kReadings) return state.SkipWithError("readings are missing");
  state.counters["ns_a_reading"] =
      benchmark::Counter(kReadings * 1e-9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK_CAPTURE(decode, json, PayloadFormat::json, json());
BENCHMARK_CAPTURE(decode, senml_json, PayloadFormat::senml, senml_json());
BENCHMARK_CAPTURE(decode, senml_cbor, PayloadFormat::senml, senml_cbor());

}  // namespace
}  // namespace tidemark

BENCHMARK_MAIN();
