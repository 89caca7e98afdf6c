// ThingsBoard's telemetry and arrays inside of arrays, any bytes of them, through the whole of a gateway: whatever a
// payload says, the ledger balances after its group, and one message is received and ends in one counter.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "edge/bytes/assert.h"
#include "tests/fuzz/seeds.h"
#include "tests/scenario/busy_gateway.h"

namespace tidemark {
namespace {

StreamDefinition batch(std::string name, std::string topic, std::string source) {
  StreamDefinition stream;
  stream.name = std::move(name);
  stream.topic = std::move(topic);
  stream.source = std::move(source);
  stream.format = PayloadFormat::batch;
  stream.components = *components_of("stddev");
  return stream;
}

ProcessorSettings settings() {
  ProcessorSettings settings;
  settings.streams = {batch("devices", "d/{device}", "{device}"), batch("gateways", "g", "device"),
                      batch("fields", "f", "device")};
  settings.streams[2].fields = {{"temperature", "t", "", FieldKind::gauge}, {"a[1].b", "b", "", FieldKind::gauge}};
  StreamDefinition nested = batch("nested", "n", "^.id");
  nested.format = PayloadFormat::json;
  nested.each = "nodes[].r";
  nested.time = "ts";
  settings.streams.push_back(nested);
  return settings;
}

constexpr std::string_view kTopics[] = {"d/d-1", "g", "f", "n"};

}  // namespace
}  // namespace tidemark

namespace tidemark::test {

std::vector<std::string> fuzz_seeds() {
  const auto of_kind = [](int kind, std::string_view text) { return static_cast<char>(kind) + std::string(text); };
  const std::string map =
      R"({"Device A":[{"ts":1772366400000,"values":{"temperature":42,"a":[0,{"b":-0.5}]}},{"temperature":1e-3}],)"
      R"("Device B":[{"ts":1772366401000,"values":{"on":true,"s":"25.5"},"metadata":{"connector":"opc"}}],"C":null})";
  return {
      of_kind(0, R"({"ts":1772366400000,"values":{"temperature":21.5,"on":true,"deep":{"a":[1,2e3]}}})"),
      of_kind(0, R"([{"temperature":"21.5"},{"values":{"a":1,"a":2},"ts":1772366402000},{"ts":"x","values":[]},7])"),
      of_kind(1, map),
      of_kind(2, map),
      of_kind(
          3,
          R"({"nodes":[{"r":[{"ts":1772366400000,"v":1.25},{"v":2}],"id":"a"},{"id":"b"},{"r":{"v":3},"id":"c"},4]})"),
  };
}

}  // namespace tidemark::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemark;
  // A gateway lives through a few hundred inputs, so that they meet windows and points of others.
  constexpr int kLife = 300;
  static std::optional<test::ModelGateway> gateway;
  static int lived = kLife;
  if (size == 0) return 0;
  if (lived == kLife) {
    gateway.emplace(settings());
    gateway->start(test::busy_now(0));
    gateway->processor().session_opened(false);
    lived = 0;
  }
  ++lived;
  Message message;
  message.topic = kTopics[data[0] % std::size(kTopics)];
  message.payload = {reinterpret_cast<const char*>(data) + 1, size - 1};
  message.payload_size = message.payload.size();
  message.arrival = test::busy_now(lived).arrival;
  gateway->processor().message(message, static_cast<std::uint64_t>(lived), test::busy_now(lived).monotonic);
  gateway->end_group(test::busy_now(lived));
  TIDEMARK_ASSERT(gateway->broken_law().empty());
  return 0;
}
