#include "gateway/pipeline/pipeline.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <filesystem>

#include "gateway/pipeline/state_owner.h"

namespace tidemark {
namespace {

/// How long the loop sleeps at most: questions and timers wake it before.
/// For the last events of a clean stop to reach Kafka. What is not acknowledged by then is sent after the next start.
constexpr Duration kLastWord = seconds(2);
constexpr Duration kTick = milliseconds(500);
/// Between two attempts to commit while there is no room: the uplink or retention makes room, not haste.
constexpr Duration kRetry = milliseconds(250);
/// In one event and in one group, so that no commit grows without bound.
constexpr std::size_t kSourcesInReport = 2000;
constexpr const char* kRecordLimitSetting = "log.record_limit";
constexpr const char* kSubscriptionsSetting = "mqtt.subscriptions";

}  // namespace

Pipeline::Pipeline(PipelineSettings settings, MessageQueue& queue,
                   std::function<void(std::uint64_t, std::uint64_t)> release)
    : settings_(std::move(settings)), queue_(queue), release_(std::move(release)), rule_(settings_.commit_delay) {}

Pipeline::~Pipeline() = default;

Result<void, PipelineError> Pipeline::open(std::uint64_t epoch) {
  const MonotonicTime began = steady_clock();
  auto processor = Processor::create(settings_.processor);
  if (!processor) return fail(PipelineError::configuration, processor.error().context);
  processor_ = std::move(*processor);
  auto store = Store::open(settings_.store);
  if (!store) return fail(PipelineError::store, store.error().context);
  store_ = std::move(*store);

  Recovery& recovery = processor_->recovery();
  const auto load_shards = [&](const std::vector<ShardImage>& shards) {
    // The gateway's shard first: sources refer to its streams.
    for (const bool gateway : {true, false}) {
      for (const ShardImage& image : shards) {
        if ((image.shard == kGatewayShard) != gateway) continue;
        if (!recovery.shard(image.shard, image.position, image.body)) {
          spdlog::error("state shard {} cannot be read and is left out; its open windows are lost, the rest works",
                        image.shard);
        }
      }
    }
  };
  const auto load_row = [&](const JournalRow& row) {
    figures_.recovered_readings += row.readings;
    if (row.plan && recovery.row(row.position, *row.plan)) return;
    ++figures_.damaged_rows;
    recovery.damaged(row.position, row.readings, row.events);
    spdlog::error(
        "journal row {} is damaged; it has been set aside with its {} readings, which the ledger counts as "
        "damaged; the rest works",
        row.position, row.readings);
  };
  const std::string owner = store_->setting(kGatewayIdSetting).value_or(settings_.gateway);
  if (owner != settings_.gateway) {
    return fail(PipelineError::store, other_gateways_file(settings_.store.path, owner, settings_.gateway));
  }
  const auto recovered = store_->recover(load_shards, load_row);
  if (!recovered) return fail(PipelineError::store, recovered.error().context);
  for (const std::uint32_t shard : recovered->damaged_shards) {
    recovery.lost_shard(shard);
    spdlog::error("state shard {} is damaged and has been set aside; its open windows are lost, the rest works", shard);
  }

  store_->put_setting(kGatewayIdSetting, settings_.gateway);
  subscribe();

  figures_.epoch = epoch;
  figures_.epoch_row = store_->figures().log_last + 1;
  figures_.previous_epoch = recovered->last_epoch;
  figures_.previous_sequence = recovered->last_sequence;
  events_ = std::make_unique<EventWriter>(settings_.gateway, epoch, recovered->last_epoch, recovered->last_sequence);
  const std::string limit = store_->setting(kRecordLimitSetting).value_or("");
  std::from_chars(limit.data(), limit.data() + limit.size(), figures_.record_limit);
  Commit first;
  first.group = processor_->start(now(false));
  add_heartbeat(wall_clock(), first.events);
  add_events(first, wall_clock());
  came_round();
  if (!commit(first)) return fail(PipelineError::store, "stopped while there was no room for the first commit");
  figures_.recovery = steady_clock() - began;
  next_report_ = steady_clock() + settings_.report_interval;
  spdlog::info("state recovered in {} ms: {} sources, {} series, {} readings from the journal; epoch {:016x}",
               figures_.recovery.ns / 1'000'000, processor_->state().source_index.size(),
               processor_->state().series_index.size(), figures_.recovered_readings, epoch);
  return {};
}

void Pipeline::subscribe() {
  subscriptions_ =
      plan_subscriptions(filters_of(settings_.processor.streams), store_->setting(kSubscriptionsSetting).value_or(""));
  store_->put_setting(kSubscriptionsSetting, subscriptions_.memory);
  processor_->route(subscriptions_.routes);
}

void Pipeline::reload(ProcessorSettings streams, std::string configuration_hash,
                      std::function<void(Result<void, PipelineError>)> adopted) {
  reload_wanted_ = [this, streams = std::move(streams), hash = std::move(configuration_hash),
                    adopted = std::move(adopted)] {
    const Now at = now(queue_.bytes() > 0);
    auto group = processor_->reconfigure(streams, at);
    if (!group) return adopted(fail(PipelineError::configuration, group.error().context));
    settings_.processor = streams;
    settings_.configuration_hash = hash;
    subscribe();
    Commit next;
    next.group = *std::move(group);
    add_heartbeat(at.arrival, next.events);
    add_events(next, at.arrival);
    if (commit(next)) adopted({});
  };
}

/// What came before belongs to the configuration before.
void Pipeline::adopt_wanted() {
  if (!reload_wanted_) return;
  end_group();
  if (held().empty()) std::exchange(reload_wanted_, nullptr)();
}

/// Remembered, so that events are right from the start on, before there is contact with Kafka.
void Pipeline::follow_limit() {
  const std::uint64_t limit = follower_ != nullptr ? follower_->record_limit() : 0;
  if (limit != 0 && limit != figures_.record_limit) {
    figures_.record_limit = limit;
    store_->put_setting(kRecordLimitSetting, std::to_string(limit));
  }
  events_->limit(figures_.record_limit);
}

void Pipeline::add_heartbeat(ArrivalTime now, std::vector<LogEvent>& events) {
  Heartbeat heartbeat;
  heartbeat.version = settings_.version;
  heartbeat.configuration = settings_.configuration_hash;
  heartbeat.clock_synchronised = true;
  heartbeat.backlog = follower_ != nullptr ? follower_->backlog() : 0;
  events_->heartbeat(heartbeat, now, events);
}

void Pipeline::begin_epoch(std::uint64_t epoch, std::function<void(std::uint64_t)> begun) {
  epoch_wanted_ = [this, epoch, begun = std::move(begun)] {
    events_ = std::make_unique<EventWriter>(settings_.gateway, epoch, figures_.epoch, events_->sequence());
    figures_.epoch = epoch;
    figures_.epoch_row = store_->figures().log_last + 1;
    begun(figures_.epoch_row);
  };
}

/// An epoch's first event names the one before it: it is there as soon as the epoch is.
void Pipeline::begin_wanted_epoch(std::vector<LogEvent>& events) {
  if (!epoch_wanted_) return;
  std::exchange(epoch_wanted_, nullptr)();
  add_heartbeat(wall_clock(), events);
}

Now Pipeline::now(bool backlog) {
  return {wall_clock(), clock_.now(read_at_, backlog)};
}

bool Pipeline::run() {
  std::vector<MessageChunk> chunks;
  while (!stopping_.load(std::memory_order_acquire)) {
    came_round();
    const MonotonicTime timer = clock_.steady(processor_->next_timer());
    // A timer that is due while a group gathers is looked at with the group's end: to wait for it would be not to wait.
    const MonotonicTime tick = steady_clock() + kTick;
    const MonotonicTime until = rule_.next(rule_.empty() ? std::min(timer, tick) : tick);
    const Duration timeout = std::max(until - steady_clock(), Duration{});
    chunks.clear();
    if (queue_.wait_pop(chunks, timeout, 64 * 1024)) take(chunks);
    answer();
    adopt_wanted();
    const MonotonicTime at = steady_clock();
    const bool backlog = queue_.bytes() > 0;
    if (rule_.ends(at, backlog) || (rule_.empty() && processor_->next_timer() <= now(backlog).monotonic)) end_group();
    house_keeping(at);
    if (!held().empty()) break;  // stopped while there was no room
  }
  // What was taken is committed, with a last word on where every source stands; what still waits in the queue was not
  // acknowledged and will come again.
  last_report_ = true;
  if (held().empty()) end_group();
  answer();
  if (!held().empty()) return false;
  if (follower_ != nullptr) {
    follower_->finish(kLastWord);
    Commit rest;
    if (!commit(rest)) return false;
  }
  return store_->close().has_value();
}

void Pipeline::stop() {
  stopping_.store(true, std::memory_order_release);
  queue_.wake();
  const std::lock_guard lock(mutex_);
  asked_.notify_all();
}

void Pipeline::take(std::vector<MessageChunk>& chunks) {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  for (const MessageChunk& chunk : chunks) {
    read_at_ = chunk.read_at;
    const MonotonicTime at = clock_.now(chunk.read_at, true);
    for (const GateEvent& event : chunk.events) {
      switch (event.kind) {
        case GateEvent::Kind::session_opened:
          processor_->session_opened(event.session_present);
          connection_ = chunk.connection;
          ordinal_ = 0;
          released_ordinal_ = 0;
          break;
        case GateEvent::Kind::publish: {
          const Message& message = chunk.messages[event.message];
          processor_->message(message, event.ordinal, at);
          if (event.ordinal != 0) ordinal_ = event.ordinal;
          ++messages;
          bytes += message.topic.size() + message.payload.size();
          break;
        }
        case GateEvent::Kind::retire:
          processor_->retire(event.ordinal);
          break;
        case GateEvent::Kind::connection_lost:
          break;
      }
    }
  }
  if (messages > 0) rule_.took(messages, bytes, steady_clock());
}

void Pipeline::end_group() {
  rule_.ended();
  Commit next;
  const Now at = now(queue_.bytes() > 0);
  next.group = processor_->end_group(at);
  begin_wanted_epoch(next.events);
  add_events(next, at.arrival);
  if (next.group.empty() && next.events.empty()) {
    release();
    return;
  }
  if (!commit(next)) return;
  release();
  watch_series();
}

void Pipeline::watch_series() {
  const std::uint64_t series = processor_->state().series_index.size();
  const bool many = series * 100 >= std::uint64_t{processor_->max_series()} * 80;
  if (many && !many_series_) {
    spdlog::warn(
        "{} series, over 80 % of the limit of {}: beyond it new series are rejected and known ones go on. Raise "
        "limits.memory (or limits.max_series where it is written), or find what makes new topics",
        series, processor_->max_series());
  }
  many_series_ = many;
}

void Pipeline::add_events(Commit& commit, ArrivalTime now) {
  for (const SeriesPane& pane : commit.group.panes) ++figures_.panes[static_cast<std::size_t>(pane.pane->kind)];
  figures_.dead_letters_skipped += commit.group.dead_letters_skipped;
  commit.at = now;
  follow_limit();
  events_->window_batches(commit.group.panes, now, commit.events);
  if (last_report_ || steady_clock() >= next_report_) {
    do {
      events_->source_report(processor_->report(kSourcesInReport), now, commit.events);
    } while (last_report_ && processor_->reports_due());
    // What one report could not hold follows with the next group.
    next_report_ = processor_->reports_due() ? steady_clock() : steady_clock() + settings_.report_interval;
  }
  figures_.sequence = events_->sequence();
  // For `verify`: what is missing at the log's end shows nowhere in the log itself.
  if (last_report_) store_->put_setting("log.end", fmt::format("{} {}", figures_.epoch, figures_.sequence));
  if (commit.group.every_shard) {
    for (std::uint32_t shard = 0; shard < kShards; ++shard) {
      commit.shards.push_back({shard, 0, processor_->shard(shard)});
    }
    rotation_.began_anew();
  } else {
    for (const std::uint32_t shard : rotation_.after(commit.group.readings)) {
      commit.shards.push_back({shard, 0, processor_->shard(shard)});
    }
  }
}

/// False: the appliance was stopped while there was no room; the group is not durable and not acknowledged.
bool Pipeline::commit(Commit& commit) {
  GroupCommit content;
  content.plan = commit.group.plan;
  content.readings = commit.group.readings;
  content.committed = commit.at;
  content.events = commit.events;
  content.dead_letters = commit.group.dead_letters;
  content.shards = commit.shards;
  if (follower_ != nullptr) {
    for (const auto& [name, value] : follower_->changed_settings()) store_->put_setting(name, value);
  }
  for (;;) {
    std::optional<std::string> reason = no_room();
    if (!reason) {
      const auto position = store_->commit(content);
      if (position) break;
      if (position.error().code != StoreError::full) die(position.error().context);
      reason = position.error().context;
    }
    ++figures_.commit_retries;
    if (!hold(*reason)) return false;
  }
  ++figures_.commits;
  if (follower_ != nullptr && !commit.events.empty()) {
    follower_->committed(store_->figures().log_last + 1 - commit.events.size(), commit.events);
  }
  {
    const std::lock_guard lock(mutex_);
    if (!held_.empty()) spdlog::info("there is room again: committing and acknowledging go on, nothing was lost");
    held_.clear();
  }
  const auto moved = store_->checkpoint_if_due();
  if (!moved && moved.error().code != StoreError::full) die(moved.error().context);
  return true;
}

/// Waits a moment for room. False: stop.
bool Pipeline::hold(const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    if (held_.empty()) {
      spdlog::error(
          "{}: nothing is acknowledged until there is room; the broker keeps what comes, the same group is "
          "tried again every {} ms. Make room on the disk, or raise store.max_size",
          reason, kRetry.ns / 1'000'000);
    }
    held_ = reason;
  }
  const MonotonicTime began = steady_clock();
  while (steady_clock() < began + kRetry) {
    if (stopping_.load(std::memory_order_acquire)) return false;
    came_round();
    answer();
    std::unique_lock lock(mutex_);
    asked_.wait_for(lock, std::chrono::nanoseconds(kRetry.ns),
                    [&] { return !questions_.empty() || stopping_.load(std::memory_order_acquire); });
  }
  house_keeping(steady_clock());
  clock_.hold(steady_clock() - began);
  return true;
}

/// DESIGN, "Bounds": free disk below the reserve. Asked at most once a second while there is room.
std::optional<std::string> Pipeline::no_room() {
  struct statvfs disk {};
  const std::string folder = std::filesystem::path(settings_.store.path).parent_path().string();
  if (statvfs(folder.empty() ? "." : folder.c_str(), &disk) != 0) return std::nullopt;
  figures_.disk_free = static_cast<std::uint64_t>(disk.f_bavail) * static_cast<std::uint64_t>(disk.f_frsize);
  if (figures_.disk_free >= settings_.disk_reserve) return std::nullopt;
  return "the disk has " + std::to_string(figures_.disk_free >> 20) + " MiB free, less than the reserve of " +
         std::to_string(settings_.disk_reserve >> 20) + " MiB";
}

void Pipeline::release() {
  if (connection_ == 0 || ordinal_ == released_ordinal_) return;
  figures_.released += ordinal_ - released_ordinal_;
  released_ordinal_ = ordinal_;
  release_(connection_, ordinal_);
}

void Pipeline::house_keeping(MonotonicTime now) {
  if (now < next_keeping_) return;
  next_keeping_ = now + seconds(1);
  const auto trimmed = store_->trim_log(wall_clock() - settings_.retention, 500,
                                        follower_ != nullptr ? follower_->first_needed() : UINT64_MAX);
  if (!trimmed && trimmed.error().code != StoreError::full) die(trimmed.error().context);
  if ((now >= next_report_ || epoch_wanted_) && rule_.empty() && held().empty()) end_group();
}

void Pipeline::post(std::function<void()> question) {
  {
    const std::lock_guard lock(mutex_);
    questions_.push_back(std::move(question));
    asked_.notify_all();
  }
  queue_.wake();
}

void Pipeline::answer() {
  std::deque<std::function<void()>> questions;
  {
    const std::lock_guard lock(mutex_);
    questions.swap(questions_);
  }
  for (const auto& question : questions) question();
}

std::string Pipeline::held() const {
  const std::lock_guard lock(mutex_);
  return held_;
}

void Pipeline::die(const std::string& context) {
  // Never a clean close after an I/O error: closing could write bad pages (DESIGN).
  spdlog::critical(
      "{}. What was acknowledged is safe in the file; the appliance ends now and goes on from it when it is "
      "started again",
      context);
  spdlog::default_logger()->flush();
  _exit(70);
}

}  // namespace tidemark
