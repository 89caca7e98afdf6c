#include "gateway/uplink/uplink.h"

#include <fmt/format.h>
#include <pthread.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "edge/event/event.h"
#include "gateway/pipeline/clock.h"
#include "gateway/uplink/tail.h"
#include "gateway/uplink/tail_judgement.h"

namespace tidemark {
namespace {

constexpr std::chrono::milliseconds kContactLimit{5'000};
constexpr std::chrono::milliseconds kReasonLimit{100};
constexpr std::uint64_t kReadBytes = 512 * 1024;
// More segments than this mean a link that keeps breaking: splitting once more would only add to them.
constexpr std::size_t kMostSegments = 16;
// With a cap on the rate: each statistic of librdkafka is some KiB of JSON.
constexpr Duration kMeasure = milliseconds(200);
constexpr Duration kLongestPoll = milliseconds(50);
// What a contact may read of the log there. On a link that keeps breaking, seldom.
constexpr std::uint64_t kMostTailRecords = 10'000;
constexpr std::uint64_t kMostTailBytes = 256 * 1024;
constexpr std::uint64_t kLeastTailBytes = 16 * 1024;
constexpr Duration kTailInterval = minutes(10);
constexpr std::uint32_t kMostUnread = 3;
constexpr const char* kConsent =
    "Nothing is sent until you say that this is right: tidemark uplink accept --config FILE. What was acknowledged and "
    "is not there is then missing there.";

/// Where bytes are paid for, no more than five seconds' worth.
std::uint64_t tail_bytes(std::uint64_t max_rate) {
  return max_rate == 0 ? kMostTailBytes : std::clamp(5 * max_rate, kLeastTailBytes, kMostTailBytes);
}

std::chrono::nanoseconds nanoseconds_of(Duration duration) {
  return std::chrono::nanoseconds(duration.ns);
}

}  // namespace

Uplink::Uplink(UplinkSettings settings, UplinkSource source)
    : settings_(std::move(settings)), source_(std::move(source)), parking_(settings_.parked) {
  if (settings_.max_rate > 0) cap_.emplace(settings_.max_rate, steady_clock());
}

Uplink::~Uplink() {
  stop();
}

void Uplink::start(const UplinkBeginning& beginning) {
  // Without a place of its own yet everything that is there is sent: Kafka was switched on, and the log flows there.
  segments_ =
      Segments::parse(beginning.segments).value_or(Segments(std::max<std::uint64_t>(beginning.log.log_first, 1)));
  settings_changed_ = beginning.segments.empty();
  contact_ = Contact::parse(beginning.contact);
  lineage_ = Lineage::parse(beginning.lineage).value_or(Lineage());
  if (beginning.previous_epoch != 0) lineage_.add(beginning.previous_epoch, beginning.previous_sequence);
  lineage_.add(beginning.epoch, beginning.sequence);
  const Machine before = Machine::parse(beginning.machine).value_or(Machine());
  elsewhere_ = settings_.machine.differs(before);
  machine_changed_ = settings_.machine != before && !settings_.machine.text().empty();
  last_ = beginning.log.log_last;
  if (behind()) {
    segments_.split(beginning.epoch_row);
    settings_changed_ = true;
  }
  thread_ = std::thread([this] { run(); });
}

void Uplink::finish(Duration limit) {
  std::unique_lock lock(mutex_);
  // What is not in memory would have to be read from the table, whose owner waits here.
  const auto reachable = [&] {
    return figures_.state == FollowerState::sending && !segments_.draining() &&
           segments_.backlog(last_) <= recent_.size() + settings_.long_backlog;
  };
  if (!reachable()) return;
  changed_.wait_for(lock, nanoseconds_of(limit), [&] { return segments_.backlog(last_) == 0; });
}

void Uplink::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_.store(true, std::memory_order_release);
    changed_.notify_all();
  }
  thread_.join();
}

bool Uplink::consent() {
  const std::lock_guard lock(mutex_);
  // Given in advance it would be consent to whatever comes.
  if (figures_.state != FollowerState::held) return false;
  consented_ = true;
  changed_.notify_all();
  return true;
}

FollowerFigures Uplink::figures() const {
  const std::lock_guard lock(mutex_);
  FollowerFigures out = figures_;
  out.backlog = segments_.backlog(last_);
  if (contact_) {
    out.cluster = contact_->cluster;
    out.topic = contact_->topic;
    out.partition = contact_->partition;
    out.last_offset = contact_->last_offset;
  }
  if (acknowledged_at_) out.since_acknowledged = steady_clock() - *acknowledged_at_;
  return out;
}

void Uplink::committed(std::uint64_t first_row, std::span<const LogEvent> events) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < events.size(); ++i) {
    recent_.push_back({first_row + i, events[i], false});
    if (lineage_.add(events[i].epoch, events[i].sequence)) lineage_written_ = LineageWritten::no;
    recent_bytes_ += events[i].bytes.size();
  }
  last_ = first_row + events.size() - 1;
  while (recent_bytes_ > settings_.memory && !recent_.empty()) {
    recent_bytes_ -= recent_.front().event.bytes.size();
    recent_.pop_front();
  }
  changed_.notify_all();
}

std::uint64_t Uplink::first_needed() const {
  const std::lock_guard lock(mutex_);
  return segments_.first_needed();
}

std::uint64_t Uplink::record_limit() const {
  const std::lock_guard lock(mutex_);
  return record_limit_;
}

std::uint64_t Uplink::backlog() const {
  const std::lock_guard lock(mutex_);
  return segments_.backlog(last_);
}

std::vector<std::pair<std::string, std::string>> Uplink::changed_settings() {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, std::string>> out;
  if (lineage_written_ != LineageWritten::yes) {
    out.emplace_back(kLineageSetting, lineage_.text());
    if (lineage_written_ == LineageWritten::no) lineage_written_ = LineageWritten::yes;
  }
  if (!elsewhere_ && std::exchange(machine_changed_, false)) {
    out.emplace_back(kMachineSetting, settings_.machine.text());
  }
  if (!std::exchange(settings_changed_, false)) return out;
  out.emplace_back(kSegmentsSetting, segments_.text());
  if (contact_) out.emplace_back(kContactSetting, contact_->text());
  return out;
}

/// False: stop.
bool Uplink::wait(Duration duration) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, nanoseconds_of(duration), [&] {
    // Consent ends the waiting for it, not the pause between attempts to reach the cluster.
    return stopping_.load(std::memory_order_acquire) || (consented_ && figures_.state == FollowerState::held);
  });
  return !stopping_.load(std::memory_order_acquire);
}

/// Said once for each new reason.
void Uplink::trouble(FollowerState state, const std::string& what, const std::string& advice) {
  const std::lock_guard lock(mutex_);
  figures_.state = state;
  if (figures_.trouble == what) return;
  figures_.trouble = what;
  spdlog::warn("Kafka: {}. Events are kept in the local log and go on from where they were acknowledged. {}", what,
               advice);
}

void Uplink::run() {
  // For `top -H` and the benchmarks; librdkafka names its threads itself.
  pthread_setname_np(pthread_self(), "uplink");
  Duration pause = settings_.retry_least;
  while (!stopping_.load(std::memory_order_acquire)) {
    if (!belongs_here()) {
      if (!wait(settings_.retry_most)) return;
      continue;
    }
    const std::uint64_t before = figures().acknowledged;
    auto wanted = settings_.producer();
    // One request larger than the topic takes would fail as a whole, again and again.
    if (wanted && max_record_ > 0) wanted->batch_bytes = batch_for(wanted->batch_bytes);
    if (wanted && cap_) wanted->measure = kMeasure;
    if (!wanted) {
      trouble(FollowerState::connecting, wanted.error().context, "Mend the configuration or the file.");
    } else if (auto producer = KafkaProducer::create(*wanted); !producer) {
      trouble(FollowerState::connecting, producer.error().context, "Mend [kafka] of the configuration and restart.");
    } else {
      // A topic that takes less than it did needs another producer; one record may be larger, compressed it may fit.
      if (make_contact(**producer, *wanted) && batch_for(wanted->batch_bytes) == wanted->batch_bytes) {
        begin_epoch_if_behind();
        send(**producer, *wanted);
      }
      producer->reset();
    }
    {
      const std::lock_guard lock(mutex_);
      segments_.rewind();
      figures_.resent += flying_.size();
      if (!flying_.empty() && !stopping_.load(std::memory_order_acquire)) {
        spdlog::info("Kafka: {} events were on their way: they are sent again, and readers skip those they have",
                     flying_.size());
      }
      if (figures_.state == FollowerState::sending) figures_.state = FollowerState::connecting;
    }
    read_ahead_.clear();
    flying_.clear();
    lone_.reset();
    flying_bytes_ = 0;
    if (cap_) cap_->producer_ended(steady_clock());
    pause = std::exchange(again_, false) || figures().acknowledged > before
                ? settings_.retry_least
                : std::min(Duration{pause.ns * 2}, settings_.retry_most);
    if (!wait(pause)) return;
  }
}

/// A copied card brings the state file of another gateway, and both would send in one name. False: nobody has said yet
/// that it was moved here.
bool Uplink::belongs_here() {
  {
    const std::lock_guard lock(mutex_);
    if (elsewhere_ && std::exchange(consented_, false)) {
      elsewhere_ = false;
      figures_.state = FollowerState::connecting;
      figures_.trouble.clear();
      spdlog::info("Kafka: the state file belongs to this machine from now on");
    }
    if (!elsewhere_) return true;
  }
  trouble(FollowerState::held,
          fmt::format("this state file was last used on another machine: a copied card, or a gateway {} that was "
                      "replaced",
                      settings_.gateway),
          "If the other one still runs, give this one a gateway.id and a state file of its own. If this one has taken "
          "its place, say so: tidemark uplink accept --config FILE.");
  return false;
}

std::uint32_t Uplink::batch_for(std::uint32_t batch_bytes) const {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(batch_bytes, max_record_));
}

bool Uplink::make_contact(KafkaProducer& producer, const ProducerSettings& wanted) {
  const auto no_contact = [this](const Failure<KafkaError>& why) {
    trouble(FollowerState::connecting, why.context,
            why.code == KafkaError::refused
                ? fmt::format("Let the user of [kafka.properties] WRITE and DESCRIBE the topic {}.", settings_.topic)
                : "See kafka.brokers, the network and the cluster.");
    return false;
  };
  const auto facts = producer.look_at(settings_.topic, kContactLimit);
  if (!facts && facts.error().code == KafkaError::no_topic) {
    if (settings_.create_partitions > 0) {
      const auto made = producer.create_topic(settings_.topic, settings_.create_partitions, -1, kContactLimit);
      const std::string what = made ? "the topic is being made" : "the topic cannot be made: " + made.error().context;
      trouble(FollowerState::connecting, what, made ? "" : "Make it yourself.");
      return false;
    }
    trouble(FollowerState::connecting, fmt::format("there is no topic {}", settings_.topic),
            "Make the topic, with a retention that suits replays, or set kafka.create_partitions.");
    return false;
  }
  if (!facts) return no_contact(facts.error());
  std::optional<Contact> known;
  bool consented = false;
  {
    const std::lock_guard lock(mutex_);
    known = contact_;
    consented = consented_;
  }
  const std::int32_t partition =
      known && !consented ? known->partition : partition_of_key(settings_.gateway, facts->partitions);
  const auto offsets = producer.offsets(settings_.topic, std::min(partition, facts->partitions - 1), kContactLimit);
  if (!offsets) return no_contact(offsets.error());
  if (known && !consented) {
    const std::string why = objection(*known, settings_.topic, *facts, offsets->end);
    if (!why.empty()) {
      trouble(FollowerState::held, why, kConsent);
      return false;
    }
  }
  if (known && !consented && !look_back(wanted, *known, *offsets)) return false;
  max_record_ = facts->max_message_bytes;
  parking_.limit(max_record_);
  const std::lock_guard lock(mutex_);
  record_limit_ = Parking::room(max_record_);
  if (!contact_ || consented) {
    contact_ = Contact{facts->cluster, settings_.topic, partition, -1};
    settings_changed_ = true;
    spdlog::info("Kafka: cluster {}, topic {}, partition {} of {}: events of this gateway go there from now on",
                 facts->cluster, settings_.topic, partition, facts->partitions);
  }
  consented_ = false;
  ++figures_.contacts;
  figures_.state = FollowerState::sending;
  if (!figures_.trouble.empty()) {
    spdlog::info("Kafka: contact again; {} events wait and are sent now", segments_.backlog(last_));
  }
  figures_.trouble.clear();
  return true;
}

/// Whether the log there is the one that acknowledged before, and what it holds behind that. False: not now.
bool Uplink::look_back(const ProducerSettings& wanted, const Contact& known, const Offsets& offsets) {
  if (known.last_offset < 0 || known.last_epoch == 0) return true;
  // A hold can last for weeks: what was read is not paid for with every contact.
  if (other_log_ == known && steady_clock() < other_log_seen_ + kTailInterval) {
    hold_for_other_log();
    return false;
  }
  const bool whole = !looked_ || steady_clock() > *looked_ + kTailInterval;
  const Lineage lineage = [&] {
    const std::lock_guard lock(mutex_);
    return lineage_;
  }();
  TailJudgement judgement(known, lineage, settings_.gateway);
  TailLimits limits{kMostTailRecords, tail_bytes(settings_.max_rate), kContactLimit};
  if (!whole) limits.records = 1;
  std::int64_t next = std::max(known.last_offset, offsets.first);
  const bool gone = next > known.last_offset;  // by retention: the witness with it
  if (gone && !whole) return true;
  const std::int64_t first = next;
  const auto read = read_tail(
      wanted, settings_.topic, known.partition, first, offsets.end, limits,
      [this] { return stopping_.load(std::memory_order_acquire); },
      [&](std::int64_t offset, std::string_view key, std::string_view value) {
        next = offset + 1;
        if (offset == known.last_offset || offset >= looked_until_) judgement.see(offset, key, value);
      });
  if (!read) {
    trouble(FollowerState::connecting, read.error().context, "Mend [kafka] of the configuration and restart.");
    return false;
  }
  if (*read == TailEnd::cut_short && next == first && !gone) {
    if (stopping_.load(std::memory_order_acquire)) return false;
    if (++unread_ < kMostUnread) {
      trouble(FollowerState::connecting, "the event that was acknowledged last cannot be read there",
              "See the network and the cluster.");
      return false;
    }
    // A link that is so slow is better used for what waits.
    spdlog::warn(
        "Kafka: the event that was acknowledged last could not be read {} times: whether this is still the "
        "same log is not checked, and sending goes on",
        unread_);
  }
  unread_ = 0;
  if (*read == TailEnd::refused && !std::exchange(said_unreadable_, true)) {
    spdlog::warn(
        "Kafka: this user may not read topic {}: whether it is still the same log, and whether others write "
        "under this gateway's name, is not checked. Let it READ the topic to have that checked",
        settings_.topic);
  }
  if (judgement.other_log()) {
    other_log_ = known;
    other_log_seen_ = steady_clock();
    hold_for_other_log();
    return false;
  }
  if (whole && *read != TailEnd::refused) looked_ = steady_clock();
  looked_until_ = std::max(looked_until_, next);
  if (whole && *read == TailEnd::cut_short) {
    spdlog::info("Kafka: of the {} records behind the last one acknowledged the first {} were looked at",
                 offsets.end - known.last_offset - 1, next - first);
  }
  const std::lock_guard lock(mutex_);
  if (judgement.repeated() > 0) {
    figures_.repeated += judgement.repeated();
    spdlog::info(
        "Kafka: {} events that were not acknowledged are there already: they come twice, and readers skip them",
        judgement.repeated());
  }
  if (judgement.forked() > 0) {
    ++figures_.forks;
    spdlog::error(
        "Kafka: {} events under the name of this gateway, {}, were not written from this state file (the first: {}): "
        "an old state file was put back, or two appliances share the name. Nothing is lost or overwritten, and sending "
        "goes on in epochs of their own. Give each appliance its own gateway.id; tidemark verify names what differs",
        judgement.forked(), settings_.gateway, judgement.first_fork());
  }
  return true;
}

void Uplink::hold_for_other_log() {
  trouble(
      FollowerState::held,
      fmt::format("offset {} of partition {} of topic {} holds another event than was acknowledged there: the topic "
                  "was made anew, and others have filled it",
                  other_log_->last_offset, other_log_->partition, settings_.topic),
      kConsent);
}

/// Rows from `from` to before `to` are damaged or gone.
void Uplink::note_gap(std::uint64_t from, std::uint64_t to) {
  if (to <= gap_end_) return;
  from = std::max(from, gap_end_);
  gap_end_ = to;
  const std::lock_guard lock(mutex_);
  ++figures_.gaps;
  figures_.gap_rows += to - from;
  spdlog::error(
      "Kafka: rows {} to {} of the local log are damaged or gone and cannot be sent; what follows goes on. "
      "Readers see the gap in the sequence. Look at the disk",
      from, to - 1);
}

/// A producer keeps the certificates and secrets it was made with. One is made with the new ones before the present one
/// is given up: what is wrong with them must not end a connection that works.
bool Uplink::renewed(RenewedFiles& files) {
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

/// Much would be sent before the newest row. What already drains behind it does not count: a link that breaks often
/// would begin an epoch each time, and have none left for a long outage.
bool Uplink::behind() const {
  return segments_.newest_backlog(last_) >= settings_.long_backlog && segments_.all().size() < kMostSegments;
}

/// So that the newest state of the plant is there at once (DESIGN, "Identity"): the old rows drain behind it.
void Uplink::begin_epoch_if_behind() {
  {
    const std::lock_guard lock(mutex_);
    if (!behind()) return;
  }
  struct Answer {
    std::mutex mutex;
    std::condition_variable given;
    std::uint64_t row = 0;
  };
  auto answer = std::make_shared<Answer>();
  {
    // From now on until the new epoch is there the commits hold how far the present one came: the last of them says it.
    const std::lock_guard lock(mutex_);
    lineage_written_ = LineageWritten::renewing;
  }
  source_.begin_epoch([answer](std::uint64_t row) {
    const std::lock_guard lock(answer->mutex);
    answer->row = row;
    answer->given.notify_all();
  });
  std::unique_lock lock(answer->mutex);
  while (answer->row == 0) {
    if (stopping_.load(std::memory_order_acquire)) return;
    answer->given.wait_for(lock, std::chrono::milliseconds(50));
  }
  const std::lock_guard own(mutex_);
  segments_.split(answer->row);
  settings_changed_ = true;
  ++figures_.splits;
  spdlog::info("Kafka: {} events wait: a new epoch begins at row {} of the log and goes first",
               segments_.backlog(last_), answer->row);
}

void Uplink::send(KafkaProducer& producer, const ProducerSettings& wanted) {
  RenewedFiles files(wanted.files);
  bool leaving = false;  // for a new connection: what is on its way is waited for, so that nothing comes twice
  MonotonicTime heard = steady_clock();
  while (!stopping_.load(std::memory_order_acquire)) {
    leaving = leaving || renewed(files);
    if (leaving && flying_.empty()) break;
    const bool full = leaving || !feed(producer);
    if (producer.failure()) break;
    const Duration pause_of_cap = held_back();
    const auto cap_opens = std::chrono::ceil<std::chrono::milliseconds>(nanoseconds_of(pause_of_cap));
    producer.poll(pause_of_cap.ns > 0 ? cap_opens : std::chrono::milliseconds(full ? 10 : 0));
    if (const auto sent = producer.sent_bytes(); sent && cap_) {
      const std::lock_guard lock(mutex_);
      figures_.wire_bytes += cap_->measured(*sent, steady_clock());
    }
    const std::size_t before = flying_.size();
    if (!take_reports(producer)) break;
    if (flying_.empty() || flying_.size() < before) heard = steady_clock();
    if (steady_clock() > heard + patience()) {
      // The next contact decides what goes first.
      trouble(FollowerState::connecting, "nothing is acknowledged any more", producer.trouble());
      break;
    }
    std::unique_lock lock(mutex_);
    const std::string said = producer.trouble();
    if (!said.empty() && figures_.trouble.empty()) spdlog::warn("Kafka: {}. Events are kept and sent again", said);
    figures_.trouble = said;
    // With contact made anew another cluster is recognised, and what has gathered meanwhile gets its new epoch.
    if (producer.lost_contact()) break;
    if (full || segments_.to_send(last_) != 0) continue;
    // Reports come by polling: soon while there are any to come.
    const auto pause = flying_.empty() ? std::chrono::milliseconds(200) : std::chrono::milliseconds(5);
    const std::uint64_t last = last_;
    changed_.wait_for(lock, pause, [&] { return stopping_.load(std::memory_order_acquire) || last_ != last; });
  }
  const auto& failure = producer.failure();
  // A fatal error can come before the report of the delivery that it is about.
  for (int i = 0; i < 5 && failure && failure->row == 0 && producer.in_flight() > 0; ++i) producer.poll(kReasonLimit);
  take_reports(producer);
  if (!failure) return;
  {
    const std::lock_guard lock(mutex_);
    ++figures_.failures;
  }
  if (failure->too_large) return refused(*failure);
  spdlog::warn("Kafka: {}: a new producer goes on from the first event that was not acknowledged", failure->reason);
}

/// The topic did not take a request (gateway/uplink/parking.h).
void Uplink::refused(const FailedDelivery& failure) {
  if (!lone_ || lone_->row != failure.row) {
    for (const Flying& one : flying_) parking_.suspect(one.row);
    again_ = true;
    return;
  }
  if (!parking_.has(lone_->row) && Parking::tombstone_for(lone_->event.bytes)) return park(*lone_);
  // Nothing smaller can be sent in its place.
  trouble(FollowerState::connecting,
          fmt::format("an event is larger than topic {} takes (max.message.bytes = {}), and so is what would stand in "
                      "its place: row {} of the log",
                      settings_.topic, max_record_, lone_->row),
          "Raise max.message.bytes of the topic; 64 KiB are enough.");
}

void Uplink::park(const Record& record) {
  struct Answer {
    std::mutex mutex;
    std::condition_variable given;
    std::optional<bool> parked;
  };
  auto answer = std::make_shared<Answer>();
  source_.park({record.row, record.event}, [answer](bool parked) {
    const std::lock_guard lock(answer->mutex);
    answer->parked = parked;
    answer->given.notify_all();
  });
  std::unique_lock lock(answer->mutex);
  while (!answer->parked) {
    if (stopping_.load(std::memory_order_acquire)) return;
    answer->given.wait_for(lock, std::chrono::milliseconds(50));
  }
  if (!*answer->parked) {
    return trouble(FollowerState::connecting,
                   fmt::format("the event of row {} is larger than topic {} takes, and there is no room to park it",
                               record.row, settings_.topic),
                   "Make room on the disk.");
  }
  // Only now that a restart would do the same.
  parking_.park(record.row);
  again_ = true;
  const std::lock_guard own(mutex_);
  ++figures_.parked;
  spdlog::warn(
      "Kafka: the event of row {} of the log (epoch {:016x}, sequence {}, {} bytes) is larger than topic {} takes "
      "(max.message.bytes = {}). It is parked in the state file (tidemark inspect --parked), a tombstone goes in its "
      "place, and what is behind it is sent. Raise max.message.bytes of the topic for those to come",
      record.row, record.event.epoch, record.event.sequence, record.event.bytes.size(), settings_.topic, max_record_);
}

Duration Uplink::held_back() {
  return cap_ ? std::min(cap_->wait(steady_clock()), kLongestPoll) : Duration{};
}

/// A link with a cap may be one that is no faster: one large record can then take longer than `silence`.
Duration Uplink::patience() const {
  Duration patience = settings_.silence;
  if (cap_) patience.ns += static_cast<std::int64_t>(flying_bytes_ * 1'000'000'000 / settings_.max_rate);
  return patience;
}

/// Hands over what there is to send. False: the producer takes no more for now.
bool Uplink::feed(KafkaProducer& producer) {
  for (;;) {
    std::uint64_t row = 0;
    std::uint64_t run = 0;
    std::int32_t partition = 0;
    {
      const std::lock_guard lock(mutex_);
      row = segments_.to_send(last_);
      run = segments_.run(last_);
      partition = contact_->partition;
    }
    if (row == 0 || stopping_.load(std::memory_order_acquire)) return true;
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
        const std::lock_guard lock(mutex_);
        segments_.acknowledged(row + run - 1);
        settings_changed_ = true;
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
    const std::lock_guard lock(mutex_);
    segments_.sent(record->row);
    while (!recent_.empty() && recent_.front().row <= record->row) {
      recent_bytes_ -= recent_.front().event.bytes.size();
      recent_.pop_front();
    }
    if (alone) lone_ = std::move(record);
  }
}

/// For the next time.
void Uplink::put_back(Record&& record) {
  if (!record.copied) read_ahead_.push_front(std::move(record));
}

/// The first record of the run that begins at `row`, if it is in memory; nullopt: the table has to be read. What was
/// read ahead of a backlog stays while newer events go first.
std::optional<Uplink::Record> Uplink::record_of(std::uint64_t row, std::uint64_t run) {
  {
    const std::lock_guard lock(mutex_);
    const auto found =
        std::find_if(recent_.begin(), recent_.end(), [&](const Record& record) { return record.row >= row; });
    if (found != recent_.end() && found->row == row) return Record{row, found->event, true};
  }
  if (read_ahead_.empty() || read_ahead_.front().row < row || read_ahead_.front().row >= row + run) return std::nullopt;
  Record record = std::move(read_ahead_.front());
  read_ahead_.pop_front();
  return record;
}

/// Rows of one segment from the table into read_ahead_. False: the table did not answer, so what it holds is not known.
bool Uplink::read(std::uint64_t row, std::uint64_t rows) {
  struct Answer {
    std::mutex mutex;
    std::condition_variable given;
    bool done = false;
    std::optional<UplinkSource::Rows> rows;
  };
  auto answer = std::make_shared<Answer>();
  source_.read(row, kReadBytes, [answer](std::optional<UplinkSource::Rows> read) {
    const std::lock_guard lock(answer->mutex);
    answer->rows = std::move(read);
    answer->done = true;
    answer->given.notify_all();
  });
  read_ahead_.clear();
  std::unique_lock lock(answer->mutex);
  while (!answer->done) {
    if (stopping_.load(std::memory_order_acquire)) return false;
    answer->given.wait_for(lock, std::chrono::milliseconds(50));
  }
  if (!answer->rows) return false;
  for (LogRow& one : *answer->rows) {
    if (one.position < row + rows) read_ahead_.push_back({one.position, std::move(one.event), false});
  }
  return true;
}

/// False: the log there is not the one that acknowledged before.
bool Uplink::take_reports(KafkaProducer& producer) {
  const std::vector<Delivery> delivered = producer.delivered();
  if (delivered.empty()) return true;
  const std::lock_guard lock(mutex_);
  for (const Delivery& delivery : delivered) {
    Flying arrived;
    while (!flying_.empty()) {
      arrived = flying_.front();
      flying_.pop_front();
      figures_.acknowledged_bytes += arrived.bytes;
      flying_bytes_ -= arrived.bytes;
      if (cap_) cap_->acknowledged(arrived.bytes);
      if (arrived.row == delivery.row) break;
    }
    if (delivery.offset >= 0 && delivery.offset <= contact_->last_offset) {
      figures_.trouble =
          fmt::format("the log in Kafka went back from offset {} to {}: topic {} was made anew while we were sending",
                      contact_->last_offset, delivery.offset, settings_.topic);
      figures_.state = FollowerState::held;
      spdlog::error("Kafka: {}. Nothing is sent until you say that this is right: tidemark uplink accept --config FILE",
                    figures_.trouble);
      return false;
    }
    segments_.acknowledged(delivery.row);
    parking_.acknowledged(delivery.row);
    if (delivery.offset > contact_->last_offset) {
      contact_->last_offset = delivery.offset;
      contact_->last_epoch = arrived.epoch;
      contact_->last_sequence = arrived.sequence;
    }
    ++figures_.acknowledged;
  }
  acknowledged_at_ = steady_clock();
  if (flying_.empty()) lone_.reset();
  settings_changed_ = true;
  changed_.notify_all();
  return true;
}

}  // namespace tidemark
