// Which broker, and how to be let in.
#pragma once

#include <optional>
#include <string>

#include "firmware-sim/error.h"

namespace firmware_sim {

struct BrokerAddress {
  std::string url;  // as the user wrote it, for messages
  std::string uri;  // as the MQTT library wants it: tcp://HOST:PORT or ssl://HOST:PORT
  std::string username;
  std::string password;
  std::string ca_file;  // empty: the system's certificates
};

/// Reads mqtt://HOST[:PORT] (port 1883) and mqtts://HOST[:PORT] (8883); an IPv6 address stands in brackets.
/// `password_file`: its first line is the password.
Result<BrokerAddress> parse_broker(const std::string& url, const std::string& username,
                                   const std::string& password_file, const std::string& ca_file);

}  // namespace firmware_sim
