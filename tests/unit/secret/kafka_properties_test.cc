#include "gateway/secret/kafka_properties.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace tidemark {
namespace {

TEST_CASE("secrets come from the first line of their files, and a file without one is named") {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("tidemark-secret-" + std::to_string(getpid()))).string();
  std::ofstream(path) << "canary\r\nmore\n";
  const KafkaProperties named = {{"sasl.password_file", path}, {"security.protocol", "ssl"}};
  CHECK(*read_kafka_secrets(named, "kafka.properties.") ==
        KafkaProperties{{"sasl.password", "canary"}, {"security.protocol", "ssl"}});
  std::ofstream(path, std::ios::trunc) << "\ncanary\n";
  const auto empty = read_kafka_secrets(named, "kafka.properties.");
  REQUIRE_FALSE(empty);
  CHECK(empty.error().context.find("kafka.properties.sasl.password_file = \"" + path + "\"") == 0);
  CHECK(empty.error().context.find("canary") == std::string::npos);
  std::filesystem::remove(path);
  CHECK_FALSE(read_kafka_secrets(named, "kafka.properties."));
}

TEST_CASE("what must not stand in a configuration is known, and which files a connection rests on") {
  CHECK(is_kafka_secret("sasl.password"));
  CHECK(is_kafka_secret("ssl.key.pem"));
  CHECK_FALSE(is_kafka_secret("sasl.username"));
  CHECK(kafka_files({{"sasl.password_file", "/p"}, {"ssl.ca.location", "/ca"}, {"sasl.username", "/u"}}) ==
        std::vector<std::string>{"/p", "/ca"});
}

TEST_CASE("SCRAM is warned of where librdkafka sends its nonce twice") {
  const KafkaProperties scram = {{"sasl.mechanisms", "SCRAM-SHA-512"}};
  CHECK(scram_trouble(scram, 0x020002ff, "2.0.2").find("librdkafka 2.0.2 cannot do SCRAM with Kafka 4") == 0);
  CHECK(scram_trouble(scram, 0x020601ff, "2.6.1").empty());
  CHECK(scram_trouble({{"sasl.mechanism", "PLAIN"}}, 0x020002ff, "2.0.2").empty());
}

}  // namespace
}  // namespace tidemark
