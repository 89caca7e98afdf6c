// tidemark inspect: the log's events as JSON lines.
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>
#include <vector>

#include "gateway/commands/added_partitions.h"
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
  const bool central = log->place.kind == LogPlace::Kind::kafka;
  ForeignWarning foreign(*log->source);
  std::map<std::uint32_t, std::uint64_t> next;  // of each partition
  const auto take = [&](const std::vector<std::uint32_t>& partitions) {
    for (const std::uint32_t partition : partitions) {
      next.try_emplace(partition, std::max<std::uint64_t>(command.from, 1));
    }
  };
  take(log->partitions);
  AddedPartitions added(*log->source);
  std::map<std::uint32_t, std::uint64_t> lost_through;  // has been said, of each partition
  bool met = false;                                     // the log has been read once: its place is right
  bool quiet = false;                                   // that nobody answers has been said
  for (;;) {
    bool came = false;
    for (auto& [partition, at] : next) {
      // Without --follow each partition is read up to its end before the next.
      for (bool more = true; more;) {
        if (stop.came()) return 0;
        const auto piece = log->source->read_partition(partition, at, kPieceBytes);
        foreign.look();
        if (!piece) {
          // Whoever follows outlives the appliance: it comes again.
          const bool again = command.follow && met && piece.error().code == LogError::no_answer;
          if (!again || !quiet) fmt::print(stderr, "{}\n", piece.error().context);
          if (!again) return 1;
          quiet = true;
          if (stop.came(seconds(1))) return 0;
          break;
        }
        met = true;
        quiet = false;
        for (const LostRows& lost : piece->lost) {
          if (command.log.parked) break;  // between parked events there are others
          if (lost.last <= lost_through[partition]) continue;
          lost_through[partition] = lost.last;
          fmt::print(stderr, "{} not there (retention, or damage)\n", positions_are(lost.first, lost.last));
        }
        for (const LogRow& row : piece->rows) {
          const std::string line = event_json(row, central ? std::optional(partition) : std::nullopt);
          if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size()) break;
          at = row.position + 1;
        }
        if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
          // A reader that has seen enough is no failure.
          if (errno == EPIPE) return 0;
          fmt::print(stderr, "the output cannot be written: {}\n", std::strerror(errno));
          return 1;
        }
        came = came || !piece->rows.empty();
        more = !command.follow && !piece->rows.empty();
      }
    }
    if (!command.follow) return 0;
    take(added.look());
    if (!came && stop.came(kPoll)) return 0;
  }
}

}  // namespace tidemark
