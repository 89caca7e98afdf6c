#include "gateway/mqtt/tls_files.h"

#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "tests/support/folder.h"

namespace tidemark {

TEST_CASE("a certificate or key file that cannot be used is told by its key, its path and what to do") {
  const test::Folder folder;
  const std::string absent = folder.file("absent.pem");
  const std::string nonsense = folder.file("nonsense.pem");
  std::ofstream(nonsense) << "this is no certificate\n";
  struct Row {
    const char* key;
    std::string MqttSettings::*file;
    const char* remedy;
  };
  for (const Row& row :
       {Row{"mqtt.ca_file", &MqttSettings::ca_file, "name a file with the broker's authority"},
        Row{"mqtt.cert_file", &MqttSettings::cert_file, "name a file with the gateway's certificate"}}) {
    for (const std::string& path : {absent, nonsense}) {
      MqttSettings settings;
      settings.*row.file = path;
      boost::asio::ssl::context context(boost::asio::ssl::context::tls_client);
      const auto told = load_tls_files(settings, context);
      REQUIRE(told);
      CHECK_MESSAGE(told->starts_with(std::string(row.key) + " = \"" + path + "\": "), *told);
      CHECK_MESSAGE(told->find(row.remedy) != std::string::npos, *told);
    }
  }
}

}  // namespace tidemark
