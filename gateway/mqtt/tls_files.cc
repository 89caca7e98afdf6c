#include "gateway/mqtt/tls_files.h"

#include "gateway/secret/secret_file.h"

namespace tidemark {

std::optional<std::string> load_tls_files(const MqttSettings& settings, boost::asio::ssl::context& context) {
  boost::system::error_code ec;
  if (settings.ca_file.empty()) {
    context.set_default_verify_paths(ec);
  } else {
    context.load_verify_file(settings.ca_file, ec);
    if (ec) {
      return unusable_file("mqtt.ca_file", settings.ca_file, ec.message(),
                           "name a file with the broker's authority in PEM that this user may read, or leave the key "
                           "out for the system's authorities");
    }
  }
  if (settings.cert_file.empty()) return std::nullopt;
  context.use_certificate_chain_file(settings.cert_file, ec);
  if (ec) {
    return unusable_file("mqtt.cert_file", settings.cert_file, ec.message(),
                         "name a file with the gateway's certificate in PEM that this user may read");
  }
  const bool beside = settings.key_file.empty();
  const std::string& key = beside ? settings.cert_file : settings.key_file;
  context.use_private_key_file(key, boost::asio::ssl::context::pem, ec);
  if (!ec) return std::nullopt;
  // An encrypted key has no one here who could type its passphrase.
  if (beside) {
    return unusable_file("mqtt.cert_file", key, "no private key in it: " + ec.message(),
                         "add the certificate's unencrypted key in PEM, or name its file in mqtt.key_file");
  }
  return unusable_file("mqtt.key_file", key, ec.message(),
                       "name a file with the certificate's unencrypted private key in PEM that this user may read");
}

}  // namespace tidemark
