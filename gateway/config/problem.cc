#include "gateway/config/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tidemark {

std::string format_problem(const Problem& problem) {
  return fmt::format("{}:{}:{}: {}; {}", problem.file, problem.position.line, problem.position.column, problem.wrong,
                     problem.right);
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kShown = 60;
  std::string out = "\"";
  std::size_t end = text.size();
  if (end > kShown) {
    end = kShown;
    // A code point is never cut in two: its continuation bytes go with it.
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) --end;
  }
  for (const char c : text.substr(0, end)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  out += end < text.size() ? "…\"" : "\"";
  return out;
}

void ProblemList::add(Position position, Mistake mistake) {
  problems_.push_back({file_, position, std::move(mistake.wrong), std::move(mistake.right)});
}

std::vector<Problem> ProblemList::sorted() const {
  std::vector<Problem> out = problems_;
  std::ranges::stable_sort(out, {}, &Problem::position);
  return out;
}

}  // namespace tidemark
