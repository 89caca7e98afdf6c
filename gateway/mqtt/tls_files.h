// The certificates and the key that TLS with the broker uses, from the files that the settings name.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <optional>
#include <string>

#include "gateway/mqtt/settings.h"

namespace tidemark {

/// Without `ca_file` the system's certificates. Nullopt: all are loaded; else which key's file cannot be used, why, and
/// what to do.
std::optional<std::string> load_tls_files(const MqttSettings& settings, boost::asio::ssl::context& context);

}  // namespace tidemark
