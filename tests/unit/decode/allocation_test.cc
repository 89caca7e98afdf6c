// What decoding allocates, counted by replacing operator new in this test program.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "tests/unit/decode/decoding.h"

namespace {
std::atomic<std::size_t> allocations{0};
std::atomic<std::size_t> allocated_bytes{0};
}  // namespace

// Not inlined: GCC 12 takes the malloc seen in one and the free seen in the other for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  allocated_bytes += size;
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
// simdjson allocates with this one; all must agree on malloc, or AddressSanitizer sees a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  allocated_bytes += size;
  return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace tidemark {

TEST_CASE("decoding allocates nothing once warm") {
  StreamDefinition wanted = test::climate();
  wanted.source = "{site} and its device {device}";
  wanted.time = "ts";
  wanted.fields = {test::field("temperature"), test::field("nested.list[1]", "second")};
  StreamDefinition every = test::climate();
  StreamDefinition each = test::climate();
  each.each = "r";
  StreamDefinition scalar = test::climate();
  scalar.format = PayloadFormat::scalar;
  StreamDefinition lines = test::climate();
  lines.format = PayloadFormat::line_protocol;
  StreamDefinition wanted_lines = lines;
  wanted_lines.source = "tag.host name";
  wanted_lines.fields = {test::field("cpu.idle"), test::field("mem.used")};

  StreamDefinition batch = test::climate();
  batch.format = PayloadFormat::batch;
  batch.source = "device";
  StreamDefinition nested = test::climate();
  nested.each = "nodes[].r";

  const std::string object =
      R"({"ts":1700000000123,"temperature":21.5,"text \u00e9":"x\ny","nested":{"list":[1,2.50],"ok":true}})";
  const std::string many = "{\"r\":[" + object + "," + object + "," + object + "]}";
  const std::string map = R"({"A":[{"ts":1700000000123,"values":{"t":21.5,"h":40}},{"t":1}],"B":[{"t":2}]})";
  const std::string line =
      "cpu,z=1,host\\ name=web,a\\,b=c idle=98.5,idle=0098.25,user=1i,text=\"x\\\"y\" 1700000000000\n";
  const std::string both = line + "mem,host\\ name=web used=.5\n# comment\nbad\n" + line;
  const std::pair<StreamDefinition, std::string> cases[] = {
      {lines, both},   {wanted_lines, both}, {wanted, object},
      {every, object}, {each, many},         {nested, "{\"nodes\":[" + many + "," + many + "]}"},
      {batch, map},    {scalar, " 21.5 "},   {wanted, "{\"temperature\":"}};
  for (const auto& [stream, payload] : cases) {
    CAPTURE(payload);
    auto decoder = std::move(*Decoder::create(stream, {}));
    Message message;
    message.topic = "plant/north/d-1/climate";
    message.payload = payload;
    message.payload_size = payload.size();
    std::vector<std::string_view> variables;
    Decoded decoded;
    std::size_t before = 0;
    for (int round = 0; round < 10; ++round) {
      if (round == 1) before = allocations;
      decoder->topic().match(message.topic, variables);
      decoder->decode(message, variables, decoded);
    }
    CHECK(allocations == before);
  }
}

TEST_CASE("a hundred thousand empty elements take no room for the fields they do not have") {
  StreamDefinition stream = test::climate();
  stream.each = "^";
  for (int i = 0; i < 50; ++i) stream.fields.push_back(test::field("f" + std::to_string(i)));
  PayloadLimits limits;
  limits.max_bytes = 1 << 20;
  test::Decoding decode(stream, limits);
  for (const char* const element : {"0,", "{},"}) {
    std::string payload = "[";
    for (int i = 0; i < 100'000; ++i) payload += element;
    payload.back() = ']';
    Message message;
    message.topic = "plant/north/d-1/climate";
    message.payload = payload;
    message.payload_size = payload.size();
    std::vector<std::string_view> variables;
    Decoded decoded;
    decode.decoder().topic().match(message.topic, variables);
    const std::size_t before = allocated_bytes;
    decode.decoder().decode(message, variables, decoded);
    CHECK(decoded.records.size() == 100'000);
    // Vectors that double take twice of what they hold at last: two million bytes of tags, eight of records, and the
    // index.
    CHECK(allocated_bytes - before < 50'000'000);
  }
}

}  // namespace tidemark
