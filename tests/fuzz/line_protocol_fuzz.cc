// Line protocol: any bytes as a payload. What the decoders of two streams find keeps its contracts; and a gateway that
// takes the payload in and closes its windows has a ledger that balances.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "edge/bytes/assert.h"
#include "edge/decode/decoder.h"
#include "edge/decode/label.h"
#include "tests/fuzz/seeds.h"
#include "tests/scenario/model_gateway.h"

namespace tidemark {
namespace {

constexpr std::int64_t kBegin_ns = 1'772'366'400'000'000'000;

StreamDefinition every_number() {
  StreamDefinition stream;
  stream.name = "every";
  stream.topic = "{site}/{device}";
  stream.source = "tag.host";
  stream.format = PayloadFormat::line_protocol;
  stream.time_format = TimeFormat::nanoseconds;
  stream.components = *components_of("stddev");
  return stream;
}

StreamDefinition wanted_fields() {
  StreamDefinition stream = every_number();
  stream.name = "wanted";
  stream.source = "{device}";
  stream.default_tags = false;
  stream.tags = {{"kind", "measurement"}, {"host", "tag.host"}};
  stream.time_format = TimeFormat::seconds;
  stream.fields = {{"cpu.idle", "idle", "", FieldKind::gauge}, {"\"c.p\".\"a b\"", "ab", "", FieldKind::gauge}};
  return stream;
}

void check(const Decoder& decoder, const Decoded& decoded) {
  if (decoded.rejection) TIDEMARK_ASSERT(decoded.records.empty());
  for (const Record& record : decoded.records) {
    TIDEMARK_ASSERT(record.first_field + record.field_count <= decoded.fields.size());
    TIDEMARK_ASSERT(record.rejection || !record.source.empty());
    TIDEMARK_ASSERT(record.rejection || record.field_count > 0);
    TIDEMARK_ASSERT(is_label(record.source));
    if (record.time) TIDEMARK_ASSERT(*record.time >= kEarliestEvent && *record.time <= kLatestEvent);
    if (record.named_tag_count == 0) {
      TIDEMARK_ASSERT(record.first_tag + decoder.tag_names().size() <= decoded.tags.size());
      continue;
    }
    TIDEMARK_ASSERT(decoder.tag_names().empty());
    TIDEMARK_ASSERT(record.first_tag + record.named_tag_count <= decoded.named_tags.size());
    for (std::uint32_t i = 1; i < record.named_tag_count; ++i) {
      TIDEMARK_ASSERT(decoded.named_tags[record.first_tag + i - 1].name <
                      decoded.named_tags[record.first_tag + i].name);
    }
  }
  for (const std::string_view tag : decoded.tags) TIDEMARK_ASSERT(is_label(tag));
  for (const NamedTag& tag : decoded.named_tags) TIDEMARK_ASSERT(is_label(tag.name) && is_label(tag.value));
  for (const FieldValue& reading : decoded.fields) {
    TIDEMARK_ASSERT(is_label(reading.name));
    TIDEMARK_ASSERT(reading.rejection || !reading.name.empty());
    TIDEMARK_ASSERT(reading.rejection ||
                    make_decimal(reading.value.coefficient, reading.value.exponent) == reading.value);
  }
}

Message message_of(std::string_view payload) {
  Message message;
  message.topic = "north/d-1";
  message.payload = payload;
  message.payload_size = payload.size();
  message.packet_id = 1;
  message.arrival = ArrivalTime{kBegin_ns};
  return message;
}

void take(const std::vector<StreamDefinition>& streams, std::string_view payload) {
  ProcessorSettings settings;
  settings.streams = streams;
  test::ModelGateway gateway(std::move(settings));
  const Now begin{ArrivalTime{kBegin_ns}, MonotonicTime{1}};
  gateway.start(begin);
  gateway.processor().session_opened(false);
  gateway.processor().message(message_of(payload), 1, begin.monotonic);
  gateway.end_group(begin);
  gateway.end_group({begin.arrival + hours(2), begin.monotonic + hours(2)});
  TIDEMARK_ASSERT(gateway.broken_law().empty());
}

}  // namespace
}  // namespace tidemark

namespace tidemark::test {

std::vector<std::string> fuzz_seeds() {
  return {
      "cpu,cpu=cpu0,host=web idle=98.5,user=1i,up=t 1772366400000000000\n",
      "cpu,host=web idle=1 1772366400\ncpu,host=web idle=2 1772366401\r\n\nmem,host=db used=7u\n# comment\nbad\n",
      "c.p,host=a\\ b a\\ b=.5e-3,a\\ b=04.,s=\"x\\\"y\nz\"\n",
      "m\\,n,t\\=u=v\\ w,host=h f=NaN,g=1e999,h=9223372036854775808i,i=-0 -5\n",
      "m,host=1 f=\"open\nm,host=1 f=18446744073709551615u,f=F 9223372036854775807",
      "m,z=1,a=2,host=h,é=ß x=0.1234567890123456789\n\xff f=1\nm,a=1,a=2 f=1",
  };
}

}  // namespace tidemark::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemark;
  static const std::vector<StreamDefinition> kStreams = {every_number(), wanted_fields()};
  static const auto kDecoders = [] {
    std::vector<std::unique_ptr<Decoder>> decoders;
    for (const StreamDefinition& stream : kStreams) decoders.push_back(std::move(*Decoder::create(stream, {})));
    return decoders;
  }();
  static Decoded decoded;
  const std::string_view payload(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string_view> variables = {"north", "d-1"};
  for (const auto& decoder : kDecoders) {
    decoder->decode(message_of(payload), variables, decoded);
    check(*decoder, decoded);
  }
  take(kStreams, payload);
  return 0;
}
