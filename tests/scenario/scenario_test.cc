#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/scenario/scenario.h"

namespace tidemark::test {

TEST_CASE("every scenario goes as it is written") {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(TIDEMARK_SOURCE_DIR "/tests/scenario")) {
    if (entry.path().extension() == ".scenario") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  CHECK(files.size() >= 20);
  for (const auto& file : files) {
    CAPTURE(file.filename().string());  // said also of one that crashes
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    const std::string trouble = Scenario().run(text.str());
    CHECK_MESSAGE(trouble.empty(), file.filename().string() << ", " << trouble);
  }
}

TEST_CASE("a scenario that is not so says at which line") {
  CHECK(Scenario().run("stream\nexpect counter messages.received = 1\n").starts_with("line 2: "));
  CHECK(Scenario().run("nonsense\n").starts_with("line 1: nonsense"));
}

}  // namespace tidemark::test
