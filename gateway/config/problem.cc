#include "gateway/config/problem.h"

#include <fmt/format.h>

#include <algorithm>

namespace tidemark {
namespace {

// Messages quote what was typed, and so do those of the TOML parser and of the decoder: one problem stays one line.
std::string on_one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string format_problem(const Problem& problem) {
  return fmt::format("{}:{}:{}: {}; {}", problem.file, problem.position.line, problem.position.column, problem.wrong,
                     problem.right);
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kShown = 60;
  std::size_t end = text.size();
  if (end > kShown) {
    end = kShown;
    // A code point is never cut in two: its continuation bytes go with it.
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) --end;
  }
  return fmt::format("\"{}{}\"", on_one_line(text.substr(0, end)), end < text.size() ? "…" : "");
}

void ProblemList::add(Position position, const Mistake& mistake) {
  problems_.push_back({file_, position, on_one_line(mistake.wrong), on_one_line(mistake.right)});
}

std::vector<Problem> ProblemList::sorted() const {
  std::vector<Problem> out = problems_;
  std::ranges::stable_sort(out, {}, &Problem::position);
  return out;
}

}  // namespace tidemark
