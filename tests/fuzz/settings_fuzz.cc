// What people write: the configuration, and the durations, sizes and places on its lines and on command lines. What is
// accepted can be used, and written and read again as the same.
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string_view>

#include "edge/bytes/assert.h"
#include "edge/decode/decoder.h"
#include "gateway/config/canonical_text.h"
#include "gateway/config/endpoint.h"
#include "gateway/config/loader.h"
#include "gateway/config/units.h"
#include "gateway/log/log_source.h"
#include "tests/fuzz/seeds.h"

namespace tidemark::test {

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> seeds;
  for (const char* const name : {"first.toml", "tls.toml"}) {
    std::ifstream file(std::string(TIDEMARK_SOURCE_DIR "/docs/examples/") + name, std::ios::binary);
    seeds.push_back(std::string(1, '\0') + std::string(std::istreambuf_iterator<char>(file), {}));
  }
  for (const char* const text : {"1.5s", "100ms", "-3h", "9223372036854775807ns"})
    seeds.push_back('\1' + std::string(text));
  for (const char* const text : {"256KiB", "0", "1.5MiB"}) seeds.push_back('\2' + std::string(text));
  for (const char* const text : {"mqtts://[::1]:8883", "127.0.0.1:80", "unix:/run/t.sock", "a:1,b", "file:x.db"}) {
    seeds.push_back('\3' + std::string(text));
  }
  return seeds;
}

}  // namespace tidemark::test

namespace tidemark {
namespace {

void load(std::string_view text) {
  const Surroundings surroundings{"plant-7", "/run/credentials"};
  const LoadResult loaded = load_configuration(text, "tidemark.toml", surroundings);
  if (!loaded) {
    TIDEMARK_ASSERT(!loaded.error().empty());
    for (const Problem& problem : loaded.error()) TIDEMARK_ASSERT(!format_problem(problem).empty());
    return;
  }
  TIDEMARK_ASSERT(!loaded->streams.empty());
  for (const StreamDefinition& stream : loaded->streams) {
    TIDEMARK_ASSERT(Decoder::create(stream, loaded->limits.payload).has_value());
  }
  const std::string canonical = canonical_text(*loaded);
  const LoadResult again = load_configuration(canonical, "tidemark.toml", surroundings);
  TIDEMARK_ASSERT(again.has_value());
  TIDEMARK_ASSERT(canonical_text(*again) == canonical);
}

}  // namespace
}  // namespace tidemark

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemark;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      load(text);
      break;
    case 1:
      if (const auto duration = parse_duration(text)) {
        TIDEMARK_ASSERT(parse_duration(format_duration(*duration)).value() == *duration);
      }
      break;
    case 2:
      if (const auto bytes = parse_size(text)) {
        TIDEMARK_ASSERT(parse_size(format_size(*bytes)).value() == *bytes);
        TIDEMARK_ASSERT(!approximate_size(*bytes).empty());
      }
      break;
    default:
      (void)parse_broker_url(text);
      (void)parse_listen_address(text);
      if (const auto brokers = parse_kafka_brokers(text)) TIDEMARK_ASSERT(parse_kafka_brokers(*brokers) == *brokers);
      if (const auto place = parse_log_place(text)) TIDEMARK_ASSERT(!to_string(*place).empty());
  }
  return 0;
}
