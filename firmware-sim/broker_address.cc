#include "firmware-sim/broker_address.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <fstream>

namespace firmware_sim {

Result<BrokerAddress> parse_broker(const std::string& url, const std::string& username,
                                   const std::string& password_file, const std::string& ca_file) {
  BrokerAddress address;
  address.url = url;
  address.username = username;
  address.ca_file = ca_file;
  std::string_view rest = url;
  bool secure = false;
  if (rest.starts_with("mqtt://")) {
    rest.remove_prefix(7);
  } else if (rest.starts_with("mqtts://")) {
    rest.remove_prefix(8);
    secure = true;
  } else {
    return fail(SimError::bad_option,
                fmt::format("--broker {}: write mqtt://HOST:PORT, or mqtts://HOST:PORT for TLS", url));
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  std::string_view host = rest;
  std::string_view port = secure ? "8883" : "1883";
  const std::size_t bracket = rest.find(']');
  const std::size_t colon = rest.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    host = rest.substr(0, colon);
    port = rest.substr(colon + 1);
  }
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (host.empty() || error != std::errc{} || end != port.data() + port.size() || number == 0) {
    return fail(SimError::bad_option,
                fmt::format("--broker {}: the host is missing or the port is not one of 1 to 65535; "
                            "write mqtt://HOST:PORT",
                            url));
  }
  address.uri = fmt::format("{}://{}:{}", secure ? "ssl" : "tcp", host, number);
  if (!password_file.empty()) {
    std::ifstream in(password_file);
    if (!std::getline(in, address.password)) {
      return fail(SimError::file, fmt::format("--password-file {}: cannot read a password from it", password_file));
    }
  }
  return address;
}

}  // namespace firmware_sim
