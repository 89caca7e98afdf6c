#include "firmware-sim/broker_address.h"

#include <doctest/doctest.h>

using namespace firmware_sim;

namespace {

std::string uri_of(const char* url) {
  const auto address = parse_broker(url, "", "", "");
  return address ? address->uri : "wrong";
}

}  // namespace

TEST_CASE("broker addresses become what the MQTT library wants") {
  CHECK(uri_of("mqtt://127.0.0.1:1884") == "tcp://127.0.0.1:1884");
  CHECK(uri_of("mqtt://broker.example") == "tcp://broker.example:1883");
  CHECK(uri_of("mqtt://broker.example/") == "tcp://broker.example:1883");
  CHECK(uri_of("mqtts://broker.example") == "ssl://broker.example:8883");
  CHECK(uri_of("mqtt://[::1]:1884") == "tcp://[::1]:1884");
  CHECK(uri_of("mqtt://[::1]") == "tcp://[::1]:1883");
}

TEST_CASE("an address that is none is refused with what would be right") {
  for (const char* wrong : {"", "localhost", "tcp://localhost:1883", "mqtt://", "mqtt://:1883", "mqtt://h:0",
                            "mqtt://h:65536", "mqtt://h:port", "mqtt://h:"}) {
    CAPTURE(wrong);
    const auto address = parse_broker(wrong, "", "", "");
    REQUIRE_FALSE(address);
    CHECK(address.error().context.find("mqtt://HOST:PORT") != std::string::npos);
  }
}
