#include "firmware-sim/replay.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <optional>
#include <unordered_map>
#include <utility>

#include "firmware-sim/ndjson.h"
#include "firmware-sim/progress.h"
#include "firmware-sim/recorded_line.h"
#include "firmware-sim/stop_signal.h"

namespace firmware_sim {
namespace {

using Clock = Publisher::Clock;

constexpr std::uint64_t kMostComplaints = 10;

class Replay {
 public:
  explicit Replay(const ReplayOptions& options)
      : options_(options),
        parser_({options.topic_key, options.at_key, options.topic_override}),
        dispatch_(options.dispatch, [](const Message&, const Delivery&) {}),
        progress_(options.often) {}

  Result<bool> run();

 private:
  Result<void> play(const std::string& path);
  void complain(const std::string& path, std::uint64_t line, const std::string& reason);
  void wait_for_turn(std::int64_t at_ms);
  void submit(const RecordedLine& line);
  void report();

  const ReplayOptions& options_;
  RecordedLineParser parser_;
  // Messages refer to their identities until they are acknowledged; a log has few topics.
  std::unordered_map<std::string, Identity> identities_;
  std::optional<std::int64_t> first_at_ms_;
  Clock::time_point begin_{};
  std::uint64_t lines_ = 0;
  std::uint64_t skipped_ = 0;
  Dispatch dispatch_;
  Progress progress_;
};

Result<bool> Replay::run() {
  if (auto connected = dispatch_.connect(); !connected) return tl::unexpected(connected.error());
  begin_ = Clock::now();
  std::optional<Failure<SimError>> broken;
  for (const std::string& path : options_.files) {
    if (auto played = play(path); !played) {
      broken = played.error();
      break;
    }
  }
  const bool all = dispatch_.drain();
  dispatch_.finish();
  progress_.end();
  const PublisherCounts counts = dispatch_.counts();
  const double took = std::chrono::duration<double>(Clock::now() - begin_).count();
  fmt::print("{} published, {} acknowledged, {} resent, {} reconnects, {} lines skipped, {:.1f} s\n", counts.published,
             counts.acknowledged, counts.resent, counts.reconnects, skipped_, took);
  if (broken) return tl::unexpected(*broken);
  if (!all) {
    return fail(SimError::broker,
                fmt::format("{} messages were never acknowledged by {}: {}", lines_ - counts.acknowledged,
                            options_.dispatch.broker.url, dispatch_.trouble()));
  }
  return skipped_ == 0 && stop_requests() == 0;
}

Result<void> Replay::play(const std::string& path) {
  auto reader = LineReader::open(path);
  if (!reader) return tl::unexpected(reader.error());
  while (stop_requests() == 0) {
    auto line = reader->next();
    if (!line) return tl::unexpected(line.error());
    if (!*line) return {};
    if ((*line)->find_first_not_of(" \t") == std::string_view::npos) continue;
    auto recorded = parser_.parse(**line);
    if (!recorded) {
      complain(path, reader->line_number(), recorded.error());
      continue;
    }
    if (options_.speed > 0 && recorded->at_ms) wait_for_turn(*recorded->at_ms);
    submit(*recorded);
    // Publishing in batches keeps the window full without asking after every line.
    if (lines_ % 64 == 0 || options_.speed > 0) dispatch_.pump();
    while (dispatch_.full() && stop_requests() == 0) {
      dispatch_.wait(Clock::now() + std::chrono::milliseconds(100));
      dispatch_.pump();
      report();
    }
    report();
  }
  return {};
}

void Replay::complain(const std::string& path, std::uint64_t line, const std::string& reason) {
  ++skipped_;
  if (skipped_ > kMostComplaints) return;
  progress_.end();
  fmt::print(stderr, "{}:{}: skipped: {}\n", path, line, reason);
  if (skipped_ == kMostComplaints) fmt::print(stderr, "further lines are skipped without a word, and counted\n");
}

void Replay::wait_for_turn(std::int64_t at_ms) {
  if (!first_at_ms_) first_at_ms_ = at_ms;
  const std::chrono::duration<double, std::milli> offset(static_cast<double>(at_ms - *first_at_ms_) / options_.speed);
  const Clock::time_point turn = begin_ + std::chrono::duration_cast<Clock::duration>(offset);
  while (Clock::now() < turn && stop_requests() == 0) {
    dispatch_.pump();
    dispatch_.wait(turn);
    report();
  }
}

void Replay::submit(const RecordedLine& line) {
  Message message;
  const auto found = identities_.try_emplace(std::string(line.topic)).first;
  if (found->second.topic.empty()) found->second.topic = found->first;
  message.identity = &found->second;
  // All of a log goes over one connection: its order is kept.
  message.device = 0;
  message.payload = line.payload;
  message.retained = line.retained;
  dispatch_.submit(std::move(message));
  ++lines_;
}

void Replay::report() {
  const Clock::time_point now = Clock::now();
  if (!progress_.due(now)) return;
  const PublisherCounts counts = dispatch_.counts();
  progress_.report(now, -1,
                   fmt::format("{} published, {} acknowledged{}", counts.published, counts.acknowledged,
                               dispatch_.connected() ? "" : ", not connected: " + dispatch_.trouble()));
}

}  // namespace

Result<bool> replay(const ReplayOptions& options) {
  watch_stop_signals();
  return Replay(options).run();
}

}  // namespace firmware_sim
