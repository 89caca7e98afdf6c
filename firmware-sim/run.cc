#include "firmware-sim/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "firmware-sim/ndjson.h"
#include "firmware-sim/progress.h"
#include "firmware-sim/stop_signal.h"
#include "firmware-sim/truth.h"
#include "firmware-sim/wall_clock.h"

namespace firmware_sim {
namespace {

using Clock = Publisher::Clock;

// Messages leave in small batches, so that the processor can sleep in between: at 2,000 a second some 20 at a time.
constexpr std::chrono::milliseconds kBatch{10};
constexpr std::size_t kBatchLimit = 4'096;
constexpr std::chrono::seconds kTruthPeriod{1};

Result<void> describe(Truth& truth, const RunOptions& options) {
  const FleetOptions& fleet = options.fleet;
  std::string models;
  for (const CatalogueEntry* entry : fleet.models) {
    models += models.empty() ? "" : ",";
    models += entry->description->name;
  }
  const std::pair<std::string_view, std::string> rows[] = {
      {"format", "1"},
      {"seed", std::to_string(fleet.seed)},
      {"profile", std::string(fleet.profile.name)},
      {"plant", fleet.plant},
      {"devices", std::to_string(fleet.devices)},
      {"first_number", std::to_string(fleet.first_number)},
      {"models", models},
      {"interval_ns", std::to_string(fleet.interval_us * 1'000)},
      {"duration_ns", std::to_string(fleet.duration_us == kForever_us ? 0 : fleet.duration_us * 1'000)},
      {"start_ns", std::to_string(fleet.start_ms * 1'000'000)},
      {"qos", std::to_string(options.dispatch.qos)},
  };
  for (const auto& [key, value] : rows) {
    if (auto done = truth.put_meta(key, value); !done) return done;
  }
  return {};
}

Result<std::optional<Truth>> open_truth(const RunOptions& options) {
  if (options.truth.empty()) return std::nullopt;
  auto truth = Truth::create(options.truth);
  if (!truth) return tl::unexpected(truth.error());
  return std::optional(std::move(*truth));
}

// What a live run does between its beginning and its end. Errors of the truth file are kept until the loop looks.
class LiveRun {
 public:
  LiveRun(const RunOptions& options, std::optional<Truth> truth)
      : options_(options),
        truth_(std::move(truth)),
        dispatch_(options.dispatch,
                  [this](const Message& message, const Delivery& delivery) { record(message, delivery); }),
        progress_(options.often) {}

  Result<bool> run(FleetOptions fleet_options, std::optional<std::int64_t> start_ms);

 private:
  void record(const Message& message, const Delivery& delivery) {
    if (message.fate == Fate::withheld) ++withheld_;
    if (!truth_ || broken_) return;
    if (auto done = truth_->put(message, delivery); !done) broken_ = done.error();
  }

  void pass_on(std::vector<Message>& batch) {
    for (Message& message : batch) {
      if (message.fate == Fate::withheld) {
        record(message, {0, false, 0});
      } else {
        dispatch_.submit(std::move(message));
      }
    }
    batch.clear();
  }

  void report(Clock::time_point now, std::int64_t elapsed_us) {
    const PublisherCounts counts = dispatch_.counts();
    const double part = static_cast<double>(elapsed_us) / static_cast<double>(options_.fleet.duration_us);
    progress_.report(
        now, options_.fleet.duration_us >= kForever_us ? -1 : part,
        fmt::format("{} published, {} acknowledged, {} in flight{}", counts.published, counts.acknowledged,
                    dispatch_.waiting(), dispatch_.connected() ? "" : ", not connected: " + dispatch_.trouble()));
  }

  Result<bool> close(bool all);

  const RunOptions& options_;
  std::optional<Truth> truth_;
  std::optional<Failure<SimError>> broken_;
  std::uint64_t withheld_ = 0;
  Dispatch dispatch_;
  Progress progress_;
};

Result<bool> LiveRun::run(FleetOptions fleet_options, std::optional<std::int64_t> start_ms) {
  if (auto connected = dispatch_.connect(); !connected) return tl::unexpected(connected.error());
  // Devices begin when the broker is there: a run's length does not depend on how long that took.
  const Clock::time_point begin = Clock::now();
  fleet_options.start_ms = start_ms ? *start_ms : wall_clock_ns() / 1'000'000;
  if (truth_) {
    RunOptions described = options_;
    described.fleet = fleet_options;
    if (auto done = describe(*truth_, described); !done) return tl::unexpected(done.error());
  }
  Fleet fleet(std::move(fleet_options));
  std::vector<Message> batch;
  Clock::time_point committed_at = begin;
  bool stopped = false;
  while (!fleet.finished() && !broken_) {
    const Clock::time_point now = Clock::now();
    const std::int64_t elapsed_us = std::chrono::duration_cast<std::chrono::microseconds>(now - begin).count();
    if (stop_requests() > 0) {
      stopped = true;
      fleet.withhold_rest(batch);
    } else if (!dispatch_.full()) {
      // While the broker is away the devices' timeline stands still here, and is caught up later: what they measure and
      // when does not change, only when it is sent.
      fleet.advance(elapsed_us, kBatchLimit, batch);
    }
    pass_on(batch);
    dispatch_.pump();
    if (truth_ && now - committed_at >= kTruthPeriod) {
      committed_at = now;
      if (auto done = truth_->commit(); !done) return tl::unexpected(done.error());
    }
    if (progress_.due(now)) report(now, elapsed_us);
    if (fleet.finished()) break;
    const Clock::time_point next = begin + std::chrono::microseconds(fleet.next_us());
    if (next > now) {
      dispatch_.wait(std::max(next, now + kBatch));
    } else if (dispatch_.full()) {
      dispatch_.wait(now + kBatch);
    }
  }
  if (broken_) return tl::unexpected(*broken_);
  if (stopped) dispatch_.withhold_unpublished();
  const bool all = dispatch_.drain();
  dispatch_.finish();
  progress_.end();
  return close(all);
}

Result<bool> LiveRun::close(bool all) {
  if (broken_) return tl::unexpected(*broken_);
  const PublisherCounts counts = dispatch_.counts();
  if (truth_) {
    const std::pair<std::string_view, std::uint64_t> rows[] = {{"published", counts.published},
                                                               {"acknowledged", counts.acknowledged},
                                                               {"resent", counts.resent},
                                                               {"reconnects", counts.reconnects}};
    for (const auto& [key, value] : rows) {
      if (auto done = truth_->put_meta(key, std::to_string(value)); !done) return tl::unexpected(done.error());
    }
    if (auto done = truth_->finish(); !done) return tl::unexpected(done.error());
  }
  fmt::print("{} published, {} acknowledged, {} resent, {} reconnects, {} withheld\n", counts.published,
             counts.acknowledged, counts.resent, counts.reconnects, withheld_);
  if (!all) {
    fmt::print(stderr, "firmware-sim: {} messages were never acknowledged ({}); the truth marks them\n",
               counts.published - counts.acknowledged, dispatch_.trouble());
  }
  return all;
}

}  // namespace

Result<bool> run_live(RunOptions options) {
  auto truth = open_truth(options);
  if (!truth) return tl::unexpected(truth.error());
  watch_stop_signals();
  return LiveRun(options, std::move(*truth)).run(options.fleet, options.start_ms);
}

Result<void> run_recording(const RunOptions& given, const std::string& path) {
  RunOptions options = given;
  auto truth = open_truth(options);
  if (!truth) return tl::unexpected(truth.error());
  auto recorder = Recorder::create(path);
  if (!recorder) return tl::unexpected(recorder.error());
  options.fleet.start_ms = options.start_ms ? *options.start_ms : wall_clock_ns() / 1'000'000;
  if (*truth) {
    if (auto done = describe(**truth, options); !done) return done;
  }
  Fleet fleet(options.fleet);
  std::vector<Message> batch;
  std::uint64_t written = 0;
  while (!fleet.finished()) {
    fleet.advance(fleet.next_us(), kBatchLimit, batch);
    for (const Message& message : batch) {
      const std::int64_t at_ms = options.fleet.start_ms + message.due_us / 1'000;
      const bool withheld = message.fate == Fate::withheld;
      if (!withheld) {
        if (auto done = recorder->put(message, at_ms); !done) return done;
        ++written;
      }
      if (*truth) {
        if (auto done = (*truth)->put(message, {withheld ? 0 : at_ms * 1'000'000, std::nullopt, 0}); !done) return done;
      }
    }
    batch.clear();
  }
  if (auto done = recorder->finish(); !done) return done;
  if (*truth) {
    if (auto done = (*truth)->finish(); !done) return done;
  }
  fmt::print(stderr, "{} messages written to {}\n", written, path);
  return {};
}

}  // namespace firmware_sim
