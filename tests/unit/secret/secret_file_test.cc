#include "gateway/secret/secret_file.h"

#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "tests/support/folder.h"

namespace tidemark {
namespace {

std::string written(const test::Folder& folder, const std::string& content) {
  std::ofstream(folder.file("secret"), std::ios::binary) << content;
  return folder.file("secret");
}

bool says(const std::string& text, const std::string& word) {
  return text.find(word) != std::string::npos;
}

}  // namespace

TEST_CASE("a password is the file without one line end; a token is its first line") {
  const test::Folder folder;
  std::string path = written(folder, "pa ss\r\n");
  CHECK(*read_password("k", path) == "pa ss");
  CHECK(*read_token("k", path) == "pa ss");
  path = written(folder, "first\nsecond\n");
  CHECK(*read_password("k", path) == "first\nsecond");
  CHECK(*read_token("k", path) == "first");
  path = written(folder, "");
  CHECK(*read_password("k", path) == "");  // MQTT knows an empty password
}

TEST_CASE("a secret that cannot be read is told by its key, its path, why, and what to do, never by its content") {
  const test::Folder folder;
  const auto told = [&](const auto& result, const std::string& path, const char* why) {
    REQUIRE_FALSE(result);
    const std::string& text = result.error().context;
    CHECK_MESSAGE(says(text, "mqtt.password_file = \"" + path + "\""), text);
    CHECK_MESSAGE(says(text, why), text);
    CHECK_MESSAGE(says(text, "into this file"), text);
    CHECK_MESSAGE(!says(text, "canary"), text);
  };
  const std::string absent = folder.file("absent");
  told(read_password("mqtt.password_file", absent), absent, "No such file");
  told(read_token("mqtt.password_file", absent), absent, "No such file");
  told(read_password("mqtt.password_file", folder.path()), folder.path(), "Is a directory");
  told(read_token("mqtt.password_file", folder.path()), folder.path(), "Is a directory");
  std::string path = written(folder, "\ncanary\n");
  told(read_token("mqtt.password_file", path), path, "first line is empty");
  std::string canaries;
  while (canaries.size() <= 65'535) canaries += "canary";
  path = written(folder, canaries);
  told(read_password("mqtt.password_file", path), path, "65,535");
  told(read_token("mqtt.password_file", path), path, "65,535");
}

}  // namespace tidemark
