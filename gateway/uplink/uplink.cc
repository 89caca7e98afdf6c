#include "gateway/uplink/uplink.h"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "gateway/pipeline/clock.h"
#include "gateway/uplink/answer.h"

namespace tidemark {
namespace {

// With a cap on the rate: each statistic of librdkafka is some KiB of JSON.
constexpr Duration kMeasure = milliseconds(200);

std::chrono::nanoseconds nanoseconds_of(Duration duration) {
  return std::chrono::nanoseconds(duration.ns);
}

}  // namespace

Uplink::Uplink(UplinkSettings settings, UplinkSource source)
    : settings_(std::move(settings)),
      source_(std::move(source)),
      check_(settings_, state_),
      sender_(settings_, source_, state_) {}

Uplink::~Uplink() {
  stop();
}

void Uplink::start(const UplinkBeginning& beginning) {
  // Without a place of its own yet everything that is there is sent: Kafka was switched on, and the log flows there.
  state_.segments =
      Segments::parse(beginning.segments).value_or(Segments(std::max<std::uint64_t>(beginning.log.log_first, 1)));
  state_.settings_changed = beginning.segments.empty();
  state_.contact = Contact::parse(beginning.contact);
  state_.lineage = Lineage::parse(beginning.lineage).value_or(Lineage());
  if (beginning.previous_epoch != 0) state_.lineage.add(beginning.previous_epoch, beginning.previous_sequence);
  state_.lineage.add(beginning.epoch, beginning.sequence);
  const Machine before = Machine::parse(beginning.machine).value_or(Machine());
  state_.elsewhere = settings_.machine.differs(before);
  state_.machine_changed = settings_.machine != before && !settings_.machine.text().empty();
  state_.last = beginning.log.log_last;
  if (state_.behind(settings_.long_backlog)) {
    state_.segments.split(beginning.epoch_row);
    state_.settings_changed = true;
  }
  thread_ = std::thread([this] { run(); });
}

void Uplink::finish(Duration limit) {
  std::unique_lock lock(state_.mutex);
  // What is not in memory would have to be read from the table, whose owner waits here.
  const auto reachable = [&] {
    return state_.figures.state == FollowerState::sending && !state_.segments.draining() &&
           state_.segments.backlog(state_.last) <= state_.recent.size() + settings_.long_backlog;
  };
  if (!reachable()) return;
  state_.changed.wait_for(lock, nanoseconds_of(limit), [&] { return state_.segments.backlog(state_.last) == 0; });
}

void Uplink::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(state_.mutex);
    state_.stopping.store(true, std::memory_order_release);
    state_.changed.notify_all();
  }
  thread_.join();
}

bool Uplink::consent() {
  const std::lock_guard lock(state_.mutex);
  // Given in advance it would be consent to whatever comes.
  if (state_.figures.state != FollowerState::held) return false;
  state_.consented = true;
  state_.changed.notify_all();
  return true;
}

FollowerFigures Uplink::figures() const {
  const std::lock_guard lock(state_.mutex);
  FollowerFigures out = state_.figures;
  out.backlog = state_.segments.backlog(state_.last);
  if (state_.contact) {
    out.cluster = state_.contact->cluster;
    out.topic = state_.contact->topic;
    out.partition = state_.contact->partition;
    out.last_offset = state_.contact->last_offset;
  }
  if (state_.acknowledged_at) out.since_acknowledged = steady_clock() - *state_.acknowledged_at;
  return out;
}

void Uplink::committed(std::uint64_t first_row, std::span<const LogEvent> events) {
  const std::lock_guard lock(state_.mutex);
  for (std::size_t i = 0; i < events.size(); ++i) {
    state_.recent.push_back({first_row + i, events[i], false});
    if (state_.lineage.add(events[i].epoch, events[i].sequence))
      state_.lineage_written = UplinkState::LineageWritten::no;
    state_.recent_bytes += events[i].bytes.size();
  }
  state_.last = first_row + events.size() - 1;
  while (state_.recent_bytes > settings_.memory && !state_.recent.empty()) {
    state_.recent_bytes -= state_.recent.front().event.bytes.size();
    state_.recent.pop_front();
  }
  state_.changed.notify_all();
}

std::uint64_t Uplink::first_needed() const {
  const std::lock_guard lock(state_.mutex);
  return state_.segments.first_needed();
}

std::uint64_t Uplink::record_limit() const {
  const std::lock_guard lock(state_.mutex);
  return state_.record_limit;
}

std::uint64_t Uplink::backlog() const {
  const std::lock_guard lock(state_.mutex);
  return state_.segments.backlog(state_.last);
}

std::vector<std::pair<std::string, std::string>> Uplink::changed_settings() {
  const std::lock_guard lock(state_.mutex);
  std::vector<std::pair<std::string, std::string>> out;
  if (state_.lineage_written != UplinkState::LineageWritten::yes) {
    out.emplace_back(kLineageSetting, state_.lineage.text());
    if (state_.lineage_written == UplinkState::LineageWritten::no)
      state_.lineage_written = UplinkState::LineageWritten::yes;
  }
  if (!state_.elsewhere && std::exchange(state_.machine_changed, false)) {
    out.emplace_back(kMachineSetting, settings_.machine.text());
  }
  if (!std::exchange(state_.settings_changed, false)) return out;
  out.emplace_back(kSegmentsSetting, state_.segments.text());
  if (state_.contact) out.emplace_back(kContactSetting, state_.contact->text());
  return out;
}

void Uplink::run() {
  // For `top -H` and the benchmarks; librdkafka names its threads itself.
  pthread_setname_np(pthread_self(), "uplink");
  Duration pause = settings_.retry_least;
  while (!state_.stopped()) {
    if (!check_.belongs_here()) {
      if (!state_.wait(settings_.retry_most)) return;
      continue;
    }
    const std::uint64_t before = figures().acknowledged;
    auto wanted = settings_.producer();
    // One request larger than the topic takes would fail as a whole, again and again.
    if (wanted && check_.max_record() > 0) wanted->batch_bytes = batch_for(wanted->batch_bytes);
    if (wanted && sender_.capped()) wanted->measure = kMeasure;
    if (!wanted) {
      state_.trouble(FollowerState::connecting, wanted.error().context, "Mend the configuration or the file.");
    } else if (auto producer = KafkaProducer::create(*wanted); !producer) {
      state_.trouble(FollowerState::connecting, producer.error().context,
                     "Mend [kafka] of the configuration and restart.");
    } else {
      // A topic that takes less than it did needs another producer; one record may be larger, compressed it may fit.
      if (check_.make_contact(**producer, *wanted) && batch_for(wanted->batch_bytes) == wanted->batch_bytes) {
        begin_epoch_if_behind();
        sender_.send(**producer, *wanted, check_.max_record());
      }
      producer->reset();
    }
    const bool learned = sender_.give_up();
    {
      const std::lock_guard lock(state_.mutex);
      if (state_.figures.state == FollowerState::sending) state_.figures.state = FollowerState::connecting;
    }
    pause = learned || figures().acknowledged > before ? settings_.retry_least
                                                       : std::min(Duration{pause.ns * 2}, settings_.retry_most);
    if (!state_.wait(pause)) return;
  }
}

std::uint32_t Uplink::batch_for(std::uint32_t batch_bytes) const {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(batch_bytes, check_.max_record()));
}

void Uplink::begin_epoch_if_behind() {
  {
    const std::lock_guard lock(state_.mutex);
    if (!state_.behind(settings_.long_backlog)) return;
    // From now on until the new epoch is there the commits hold how far the present one came: the last of them says it.
    state_.lineage_written = UplinkState::LineageWritten::renewing;
  }
  const auto row = wait_for_answer<std::uint64_t>([this](auto give) { source_.begin_epoch(give); },
                                                  [this] { return state_.stopped(); });
  if (!row) return;
  const std::lock_guard lock(state_.mutex);
  state_.segments.split(*row);
  state_.settings_changed = true;
  ++state_.figures.splits;
  spdlog::info("Kafka: {} events wait: a new epoch begins at row {} of the log and goes first",
               state_.segments.backlog(state_.last), *row);
}

}  // namespace tidemark
