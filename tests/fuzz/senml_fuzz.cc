// SenML packs, in JSON and CBOR, through a whole gateway: whatever the bytes are, its laws hold after them, the balance
// of the ledger among these. The first byte says whose device names them; the rest is the payload.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "edge/bytes/assert.h"
#include "tests/fuzz/seeds.h"
#include "tests/scenario/model_gateway.h"

namespace tidemark {
namespace {

constexpr std::int64_t kBegin_ms = 1'772'366'400'000;
constexpr int kInputsOfAGateway = 500;  // then a new one, so that its journal and its series stay few

StreamDefinition senml(std::string_view name, std::string_view source) {
  StreamDefinition stream;
  stream.name = name;
  stream.topic = stream.name + "/{device}";
  stream.source = source;
  stream.format = PayloadFormat::senml;
  stream.components = *components_of("stddev");
  return stream;
}

class Gateway {
 public:
  Gateway() : model_(settings()) {
    model_.start(now());
    model_.processor().session_opened(false);
  }

  void take(std::string_view topic, std::string_view payload) {
    ++taken_;
    Message message;
    message.topic = topic;
    message.payload = payload;
    message.payload_size = payload.size();
    message.arrival = now().arrival;
    model_.processor().message(message, static_cast<std::uint64_t>(taken_), now().monotonic);
    model_.end_group(now());
    TIDEMARK_ASSERT(model_.broken_law().empty());
  }

  [[nodiscard]] bool worn() const { return taken_ == kInputsOfAGateway; }

 private:
  static ProcessorSettings settings() {
    ProcessorSettings settings;
    settings.streams = {senml("topic", "{device}"), senml("bn", "bn"), senml("wanted", "bn")};
    settings.streams.back().fields = {{"current", "current", "A", FieldKind::gauge},
                                      {"%RH", "humidity", "", FieldKind::gauge},
                                      {"current#sum", "charge", "", FieldKind::counter}};
    return settings;
  }
  [[nodiscard]] Now now() const {
    return {ArrivalTime{(kBegin_ms + taken_ * 700) * 1'000'000}, MonotonicTime{(taken_ + 1) * 700'000'000}};
  }

  test::ModelGateway model_;
  std::int64_t taken_ = 0;
};

}  // namespace
}  // namespace tidemark

namespace tidemark::test {

std::vector<std::string> fuzz_seeds() {
  using namespace std::string_view_literals;
  const auto of_kind = [](int kind, std::string_view text) { return static_cast<char>(kind) + std::string(text); };
  return {
      of_kind(0, R"([{"bn":"urn:dev:ow:10e2073a0108006:","bt":1772366400.001,"bu":"A","bver":5,"n":"voltage","u":"V",)"
                 R"("v":120.1},{"n":"current","t":-5,"v":1.2},{"n":"current","s":1e3,"bs":2,"bv":-0.5}])"),
      of_kind(1, R"([{"bn":"urn:dev:ow:10e2073a01080063","bu":"%RH","v":20},{"u":"lon","t":-60,"v":24.30621,"ut":5}])"),
      of_kind(2,
              R"([{"bn":"d:","n":"current","u":"A","v":1,"s":2},{"n":"current","vs":"x"},{"n":"x","vb":true,"y_":0}])"),
      // The same kinds of records in CBOR: floats of all sizes, a decimal fraction, lengths said and not.
      of_kind(0,
              "\x82\xa5\x21\x62\x64\x3a\x22\xfb\x41\xd3\x03\xa1\x5b\x00\x10\x62\x20\x05\x00\x61\x76\x02\xf9\x3e\x00"
              "\xa3\x00\x61\x63\x06\x24\x02\xfa\x3d\xcc\xcc\xcd"sv),
      of_kind(1,
              "\x9f\xbf\x21\x7f\x61\x64\x61\x3a\xff\x00\x61\x61\x02\xc4\x82\x21\x19\x6a\xb3\x05\x18\x64\xff"
              "\xa3\x00\x61\x62\x04\xf5\x61\x78\x81\xa1\x01\x02\xff"sv),
      of_kind(2, "\x81\xa4\x21\x62\x64\x3a\x00\x67\x63\x75\x72\x72\x65\x6e\x74\x08\x42\x01\x02\x25\x01"sv),
  };
}

}  // namespace tidemark::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemark;
  static std::unique_ptr<Gateway> gateway;
  if (size == 0) return 0;
  if (gateway == nullptr || gateway->worn()) gateway = std::make_unique<Gateway>();
  constexpr std::array<std::string_view, 3> kTopics = {"topic/d-1", "bn/d-1", "wanted/d-1"};
  gateway->take(kTopics[data[0] % kTopics.size()], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
