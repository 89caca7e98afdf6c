// What the tests of the configuration share: a good file to spoil, and a mark that shows where the problem must stand.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "gateway/config/loader.h"

namespace tidemark {

inline const Surroundings kSurroundings{.host_name = "plant-7", .credentials_directory = ""};

inline LoadResult load(std::string_view text) {
  return load_configuration(text, "F", kSurroundings);
}

inline std::string all_problems(const std::vector<Problem>& problems) {
  std::string out;
  for (const Problem& problem : problems) out += format_problem(problem) + "\n";
  return out;
}

/// The text without its mark "§", and the "line:column" at which the mark stood.
struct Marked {
  std::string text;
  std::string place;
};

inline Marked unmark(std::string text) {
  constexpr std::string_view kMark = "§";
  const std::size_t at = text.find(kMark);
  if (at == std::string::npos) return {text, "1:1"};
  std::size_t line = 1;
  std::size_t column = 1;
  for (std::size_t i = 0; i < at; ++i) {
    column = text[i] == '\n' ? 1 : column + 1;
    if (text[i] == '\n') ++line;
  }
  text.erase(at, kMark.size());
  return {text, fmt::format("{}:{}", line, column)};
}

inline constexpr std::string_view kStream =
    "[[stream]]\nname = \"climate\"\ntopic = \"plant/{site}/{device}/climate\"\n";

}  // namespace tidemark
