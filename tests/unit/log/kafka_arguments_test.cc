#include "gateway/log/kafka_arguments.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "gateway/log/kafka_log.h"

using namespace tidemark;

TEST_CASE("partitions are numbers and ranges") {
  using Ranges = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
  CHECK(*parse_partitions("") == Ranges{});
  CHECK(*parse_partitions("0") == Ranges{{0, 0}});
  CHECK(*parse_partitions("0-3") == Ranges{{0, 3}});
  CHECK(*parse_partitions("0-3,7,9-10") == Ranges{{0, 3}, {7, 7}, {9, 10}});
  for (const std::string text : {"-", "3-1", "a", "1-", "-1", "1,", ",1", "1,,2", "1-2-3", " 1", "4294967296"}) {
    CAPTURE(text);
    const auto ranges = parse_partitions(text);
    REQUIRE_FALSE(ranges);
    CHECK(ranges.error().context.find("0-3,7") != std::string::npos);
  }
}

TEST_CASE("a property is NAME=VALUE, and the value may hold anything") {
  const auto properties = parse_kafka_properties({"security.protocol=SSL", "sasl.jaas=a=b,c", "client.id="});
  REQUIRE(properties);
  CHECK(*properties == KafkaProperties{{"security.protocol", "SSL"}, {"sasl.jaas", "a=b,c"}, {"client.id", ""}});
  CHECK_FALSE(parse_kafka_properties({"=x"}));
  CHECK_FALSE(parse_kafka_properties({"auto.offset.reset=earliest"}));
  const auto nameless = parse_kafka_properties({"canary"});
  REQUIRE_FALSE(nameless);
  CHECK(nameless.error().context.find("canary") == std::string::npos);
}

TEST_CASE("a secret comes from a file, never from the command line") {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("tidemark-secret-" + std::to_string(getpid()))).string();
  std::ofstream(path) << "canary\r\nsecond line\n";
  const auto properties = parse_kafka_properties({"sasl.password_file=" + path});
  REQUIRE(properties);
  CHECK(*properties == KafkaProperties{{"sasl.password", "canary"}});
  std::filesystem::remove(path);
  const auto missing = parse_kafka_properties({"sasl.password_file=" + path});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().context.find(path) != std::string::npos);
  const auto shown = parse_kafka_properties({"sasl.password=canary"});
  REQUIRE_FALSE(shown);
  CHECK(shown.error().context.find("sasl.password_file=PATH") != std::string::npos);
  CHECK(shown.error().context.find("canary") == std::string::npos);
}

TEST_CASE("a property that librdkafka refuses is named without its value") {
  LogPlace place = *parse_log_place("kafka:127.0.0.1:1/telemetry");
  place.properties = {{"security.protocol", "canary"}};
  const auto log = KafkaLog::open(place);
  REQUIRE_FALSE(log);
  CHECK(log.error().code == LogError::place);
  CHECK(log.error().context.find("security.protocol") != std::string::npos);
  CHECK(log.error().context.find("canary") == std::string::npos);
}
