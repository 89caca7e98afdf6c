// The cases of oracle.py, read while the test runs. A test that finds no Python fails: it would have proved nothing.
#pragma once

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

namespace tidemark::oracle {

using Fields = std::vector<std::string>;

inline Fields split(const std::string& line, char separator) {
  Fields fields;
  std::size_t from = 0;
  for (std::size_t to; (to = line.find(separator, from)) != std::string::npos; from = to + 1) {
    fields.push_back(line.substr(from, to - from));
  }
  fields.push_back(line.substr(from));
  return fields;
}

/// Each case's fields. The seed is fixed, so a failure repeats.
inline std::vector<Fields> cases(const std::string& kind, int count, int seed) {
  const std::string command = "python3 '" TIDEMARK_SOURCE_DIR "/tests/property/value/oracle.py' " + kind + " " +
                              std::to_string(count) + " " + std::to_string(seed);
  std::FILE* const pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  char buffer[1 << 16];
  for (std::size_t size; (size = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, size);
  REQUIRE(pclose(pipe) == 0);
  std::vector<Fields> result;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) result.push_back(split(line, '\t'));
  REQUIRE(result.size() == static_cast<std::size_t>(count));
  return result;
}

/// strtod reads hex doubles exactly.
inline double hex_double(const std::string& text) {
  return std::strtod(text.c_str(), nullptr);
}

}  // namespace tidemark::oracle
