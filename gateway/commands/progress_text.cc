#include "gateway/commands/progress_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace tidemark {
namespace {

constexpr std::size_t kShortestBar = 10;
constexpr std::size_t kLongestBar = 40;

/// 0 to 1. What came since the end was asked for does not count as more than all.
double part_of(const ProgressFigures& figures) {
  if (figures.position >= figures.last) return 1;
  return static_cast<double>(figures.position) / static_cast<double>(figures.last);
}

/// Rounded down: 100 % is the end, and nothing before it.
int percent(const ProgressFigures& figures) {
  return static_cast<int>(part_of(figures) * 100);
}

std::string counts(const ProgressFigures& figures) {
  const std::string of =
      figures.last == 0 ? std::string("of the log") : fmt::format("of {}", std::max(figures.last, figures.position));
  return fmt::format("position {} {}, {} panes, {} s", figures.position, of, figures.panes, figures.seconds);
}

}  // namespace

std::string progress_text(std::string_view what, const ProgressFigures& figures) {
  if (figures.last == 0) return fmt::format("{}: {}", what, counts(figures));
  return fmt::format("{}: {} %, {}", what, percent(figures), counts(figures));
}

std::string progress_bar(std::string_view what, const ProgressFigures& figures, std::size_t width) {
  std::string line;
  if (figures.last == 0) {
    line = progress_text(what, figures);
  } else {
    const std::string before = fmt::format("{} [", what);
    const std::string behind = fmt::format("] {:3} %  {}", percent(figures), counts(figures));
    const std::size_t taken = before.size() + behind.size();
    const std::size_t bar = std::clamp(width > taken ? width - taken : 0, kShortestBar, kLongestBar);
    const auto filled = static_cast<std::size_t>(part_of(figures) * static_cast<double>(bar));
    line = before + std::string(filled, '#') + std::string(bar - filled, '.') + behind;
  }
  if (line.size() > width) line.resize(width);
  return line;
}

}  // namespace tidemark
