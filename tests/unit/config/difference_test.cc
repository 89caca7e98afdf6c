#include "gateway/config/difference.h"

#include <doctest/doctest.h>

#include <string>

#include "gateway/config/loader.h"
#include "tests/unit/config/configuration_text.h"

namespace tidemark {
namespace {

constexpr const char* kGateway = "[gateway]\nid = \"a\"\n[mqtt]\nbroker = \"mqtt://127.0.0.1:1883\"\n";
constexpr const char* kOneStream = "[[stream]]\nname = \"s\"\ntopic = \"s/{device}\"\nsource = \"{device}\"\n";

std::vector<std::string> keys(const std::string& from, const std::string& to) {
  const LoadResult before = load(from), after = load(to);
  REQUIRE(before);
  REQUIRE(after);
  return keys_for_a_restart(*before, *after);
}

}  // namespace

TEST_CASE("streams and their number may change while the appliance runs, nothing else") {
  const std::string head = kGateway, stream = kOneStream;
  CHECK(keys(head + stream, head + "# a remark\n" + stream + "window = \"20s\"\n").empty());
  CHECK(keys(head + stream, head + "[limits]\nmax_series = 50\n" + stream).empty());
  CHECK(keys(head + "[limits]\nmax_series = 60\n" + stream, head + "[limits]\nmax_series = 50\n" + stream).empty());
  CHECK(keys(head + stream, head + "keepalive = \"7s\"\n[store]\nretention = \"1d\"\n" + stream) ==
        std::vector<std::string>{"mqtt.keepalive", "store.retention"});
}

TEST_CASE("a section that comes or goes is a change of each of its keys") {
  const std::string head = kGateway, stream = kOneStream;
  const std::string kafka = "[kafka]\nbrokers = \"k:9092\"\ntopic = \"t\"\n";
  const std::vector<std::string> with = {"kafka.brokers", "kafka.linger", "kafka.topic"};
  CHECK(keys(head + stream, head + kafka + stream) == with);
  CHECK(keys(head + kafka + stream, head + stream) == with);
  CHECK(keys(head + kafka + stream, head + kafka + "create_partitions = 3\n" + stream) ==
        std::vector<std::string>{"kafka.create_partitions"});
}

}  // namespace tidemark
