#include <doctest/doctest.h>

#include <string>

#include "gateway/log/log_source.h"

using namespace tidemark;

TEST_CASE("a place is read, and written as it was") {
  for (const std::string text : {"file:/var/lib/tidemark/state.db", "file:state.db", "unix:/run/tidemark/admin.sock",
                                 "http://127.0.0.1:8377", "http://plant-7.example:8377", "http://[::1]:8377"}) {
    CAPTURE(text);
    const auto place = parse_log_place(text);
    REQUIRE(place);
    CHECK(to_string(*place) == text);
  }
  const auto six = parse_log_place("http://[::1]:8377/");
  REQUIRE(six);
  CHECK(six->kind == LogPlace::Kind::tcp);
  CHECK(six->host == "::1");
  CHECK(six->port == 8377);
}

TEST_CASE("what is no place is refused with what would be right") {
  for (const std::string text : {"", "nonsense", "/var/lib/tidemark/state.db", "file:", "unix:", "https://h:1"}) {
    CAPTURE(text);
    const auto place = parse_log_place(text);
    REQUIRE_FALSE(place);
    CHECK(place.error().code == LogError::place);
    CHECK(place.error().context.find("file:PATH, http://HOST:PORT or unix:PATH") != std::string::npos);
  }
  for (const std::string text : {"http://", "http://h", "http://:80", "http://h:", "http://h:0", "http://h:65536",
                                 "http://h:8x", "http://[]:80"}) {
    CAPTURE(text);
    const auto place = parse_log_place(text);
    REQUIRE_FALSE(place);
    CHECK(place.error().context.find("http://127.0.0.1:8377") != std::string::npos);
  }
  const auto kafka = parse_log_place("kafka:b:9092/telemetry");
  REQUIRE_FALSE(kafka);
  CHECK(kafka.error().context.find("does not read Kafka yet") != std::string::npos);
}
