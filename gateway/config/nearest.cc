#include "gateway/config/nearest.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace tidemark {
namespace {

// Keys are ASCII; other bytes compare as they are.
char folded(char c) {
  if (c == '-') return '_';
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::uint32_t edit_distance(std::string_view a, std::string_view b) {
  // Three rows of the table suffice: a swap looks two rows back.
  std::vector<std::uint32_t> before(b.size() + 1);
  std::vector<std::uint32_t> above(b.size() + 1);
  std::vector<std::uint32_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = static_cast<std::uint32_t>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<std::uint32_t>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const char x = folded(a[i - 1]);
      const char y = folded(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (x == y ? 0u : 1u)});
      if (i > 1 && j > 1 && x == folded(b[j - 2]) && folded(a[i - 2]) == y)
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates) {
  if (candidates.empty()) return std::nullopt;
  return *std::ranges::min_element(candidates, {}, [&](std::string_view c) { return edit_distance(word, c); });
}

std::string suggestion(std::string_view word, std::span<const std::string_view> candidates, std::string_view kind) {
  // Keys are short: a word cut to this length is as far from each of them as it can be.
  const std::string_view compared = word.substr(0, 64);
  const auto best = nearest(compared, candidates);
  if (best && edit_distance(compared, *best) <= std::max<std::size_t>(2, compared.size() / 3)) {
    return fmt::format("did you mean \"{}\"?", *best);
  }
  return fmt::format("{}: {}", kind, fmt::join(candidates, ", "));
}

}  // namespace tidemark
