// librdkafka properties whose value is a secret: they come from files alone, as NAME_file.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace tidemark {

inline constexpr std::string_view kSecretFileSuffix = "_file";

constexpr bool is_kafka_secret(std::string_view property) {
  constexpr std::array<std::string_view, 6> kSecrets = {"sasl.password",
                                                        "ssl.key.password",
                                                        "ssl.key.pem",
                                                        "ssl.keystore.password",
                                                        "sasl.oauthbearer.client.secret",
                                                        "sasl.oauthbearer.config"};
  return std::ranges::find(kSecrets, property) != kSecrets.end();
}

}  // namespace tidemark
