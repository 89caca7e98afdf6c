#include <doctest/doctest.h>

#include <string>

#include "gateway/log/log_source.h"

using namespace tidemark;

TEST_CASE("a place is read, and written as it was") {
  for (const std::string text : {"file:/var/lib/tidemark/state.db", "file:state.db", "unix:/run/tidemark/admin.sock",
                                 "http://127.0.0.1:8377", "http://plant-7.example:8377", "http://[::1]:8377",
                                 "kafka:b:9092/telemetry", "kafka:b-1:9092,[::1]:9093/a.b_c-d"}) {
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
    CHECK(place.error().context.find("file:PATH, http://HOST:PORT, unix:PATH or kafka:BROKERS/TOPIC") !=
          std::string::npos);
  }
  for (const std::string text : {"http://", "http://h", "http://:80", "http://h:", "http://h:0", "http://h:65536",
                                 "http://h:8x", "http://[]:80"}) {
    CAPTURE(text);
    const auto place = parse_log_place(text);
    REQUIRE_FALSE(place);
    CHECK(place.error().context.find("http://127.0.0.1:8377") != std::string::npos);
  }
  for (const std::string text :
       {"kafka:", "kafka:b:9092", "kafka:b:9092/", "kafka:/t", "kafka:b:9092,/t", "kafka:,b/t", "kafka:a,,b/t",
        "kafka:a b/t", "kafka:b/c/t", "kafka:b/t t", "kafka:b/..", "kafka:b/t\xc3\xa4"}) {
    CAPTURE(text);
    const auto place = parse_log_place(text);
    REQUIRE_FALSE(place);
    CHECK(place.error().context.find("kafka:BROKERS/TOPIC") != std::string::npos);
  }
  CHECK_FALSE(parse_log_place("kafka:b/" + std::string(250, 't')));
}

TEST_CASE("a place in Kafka is brokers and a topic") {
  const auto place = parse_log_place("kafka:kafka-1:9092,kafka-2:9092/telemetry");
  REQUIRE(place);
  CHECK(place->kind == LogPlace::Kind::kafka);
  CHECK(place->brokers == "kafka-1:9092,kafka-2:9092");
  CHECK(place->topic == "telemetry");
}
