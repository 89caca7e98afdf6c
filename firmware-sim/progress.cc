#include "firmware-sim/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

namespace firmware_sim {
namespace {

constexpr int kBarWidth = 24;
constexpr std::size_t kUsualWidth = 80;

/// Asked each time: windows change their size.
std::size_t terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualWidth;
  return size.ws_col;
}

}  // namespace

Progress::Progress(bool often)
    : terminal_(::isatty(STDERR_FILENO) == 1),
      period_(terminal_ ? Clock::duration(std::chrono::milliseconds(250))
                        : Clock::duration(std::chrono::seconds(often ? 1 : 10))),
      next_(Clock::now() + period_) {}

void Progress::report(Clock::time_point now, double part, const std::string& text) {
  next_ = now + period_;
  std::string line;
  if (part >= 0) {
    const int filled = static_cast<int>(std::clamp(part, 0.0, 1.0) * kBarWidth);
    if (terminal_) {
      line = fmt::format("[{:#<{}}{:.<{}}] ", "", filled, "", kBarWidth - filled);
    }
    line += fmt::format("{:3.0f} %  ", std::clamp(part, 0.0, 1.0) * 100);
  }
  line += text;
  if (terminal_) {
    // One line, whatever the text: the last column stays free, for some terminals go on to the next line with it.
    line.resize(std::min(line.size(), terminal_width() - 1));
    fmt::print(stderr, "\r\x1b[K{}", line);
    drawn_ = true;
  } else {
    fmt::print(stderr, "{}\n", line);
  }
  std::fflush(stderr);
}

void Progress::end() {
  if (drawn_) fmt::print(stderr, "\n");
  drawn_ = false;
}

}  // namespace firmware_sim
