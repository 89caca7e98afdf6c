#include "gateway/uplink/sender.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "gateway/pipeline/clock.h"
#include "gateway/uplink/answer.h"

namespace tidemark {
namespace {

constexpr std::chrono::milliseconds kReasonLimit{100};
constexpr std::uint64_t kReadBytes = 512 * 1024;
constexpr Duration kLongestPoll = milliseconds(50);

std::chrono::nanoseconds nanoseconds_of(Duration duration) {
  return std::chrono::nanoseconds(duration.ns);
}

}  // namespace

Sender::Sender(const UplinkSettings& settings, const UplinkSource& source, UplinkState& state)
    : settings_(settings), source_(source), state_(state), parking_(settings.parked) {
  if (settings_.max_rate > 0) cap_.emplace(settings_.max_rate, steady_clock());
}

void Sender::send(KafkaProducer& producer, const ProducerSettings& wanted, std::uint64_t max_record) {
  max_record_ = max_record;
  parking_.limit(max_record);
  RenewedFiles files(wanted.files);
  bool leaving = false;  // for a new connection: what is on its way is waited for, so that nothing comes twice
  MonotonicTime heard = steady_clock();
  while (!state_.stopped()) {
    leaving = leaving || renewed(files);
    if (leaving && flying_.empty()) break;
    const bool full = leaving || !feed(producer);
    if (producer.failure()) break;
    const Duration pause_of_cap = held_back();
    const auto cap_opens = std::chrono::ceil<std::chrono::milliseconds>(nanoseconds_of(pause_of_cap));
    producer.poll(pause_of_cap.ns > 0 ? cap_opens : std::chrono::milliseconds(full ? 10 : 0));
    if (const auto sent = producer.sent_bytes(); sent && cap_) {
      const std::lock_guard lock(state_.mutex);
      state_.figures.wire_bytes += cap_->measured(*sent, steady_clock());
    }
    const std::size_t before = flying_.size();
    if (!take_reports(producer)) break;
    if (flying_.empty() || flying_.size() < before) heard = steady_clock();
    if (steady_clock() > heard + patience()) {
      // The next contact decides what goes first.
      state_.trouble(FollowerState::connecting, "nothing is acknowledged any more", producer.trouble());
      break;
    }
    std::unique_lock lock(state_.mutex);
    const std::string said = producer.trouble();
    if (!said.empty() && state_.figures.trouble.empty())
      spdlog::warn("Kafka: {}. Events are kept and sent again", said);
    state_.figures.trouble = said;
    // With contact made anew another cluster is recognised, and what has gathered meanwhile gets its new epoch.
    if (producer.lost_contact()) break;
    if (full || state_.segments.to_send(state_.last) != 0) continue;
    // Reports come by polling: soon while there are any to come.
    const auto pause = flying_.empty() ? std::chrono::milliseconds(200) : std::chrono::milliseconds(5);
    const std::uint64_t last = state_.last;
    state_.changed.wait_for(lock, pause, [&] { return state_.stopped() || state_.last != last; });
  }
  const auto& failure = producer.failure();
  // A fatal error can come before the report of the delivery that it is about.
  for (int i = 0; i < 5 && failure && failure->row == 0 && producer.in_flight() > 0; ++i) producer.poll(kReasonLimit);
  take_reports(producer);
  if (!failure) return;
  {
    const std::lock_guard lock(state_.mutex);
    ++state_.figures.failures;
  }
  if (failure->too_large) return refused(*failure);
  spdlog::warn("Kafka: {}: a new producer goes on from the first event that was not acknowledged", failure->reason);
}

bool Sender::give_up() {
  {
    const std::lock_guard lock(state_.mutex);
    state_.segments.rewind();
    state_.figures.resent += flying_.size();
    // Of what was refused it is known that it is not there.
    const bool refused = lone_ && lone_->row == refused_row_;
    if (!flying_.empty() && !refused && !state_.stopped()) {
      spdlog::info("Kafka: {} events were on their way: they are sent again, and readers skip those they have",
                   flying_.size());
    }
  }
  read_ahead_.clear();
  flying_.clear();
  lone_.reset();
  flying_bytes_ = 0;
  if (cap_) cap_->producer_ended(steady_clock());
  return std::exchange(again_, false);
}

/// A producer keeps the certificates and secrets it was made with. One is made with the new ones before the present one
/// is given up: what is wrong with them must not end a connection that works.
bool Sender::renewed(RenewedFiles& files) {
  if (!files.renewed(steady_clock())) return false;
  const auto wanted = settings_.producer();
  std::string wrong;
  if (!wanted) {
    wrong = wanted.error().context;
  } else if (const auto trial = KafkaProducer::create(*wanted); !trial) {
    wrong = trial.error().context;
  }
  if (!wrong.empty()) {
    spdlog::warn(
        "Kafka: certificates or secrets were renewed and cannot be used: {}. The connection goes on with those "
        "before; mend the files",
        wrong);
    return false;
  }
  spdlog::info("Kafka: certificates or secrets were renewed: a new connection is made with them");
  return true;
}

/// Hands over what there is to send. False: the producer takes no more for now.
bool Sender::feed(KafkaProducer& producer) {
  for (;;) {
    std::uint64_t row = 0;
    std::uint64_t run = 0;
    std::int32_t partition = 0;
    {
      const std::lock_guard lock(state_.mutex);
      row = state_.segments.to_send(state_.last);
      run = state_.segments.run(state_.last);
      partition = state_.contact->partition;
    }
    if (row == 0 || state_.stopped()) return true;
    if (lone_) return false;
    if (held_back().ns > 0) return false;
    auto record = record_of(row, run);
    if (!record) {
      if (!read(row, run)) return false;
      record = record_of(row, run);
      if (!record) {
        // The rows are damaged, or gone: what is not there cannot be sent. Readers see the gap. Not before what stands
        // before them is acknowledged: to skip them would say that it is.
        if (!flying_.empty()) return false;
        note_gap(row, row + run);
        const std::lock_guard lock(state_.mutex);
        state_.segments.acknowledged(row + run - 1);
        state_.settings_changed = true;
        continue;
      }
    }
    if (record->row > row) note_gap(row, record->row);
    const std::optional<std::string> tombstone = parking_.instead_of(record->row, record->event.bytes);
    const std::string& sent = tombstone ? *tombstone : record->event.bytes;
    const bool alone = parking_.alone(record->row, sent.size());
    if (alone && !flying_.empty()) {
      put_back(*std::move(record));
      return false;
    }
    switch (producer.produce(settings_.topic, partition, settings_.gateway, sent, record->row)) {
      case KafkaProducer::Handed::full:
        put_back(*std::move(record));
        return false;
      case KafkaProducer::Handed::failed:
        // It is this one that is too large, if anything is, whatever else flies.
        lone_ = std::move(record);
        return true;
      case KafkaProducer::Handed::taken:
        break;
    }
    const LogEvent& event = record->event;
    flying_.push_back({record->row, sent.size(), event.epoch, event.sequence});
    flying_bytes_ += sent.size();
    if (cap_) cap_->handed(sent.size());
    const std::lock_guard lock(state_.mutex);
    state_.segments.sent(record->row);
    while (!state_.recent.empty() && state_.recent.front().row <= record->row) {
      state_.recent_bytes -= state_.recent.front().event.bytes.size();
      state_.recent.pop_front();
    }
    if (alone) lone_ = std::move(record);
  }
}

/// For the next time.
void Sender::put_back(UplinkRecord&& record) {
  if (!record.copied) read_ahead_.push_front(std::move(record));
}

/// The first record of the run that begins at `row`, if it is in memory; nullopt: the table has to be read. What was
/// read ahead of a backlog stays while newer events go first.
std::optional<UplinkRecord> Sender::record_of(std::uint64_t row, std::uint64_t run) {
  {
    const std::lock_guard lock(state_.mutex);
    const auto found = std::find_if(state_.recent.begin(), state_.recent.end(),
                                    [&](const UplinkRecord& record) { return record.row >= row; });
    if (found != state_.recent.end() && found->row == row) return UplinkRecord{row, found->event, true};
  }
  if (read_ahead_.empty() || read_ahead_.front().row < row || read_ahead_.front().row >= row + run) return std::nullopt;
  UplinkRecord record = std::move(read_ahead_.front());
  read_ahead_.pop_front();
  return record;
}

/// Rows of one segment from the table into read_ahead_. False: the table did not answer, so what it holds is not known.
bool Sender::read(std::uint64_t row, std::uint64_t rows) {
  read_ahead_.clear();
  using Rows = std::optional<UplinkSource::Rows>;
  auto answer = wait_for_answer<Rows>([&](auto give) { source_.read(row, kReadBytes, give); },
                                      [this] { return state_.stopped(); });
  if (!answer || !*answer) return false;
  for (LogRow& one : **answer) {
    if (one.position < row + rows) read_ahead_.push_back({one.position, std::move(one.event), false});
  }
  return true;
}

/// Rows from `from` to before `to` are damaged or gone.
void Sender::note_gap(std::uint64_t from, std::uint64_t to) {
  if (to <= gap_end_) return;
  from = std::max(from, gap_end_);
  gap_end_ = to;
  const std::lock_guard lock(state_.mutex);
  ++state_.figures.gaps;
  state_.figures.gap_rows += to - from;
  spdlog::error(
      "Kafka: rows {} to {} of the local log are damaged or gone and cannot be sent; what follows goes on. "
      "Readers see the gap in the sequence. Look at the disk",
      from, to - 1);
}

/// False: the log there is not the one that acknowledged before.
bool Sender::take_reports(KafkaProducer& producer) {
  const std::vector<Delivery> delivered = producer.delivered();
  if (delivered.empty()) return true;
  const std::lock_guard lock(state_.mutex);
  for (const Delivery& delivery : delivered) {
    Flying arrived;
    while (!flying_.empty()) {
      arrived = flying_.front();
      flying_.pop_front();
      state_.figures.acknowledged_bytes += arrived.bytes;
      flying_bytes_ -= arrived.bytes;
      if (cap_) cap_->acknowledged(arrived.bytes);
      if (arrived.row == delivery.row) break;
    }
    if (delivery.offset >= 0 && delivery.offset <= state_.contact->last_offset) {
      state_.figures.trouble =
          fmt::format("the log in Kafka went back from offset {} to {}: topic {} was made anew while we were sending",
                      state_.contact->last_offset, delivery.offset, settings_.topic);
      state_.figures.state = FollowerState::held;
      spdlog::error("Kafka: {}. Nothing is sent until you say that this is right: tidemark uplink accept --config FILE",
                    state_.figures.trouble);
      return false;
    }
    state_.segments.acknowledged(delivery.row);
    parking_.acknowledged(delivery.row);
    if (delivery.row == refused_row_) state_.refusal_ended(delivery.row);
    if (delivery.offset > state_.contact->last_offset) {
      state_.contact->last_offset = delivery.offset;
      state_.contact->last_epoch = arrived.epoch;
      state_.contact->last_sequence = arrived.sequence;
    }
    ++state_.figures.acknowledged;
  }
  state_.acknowledged_at = steady_clock();
  if (flying_.empty()) lone_.reset();
  state_.settings_changed = true;
  state_.changed.notify_all();
  return true;
}

/// The topic did not take a request (gateway/uplink/parking.h).
void Sender::refused(const FailedDelivery& failure) {
  if (!lone_ || lone_->row != failure.row) {
    for (const Flying& one : flying_) parking_.suspect(one.row);
    again_ = true;
    return;
  }
  if (!parking_.has(lone_->row) && Parking::tombstone_for(lone_->event.bytes)) return park(*lone_);
  // Nothing smaller can be sent in its place.
  refused_row_ = lone_->row;
  state_.refusal(
      fmt::format("an event is larger than topic {} takes (max.message.bytes = {}), and so is what would stand in "
                  "its place: row {} of the log",
                  settings_.topic, max_record_, lone_->row),
      "Raise max.message.bytes of the topic; 64 KiB are enough.");
}

void Sender::park(const UplinkRecord& record) {
  const auto parked = wait_for_answer<bool>(
      [&](auto give) {
        source_.park({record.row, record.event}, give);
      },
      [this] { return state_.stopped(); });
  if (!parked) return;
  if (!*parked) {
    refused_row_ = record.row;
    return state_.refusal(
        fmt::format("the event of row {} is larger than topic {} takes, and there is no room to park it", record.row,
                    settings_.topic),
        "Make room on the disk.");
  }
  // Only now that a restart would do the same.
  parking_.park(record.row);
  again_ = true;
  const std::lock_guard lock(state_.mutex);
  ++state_.figures.parked;
  spdlog::warn(
      "Kafka: the event of row {} of the log (epoch {:016x}, sequence {}, {} bytes) is larger than topic {} takes "
      "(max.message.bytes = {}). It is parked in the state file (tidemark inspect --parked), a tombstone goes in its "
      "place, and what is behind it is sent. Raise max.message.bytes of the topic for those to come",
      record.row, record.event.epoch, record.event.sequence, record.event.bytes.size(), settings_.topic, max_record_);
}

Duration Sender::held_back() {
  return cap_ ? std::min(cap_->wait(steady_clock()), kLongestPoll) : Duration{};
}

/// A link with a cap may be one that is no faster: one large record can then take longer than `silence`.
Duration Sender::patience() const {
  Duration patience = settings_.silence;
  if (cap_) patience.ns += static_cast<std::int64_t>(flying_bytes_ * 1'000'000'000 / settings_.max_rate);
  return patience;
}

}  // namespace tidemark
