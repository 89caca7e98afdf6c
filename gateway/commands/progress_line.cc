#include "gateway/commands/progress_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "gateway/pipeline/clock.h"

namespace tidemark {
namespace {

constexpr std::int64_t kLine = seconds(10).ns;
constexpr std::int64_t kDrawing = milliseconds(200).ns;

}  // namespace

ProgressLine::ProgressLine(std::string_view what)
    : what_(what),
      terminal_(isatty(STDERR_FILENO) == 1),
      began_(steady_clock().ns),
      next_(began_ + (terminal_ ? kDrawing : kLine)) {}

ProgressLine::~ProgressLine() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
}

void ProgressLine::at(std::uint64_t position, std::uint64_t panes) {
  const std::int64_t now = steady_clock().ns;
  if (now < next_) return;
  next_ = now + (terminal_ ? kDrawing : kLine);
  const std::string line =
      fmt::format("{}: position {} of the log, {} panes, {} s", what_, position, panes, (now - began_) / 1'000'000'000);
  if (terminal_) {
    fmt::print(stderr, "\r{}\x1b[K", line);
    drawn_ = true;
  } else {
    fmt::print(stderr, "{}\n", line);
  }
}

}  // namespace tidemark
