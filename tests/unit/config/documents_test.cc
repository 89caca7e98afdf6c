// What users copy must work: every block of TOML in the documents, the examples, and the tables of keys.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include "tests/unit/config/configuration_text.h"

namespace tidemark {
namespace {

const std::filesystem::path kRoot = TIDEMARK_SOURCE_DIR;

std::string content(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  REQUIRE(stream);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::vector<std::filesystem::path> files(const std::string& extension) {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kRoot / "docs")) {
    if (entry.path().extension() == extension) out.push_back(entry.path());
  }
  if (extension == ".md" && std::filesystem::exists(kRoot / "README.md")) out.push_back(kRoot / "README.md");
  std::ranges::sort(out);
  return out;
}

// The blocks between ```LANGUAGE and ```.
std::vector<std::string> blocks(const std::string& text, const std::string& language) {
  std::vector<std::string> out;
  std::istringstream lines(text);
  std::string line;
  bool inside = false;
  while (std::getline(lines, line)) {
    if (inside && line.starts_with("```")) {
      inside = false;
    } else if (inside) {
      out.back() += line + "\n";
    } else if (line == "```" + language) {
      inside = true;
      out.emplace_back();
    }
  }
  return out;
}

void check_loads(std::string text) {
  // A block that shows one table stands for a file with a stream, too.
  if (text.find("[[stream]]") == std::string::npos) text += "\n" + std::string(kStream);
  CAPTURE(text);
  const LoadResult result = load(text);
  CAPTURE((result ? std::string() : all_problems(result.error())));
  CHECK(result);
}

}  // namespace

TEST_CASE("every block of TOML in the documents is a good configuration") {
  std::size_t found = 0;
  for (const auto& path : files(".md")) {
    CAPTURE(path);
    for (const std::string& block : blocks(content(path), "toml")) {
      check_loads(block);
      ++found;
    }
  }
  CHECK(found > 0);
}

TEST_CASE("every example is a good configuration") {
  const auto examples = files(".toml");
  CHECK(examples.size() >= 2);
  for (const auto& path : examples) {
    CAPTURE(path);
    check_loads(content(path));
  }
}

TEST_CASE("the documented mistakes are what is said of the documented file") {
  const std::vector<std::string> texts = blocks(content(kRoot / "docs/CONFIGURATION.md"), "text");
  REQUIRE(texts.size() == 2);
  const LoadResult result = load_configuration(texts[1], "tidemark.toml", kSurroundings);
  REQUIRE_FALSE(result);
  CHECK(all_problems(result.error()) == texts[0]);
}

TEST_CASE("every key is documented, and no other") {
  // A word that is near no key is answered with the list of them all.
  const auto known = [](const std::string& text) {
    const LoadResult result = load(text);
    REQUIRE_FALSE(result);
    std::set<std::string> out;
    for (const Problem& problem : result.error()) {
      constexpr std::string_view kList = "known keys: ";
      if (!problem.right.starts_with(kList)) continue;
      std::istringstream keys(problem.right.substr(kList.size()));
      for (std::string key; std::getline(keys >> std::ws, key, ',');) out.insert(key);
    }
    return out;
  };
  const std::string odd = "zzzzzzzzzzzzzzzzzzzzzz = 1\n";
  std::map<std::string, std::set<std::string>> expected;
  for (const std::string section : {"gateway", "mqtt", "store", "kafka", "uplink", "admin", "limits"}) {
    expected["[" + section + "]"] = known("[" + section + "]\n" + odd);
  }
  expected["[[stream]]"] = known("[[stream]]\n" + odd);
  expected["[[stream.field]]"] = known("[[stream]]\n[[stream.field]]\n" + odd);

  std::map<std::string, std::set<std::string>> documented;
  std::istringstream lines(content(kRoot / "docs/CONFIGURATION.md"));
  std::string section;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("## ")) section = line.starts_with("## `[") ? line.substr(4, line.size() - 5) : "";
    if (!section.empty() && line.starts_with("| `")) documented[section].insert(line.substr(3, line.find('`', 3) - 3));
  }
  for (const auto& [name, keys] : expected) {
    CAPTURE(name);
    CHECK_FALSE(keys.empty());
    CHECK(documented[name] == keys);
  }
  CHECK(documented.size() == expected.size());
}

}  // namespace tidemark
