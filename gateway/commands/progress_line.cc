#include "gateway/commands/progress_line.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "gateway/pipeline/clock.h"

namespace tidemark {
namespace {

constexpr std::int64_t kLine = seconds(10).ns;
constexpr std::int64_t kDrawing = milliseconds(200).ns;
constexpr std::size_t kUsualWidth = 80;

/// Asked each time: windows change their size.
std::size_t terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualWidth;
  return size.ws_col;
}

}  // namespace

ProgressLine::ProgressLine(std::string_view what, std::size_t partitions)
    : what_(what),
      partitions_(partitions),
      terminal_(isatty(STDERR_FILENO) == 1),
      began_(steady_clock().ns),
      // Whoever sits before it sees at once that there is something to wait for.
      next_(terminal_ ? began_ : began_ + kLine) {}

ProgressLine::~ProgressLine() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
}

void ProgressLine::at(std::uint32_t partition, std::uint64_t position, std::uint64_t last, std::uint64_t panes) {
  reached_[partition] = {position, last == 0 ? 0 : std::max(last, position)};
  const std::int64_t now = steady_clock().ns;
  if (now < next_) return;
  next_ = now + (terminal_ ? kDrawing : kLine);
  ProgressFigures shown = figures(partition);
  shown.panes = panes;
  shown.seconds = (now - began_) / seconds(1).ns;
  const bool whole = shown.last != 0 || partitions_ <= 1;
  if (!whole) {
    shown.position = position;
    shown.last = reached_[partition].last;
  }
  draw(whole ? std::string(what_) : fmt::format("{}, partition {}", what_, partition), shown);
}

/// Of all partitions together; `last` is 0 until the ends of all are known.
ProgressFigures ProgressLine::figures(std::uint32_t partition) const {
  ProgressFigures sum;
  sum.position = reached_.at(partition).position;
  if (reached_.size() < partitions_) return sum;
  const auto open = [](const auto& each) { return each.second.last == 0; };
  if (std::any_of(reached_.begin(), reached_.end(), open)) return sum;
  sum.position = 0;
  for (const auto& [number, reached] : reached_) {
    sum.position += reached.position;
    sum.last += reached.last;
  }
  return sum;
}

void ProgressLine::draw(std::string_view what, const ProgressFigures& figures) {
  if (!terminal_) {
    fmt::print(stderr, "{}\n", progress_text(what, figures));
    return;
  }
  // The last column stays free: some terminals go on to the next line with it.
  fmt::print(stderr, "\r{}\x1b[K", progress_bar(what, figures, terminal_width() - 1));
  drawn_ = true;
}

}  // namespace tidemark
