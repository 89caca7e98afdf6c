// tidemark replay: the log into views, batch by batch.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "gateway/commands/added_partitions.h"
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
  Replay(const ReplayCommand& command, LogSource& source, Views& views, const std::vector<std::uint32_t>& partitions)
      : command_(command), source_(source), views_(views), progress_("replay", partitions.size()) {
    for (const std::uint32_t partition : partitions) parts_.emplace_back().number = partition;
  }

  /// The exit status.
  int run() {
    for (;;) {
      bool came = false;
      for (std::size_t i = 0; i < parts_.size(); ++i) {
        if (stop_.came()) return command_.follow ? 0 : 1;
        if (parts_[i].ended) continue;
        switch (step(parts_[i])) {
          case Step::rows:
            came = true;
            break;
          case Step::end:
            // Whoever does not follow reads each partition up to its end, and no further.
            parts_[i].ended = !command_.follow;
            break;
          case Step::stop:
            return status_;
        }
      }
      if (command_.follow) take_added_partitions();
      if (came) continue;
      if (!command_.follow) return 0;
      if (stop_.came(kPoll)) return 0;
    }
  }

 private:
  struct Part {
    std::uint32_t number = 0;
    bool fitting = false;  // asked whenever the log is met anew
    bool ended = false;
    std::uint64_t lost_through = 0;  // has been said up to this position
  };
  enum class Step : std::uint8_t { rows, end, stop };

  Step stop(int status) {
    status_ = status;
    return Step::stop;
  }

  Step step(Part& part) {
    const ViewsPosition at = views_.position(part.number);
    // Where the log is met, the last row comes once more: to see that it is the one that the views end with.
    const std::uint64_t from = part.fitting || at.offset == 0 ? at.offset + 1 : at.offset;
    auto piece = source_.read_partition(part.number, from, kBatchBytes);
    foreign_.look();
    if (!piece) {
      for (Part& each : parts_) each.fitting = false;
      const auto status = give_up(piece.error());
      return status ? stop(*status) : Step::end;
    }
    quiet_ = false;
    if (!part.fitting) {
      if (!fits(part, *piece)) return stop(1);
      if (!piece->rows.empty() && piece->rows.front().position == at.offset) {
        piece->rows.erase(piece->rows.begin());
        if (!piece->events.empty()) piece->events.erase(piece->events.begin());
      }
    }
    // What is gone before the first row has been said, and agreed to.
    for (const LostRows& lost : piece->lost) {
      const bool said = (!part.fitting && lost.first == from) || lost.last <= part.lost_through;
      part.lost_through = std::max(part.lost_through, lost.last);
      if (said) continue;
      fmt::print(stderr, "{}{} missing (retention, or damage): the views are without; `tidemark verify` says more\n",
                 of(part), positions_are(lost.first, lost.last));
    }
    part.fitting = true;
    if (piece->rows.empty()) return Step::end;
    if (const auto done = views_.fold(piece->rows, part.number, piece->events); !done) {
      fmt::print(stderr, "{}{}\n", of(part), done.error().context);
      return stop(1);
    }
    tell_parked(part);
    progress_.at(part.number, views_.position(part.number).offset, source_.last_position(part.number), views_.panes());
    return Step::rows;
  }

  /// Whoever follows outlives the appliance, which comes again: then nullopt, a second later. Else the exit status.
  std::optional<int> give_up(const Failure<LogError>& failure) {
    const bool again = command_.follow && failure.code == LogError::no_answer;
    if (!again || !quiet_) fmt::print(stderr, "{}\n", failure.context);
    if (!again) return 1;
    quiet_ = true;
    return stop_.came(seconds(1)) ? std::optional(0) : std::nullopt;
  }

  /// Whether the partition goes on where the views stand. If not, why has been said.
  bool fits(const Part& part, const LogPiece& piece) {
    const ViewsPosition at = views_.position(part.number);
    const std::uint64_t next = at.offset + 1;
    const bool leading = !piece.lost.empty() && piece.lost.front().first <= next;
    if (at.offset != 0 && !leading) {
      if (piece.rows.empty()) {
        return say(
            fmt::format("{}the views stand at position {} of a log that is longer than this one: it is another "
                        "gateway's, an old state file was put back, or the topic was made anew. Give these views "
                        "their own log, or new views to this one",
                        of(part), at.offset));
      }
      const LogRow& row = piece.rows.front();
      if (row.position == at.offset && row.event.epoch == at.epoch && row.event.sequence == at.sequence) return true;
      return say(
          fmt::format("{}position {} of this log is not the event that the views end with: it is another gateway's "
                      "log, or an old state file was put back. Give these views their own log, or new views to "
                      "this one",
                      of(part), at.offset));
    }
    const std::uint64_t through = leading ? piece.lost.front().last : 0;
    if (through < next || command_.from_retained) return true;
    return say(
        fmt::format("{}{} gone (retention, or damage): the views would lack what was there. With --from-retained they "
                    "are made of what is left",
                    of(part), positions_are(next, through)));
  }

  static bool say(const std::string& text) {
    fmt::print(stderr, "{}\n", text);
    return false;
  }

  /// For messages; nothing where there is only one.
  [[nodiscard]] std::string of(const Part& part) const {
    return parts_.size() == 1 && part.number == 0 ? std::string() : fmt::format("partition {}: ", part.number);
  }

  /// What the views are without from here on: nobody else tells whoever reads only them.
  void tell_parked(const Part& part) {
    const ParkedTotal& parked = views_.parked();
    if (parked == told_) return;
    fmt::print(stderr,
               "WARNING: {}{} {} before position {} too large for the topic and kept at the gateway: the views are "
               "without {} panes of {} readings. `tidemark inspect --parked` there shows them\n",
               of(part), parked.events - told_.events, parked.events - told_.events == 1 ? "event was" : "events were",
               views_.position(part.number).offset + 1, parked.panes - told_.panes, parked.readings - told_.readings);
    told_ = parked;
  }

  void take_added_partitions() {
    for (const std::uint32_t number : added_.look()) {
      if (std::ranges::find(parts_, number, &Part::number) == parts_.end()) parts_.emplace_back().number = number;
    }
  }

  const ReplayCommand& command_;
  LogSource& source_;
  Views& views_;
  const StopSignal stop_;
  ProgressLine progress_;
  ForeignWarning foreign_{source_};
  AddedPartitions added_{source_};
  std::vector<Part> parts_;
  bool quiet_ = false;  // that nobody answers has been said
  ParkedTotal told_;    // of what is parked
  int status_ = 0;
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
  if (const auto first = log->source->read_partition(log->partitions.front(), 1, 1); !first) {
    fmt::print(stderr, "{}\n", first.error().context);
    return 1;
  }
  auto views = Views::open(command.views, rollups);
  if (!views) {
    fmt::print(stderr, "{}\n", views.error().context);
    return 1;
  }
  const int status = Replay(command, *log->source, **views, log->partitions).run();
  for (const std::string& stream : (*views)->without_rollup()) {
    fmt::print(stderr,
               "stream \"{}\": its windows are larger than some of the roll-up sizes, which it is left out of\n",
               stream);
  }
  std::string positions;
  for (const std::uint32_t partition : log->partitions) {
    positions += fmt::format("{}{}", positions.empty() ? "" : ", ", (*views)->position(partition).offset);
  }
  fmt::print(stderr, "{}: at position{} {} of {}; {} panes taken in\n", command.views,
             log->partitions.size() == 1 ? "" : "s", positions, to_string(log->place), (*views)->panes());
  return status;
}

}  // namespace tidemark
