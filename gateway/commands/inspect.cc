// tidemark inspect: the log's events as JSON lines.
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "gateway/commands/command.h"
#include "gateway/commands/log_argument.h"
#include "gateway/commands/positions.h"
#include "gateway/commands/stop_signal.h"
#include "gateway/replay/event_json.h"

namespace tidemark {
namespace {

constexpr std::uint64_t kPieceBytes = 256 << 10;
constexpr Duration kPoll = milliseconds(200);

}  // namespace

int inspect_log(const InspectCommand& command) {
  signal(SIGPIPE, SIG_IGN);
  int exit = 1;
  auto log = open_log_argument(command.log, command.follow, exit);
  if (!log) return exit;
  const StopSignal stop;
  std::uint64_t next = std::max<std::uint64_t>(command.from, 1);
  bool met = false;    // the log has been read once: its place is right
  bool quiet = false;  // that nobody answers has been said
  for (;;) {
    if (stop.came()) return 0;
    const auto rows = log->source->read(next, kPieceBytes);
    if (!rows) {
      // Whoever follows outlives the appliance: it comes again.
      const bool again = command.follow && met && rows.error().code == LogError::no_answer;
      if (!again || !quiet) fmt::print(stderr, "{}\n", rows.error().context);
      if (!again) return 1;
      quiet = true;
      if (stop.came(seconds(1))) return 0;
      continue;
    }
    met = true;
    quiet = false;
    for (const LogRow& row : *rows) {
      if (row.position > next) {
        fmt::print(stderr, "{} not there (retention, or damage)\n", positions_are(next, row.position - 1));
      }
      const std::string line = event_json(row);
      if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size()) break;
      next = row.position + 1;
    }
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      // A reader that has seen enough is no failure.
      if (errno == EPIPE) return 0;
      fmt::print(stderr, "the output cannot be written: {}\n", std::strerror(errno));
      return 1;
    }
    if (!rows->empty()) continue;
    if (!command.follow || stop.came(kPoll)) return 0;
  }
}

}  // namespace tidemark
