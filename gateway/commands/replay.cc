// tidemark replay: the log into views, batch by batch.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "gateway/commands/command.h"
#include "gateway/commands/configured.h"
#include "gateway/commands/log_argument.h"
#include "gateway/commands/positions.h"
#include "gateway/commands/progress_line.h"
#include "gateway/commands/stop_signal.h"
#include "gateway/commands/window_size.h"
#include "gateway/replay/views.h"

namespace tidemark {
namespace {

// A batch is one transaction. A fleet in step puts one window of every series into it, each into a page of its own:
// with 256 KiB each page was written many times and a window took twice as long. What a kill loses is done again.
constexpr std::uint64_t kBatchBytes = 4 << 20;
constexpr Duration kPoll = milliseconds(200);

bool parse_rollups(const std::vector<std::string>& texts, std::vector<Duration>& sizes) {
  for (const std::string& text : texts) {
    const auto size = parse_window_size("--rollup", text);
    if (!size) return false;
    sizes.push_back(*size);
  }
  return true;
}

class Replay {
 public:
  Replay(const ReplayCommand& command, LogSource& source, Views& views)
      : command_(command), source_(source), views_(views) {}

  /// The exit status.
  int run() {
    bool fitting = false;  // asked whenever the log is met anew
    for (;;) {
      if (stop_.came()) return command_.follow ? 0 : 1;
      if (!fitting) {
        const auto fit = fits();
        if (!fit) {
          if (const auto status = give_up(fit.error())) return *status;
          continue;
        }
        if (!*fit) return 1;
        fitting = true;
      }
      const std::uint64_t from = views_.position().offset + 1;
      const auto rows = source_.read(from, kBatchBytes);
      if (!rows) {
        fitting = false;
        if (const auto status = give_up(rows.error())) return *status;
        continue;
      }
      quiet_ = false;
      if (rows->empty()) {
        if (!command_.follow || stop_.came(kPoll)) return 0;
        continue;
      }
      say_holes(from, *rows);
      if (const auto done = views_.fold(*rows); !done) {
        fmt::print(stderr, "{}\n", done.error().context);
        return 1;
      }
      progress_.at(views_.position().offset, views_.panes());
    }
  }

 private:
  /// Whoever follows outlives the appliance, which comes again: then nullopt, a second later. Else the exit status.
  std::optional<int> give_up(const Failure<LogError>& failure) {
    const bool again = command_.follow && failure.code == LogError::no_answer;
    if (!again || !quiet_) fmt::print(stderr, "{}\n", failure.context);
    if (!again) return 1;
    quiet_ = true;
    return stop_.came(seconds(1)) ? std::optional(0) : std::nullopt;
  }

  /// Whether the log goes on where the views stand. If not, why has been said.
  Result<bool, LogError> fits() {
    const ViewsPosition at = views_.position();
    const std::uint64_t from = std::max<std::uint64_t>(at.offset, 1);
    const auto rows = source_.read(from, 1);
    if (!rows) return tl::unexpected(rows.error());
    if (rows->empty()) {
      if (at.offset == 0) return true;
      return say(
          fmt::format("the views stand at position {} of a log that is longer than this one: it is another "
                      "gateway's, or an old state file was put back. Give these views their own log, or new "
                      "views to this one",
                      at.offset));
    }
    const LogRow& row = rows->front();
    if (at.offset != 0 && row.position == at.offset) {
      if (row.event.epoch == at.epoch && row.event.sequence == at.sequence) return true;
      return say(
          fmt::format("position {} of this log is not the event that the views end with: it is another gateway's "
                      "log, or an old state file was put back. Give these views their own log, or new views to "
                      "this one",
                      at.offset));
    }
    const std::uint64_t next = at.offset + 1;
    if (row.position == next || command_.from_retained) return true;
    return say(
        fmt::format("{} gone (retention, or damage): the views would lack what was there. With --from-retained they "
                    "are made of what is left",
                    positions_are(next, row.position - 1)));
  }

  static bool say(const std::string& text) {
    fmt::print(stderr, "{}\n", text);
    return false;
  }

  /// Rows that the store found damaged are not there: the views lack them, and people must know.
  void say_holes(std::uint64_t next, const std::vector<LogRow>& rows) {
    if (first_) {
      // What is gone before the first row has been said, and agreed to.
      next = rows.front().position;
      first_ = false;
    }
    for (const LogRow& row : rows) {
      if (row.position > next) {
        fmt::print(stderr, "{} missing (damaged): the views are without; `tidemark verify` says more\n",
                   positions_are(next, row.position - 1));
      }
      next = row.position + 1;
    }
  }

  const ReplayCommand& command_;
  LogSource& source_;
  Views& views_;
  const StopSignal stop_;
  ProgressLine progress_{"replay"};
  bool quiet_ = false;  // that nobody answers has been said
  bool first_ = true;
};

}  // namespace

int replay_log(const ReplayCommand& command) {
  std::vector<Duration> rollups;
  if (!parse_rollups(command.rollups, rollups)) return kExitBadConfiguration;
  int exit = 1;
  auto log = open_log_argument(command.log, command.follow, exit);
  if (!log) return exit;
  if (std::error_code ignored;
      log->place.kind == LogPlace::Kind::file && std::filesystem::equivalent(log->place.path, command.views, ignored)) {
    fmt::print(stderr, "--views {} is the state file itself; name another file for the views\n", command.views);
    return kExitBadConfiguration;
  }
  // Before the views: a log that cannot be read leaves no empty file behind.
  if (const auto first = log->source->read(1, 1); !first) {
    fmt::print(stderr, "{}\n", first.error().context);
    return 1;
  }
  auto views = Views::open(command.views, rollups);
  if (!views) {
    fmt::print(stderr, "{}\n", views.error().context);
    return 1;
  }
  Replay replay(command, *log->source, **views);
  const int status = replay.run();
  for (const std::string& stream : (*views)->without_rollup()) {
    fmt::print(stderr,
               "stream \"{}\": its windows are larger than some of the roll-up sizes, which it is left out of\n",
               stream);
  }
  fmt::print(stderr, "{}: at position {} of {}; {} panes taken in\n", command.views, (*views)->position().offset,
             to_string(log->place), (*views)->panes());
  return status;
}

}  // namespace tidemark
