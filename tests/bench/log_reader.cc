// How fast a log is read and folded, wherever it is: a state file, or a topic of Kafka.
//
//   log_reader PLACE
//
// PLACE as `tidemark replay --log` takes it. Reads it twice in pieces as `tidemark replay` does: the first time only
// what reading gives, the second time each event into a fold in memory. Prints both: windows, seconds, and seconds of
// this process's CPU.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <functional>
#include <optional>
#include <string>

#include "edge/event/fold.h"
#include "gateway/log/log_source.h"

namespace {

using namespace tidemark;

constexpr std::uint64_t kPieceBytes = 4 << 20;

struct Passed {
  double seconds = 0;
  double cpu = 0;  // seconds, of all threads
};

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

/// Everything of the log. Nullopt: it could not be read; why has been said.
std::optional<Passed> read_all(const LogPlace& place, const std::function<bool(const LogPiece&)>& take) {
  const auto refuse = [](const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    return std::nullopt;
  };
  const auto begin = std::chrono::steady_clock::now();
  const double used = cpu_seconds();
  auto source = open_log(place);
  if (!source) return refuse(source.error().context);
  const auto partitions = (*source)->partitions();
  if (!partitions) return refuse(partitions.error().context);
  for (const std::uint32_t partition : *partitions) {
    for (std::uint64_t next = 1;;) {
      const auto piece = (*source)->read_partition(partition, next, kPieceBytes);
      if (!piece) return refuse(piece.error().context);
      if (piece->rows.empty()) break;
      if (!take(*piece)) return refuse("an event cannot be folded");
      next = piece->rows.back().position + 1;
    }
  }
  return Passed{std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), cpu_seconds() - used};
}

}  // namespace

int main(int count, char** words) {
  const auto place = parse_log_place(count == 2 ? words[1] : "");
  if (!place) {
    std::fprintf(stderr, "log_reader PLACE: %s\n", place.error().context.c_str());
    return 2;
  }
  const auto read = read_all(*place, [](const LogPiece&) { return true; });
  Fold fold;
  const auto take = [&](const LogPiece& piece) {
    for (std::size_t i = 0; i < piece.rows.size(); ++i) {
      if (!piece.events.empty() && piece.events[i]) {
        fold.accept(*piece.events[i]);
      } else if (!fold.accept(piece.rows[i].event.bytes)) {
        return false;
      }
    }
    return true;
  };
  const auto folded = read ? read_all(*place, take) : std::nullopt;
  if (!folded) return 1;
  const auto print = [&](const char* what, const Passed& passed) {
    std::printf("%s: %llu windows in %.3f s, %.3f s of CPU\n", what, static_cast<unsigned long long>(fold.panes()),
                passed.seconds, passed.cpu);
  };
  print("read", *read);
  print("read and folded", *folded);
  return 0;
}
