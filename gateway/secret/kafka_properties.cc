#include "gateway/secret/kafka_properties.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tidemark {
namespace {

constexpr std::string_view kFile = "_file";
constexpr std::array<std::string_view, 6> kSecrets = {"sasl.password",
                                                      "ssl.key.password",
                                                      "ssl.key.pem",
                                                      "ssl.keystore.password",
                                                      "sasl.oauthbearer.client.secret",
                                                      "sasl.oauthbearer.config"};
// Properties that name a file which librdkafka reads itself, when a client is made.
constexpr std::array<std::string_view, 6> kLocations = {"ssl.ca.location",  "ssl.certificate.location",
                                                        "ssl.key.location", "ssl.keystore.location",
                                                        "ssl.crl.location", "sasl.kerberos.keytab"};

// From this version on it does not send its nonce twice (librdkafka #4895), which Kafka 4 refuses.
constexpr int kScramWorks = 0x02060100;

}  // namespace

bool is_kafka_secret(std::string_view name) {
  return std::ranges::find(kSecrets, name) != kSecrets.end();
}

Result<KafkaProperties, SecretFileError> read_kafka_secrets(const KafkaProperties& named, std::string_view where) {
  KafkaProperties properties;
  for (const auto& [name, value] : named) {
    if (!name.ends_with(kFile)) {
      properties.emplace_back(name, value);
      continue;
    }
    auto secret = read_token(std::string(where) + name, value);
    if (!secret) return tl::unexpected(std::move(secret.error()));
    properties.emplace_back(name.substr(0, name.size() - kFile.size()), *std::move(secret));
  }
  return properties;
}

std::vector<std::string> kafka_files(const KafkaProperties& named) {
  std::vector<std::string> files;
  for (const auto& [name, value] : named) {
    const bool location = std::ranges::find(kLocations, std::string_view(name)) != kLocations.end();
    if (location || name.ends_with(kFile)) files.push_back(value);
  }
  return files;
}

std::string scram_trouble(const KafkaProperties& properties, int version, std::string_view version_in_words) {
  const bool scram = std::ranges::any_of(properties, [](const auto& property) {
    return property.first.starts_with("sasl.mechanism") && property.second.starts_with("SCRAM");
  });
  if (!scram || version >= kScramWorks) return {};
  return fmt::format(
      "librdkafka {} cannot do SCRAM with Kafka 4 even with the right password: use PLAIN over TLS or client "
      "certificates, or librdkafka 2.6.1 or later",
      version_in_words);
}

}  // namespace tidemark
