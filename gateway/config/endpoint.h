// Where things are: the broker's URL, the address to listen on, Kafka's list of brokers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "gateway/config/problem.h"

namespace tidemark {

struct BrokerAddress {
  std::string host;  // IPv6 without brackets
  std::uint16_t port = 0;
  bool tls = false;
};

/// mqtt://HOST[:PORT] (1883) or mqtts://HOST[:PORT] (8883); IPv6 in brackets. No user, path or query.
tl::expected<BrokerAddress, Mistake> parse_broker_url(std::string_view text);

struct ListenAddress {
  std::string unix_path;  // or
  std::string address;    // IPv4 or IPv6 without brackets
  std::uint16_t port = 0;
  bool loopback = false;  // also of a unix socket: nobody outside the machine reaches it
};

/// "ADDRESS:PORT" (an IP address or localhost) or "unix:/absolute/path". Port 0 lets the system choose.
tl::expected<ListenAddress, Mistake> parse_listen_address(std::string_view text);

/// "HOST[:PORT],…": checked and given back without blanks. A Kafka broker's default port is 9092, and is written out.
tl::expected<std::string, Mistake> parse_kafka_brokers(std::string_view text);

}  // namespace tidemark
