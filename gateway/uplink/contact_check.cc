#include "gateway/uplink/contact_check.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "gateway/pipeline/clock.h"
#include "gateway/uplink/parking.h"
#include "gateway/uplink/tail.h"
#include "gateway/uplink/tail_judgement.h"

namespace tidemark {
namespace {

constexpr std::chrono::milliseconds kContactLimit{5'000};
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

}  // namespace

bool ContactCheck::belongs_here() {
  {
    const std::lock_guard lock(state_.mutex);
    if (state_.elsewhere && std::exchange(state_.consented, false)) {
      state_.elsewhere = false;
      state_.figures.state = FollowerState::connecting;
      state_.figures.trouble.clear();
      spdlog::info("Kafka: the state file belongs to this machine from now on");
    }
    if (!state_.elsewhere) return true;
  }
  state_.trouble(
      FollowerState::held,
      fmt::format("this state file was last used on another machine: a copied card, or a gateway {} that was "
                  "replaced",
                  settings_.gateway),
      "If the other one still runs, give this one a gateway.id and a state file of its own. If this one has taken "
      "its place, say so: tidemark uplink accept --config FILE.");
  return false;
}

bool ContactCheck::make_contact(KafkaProducer& producer, const ProducerSettings& wanted) {
  const auto no_contact = [this](const Failure<KafkaError>& why) {
    state_.trouble(
        FollowerState::connecting, why.context,
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
      state_.trouble(FollowerState::connecting, what, made ? "" : "Make it yourself.");
      return false;
    }
    state_.trouble(FollowerState::connecting, fmt::format("there is no topic {}", settings_.topic),
                   "Make the topic, with a retention that suits replays, or set kafka.create_partitions.");
    return false;
  }
  if (!facts) return no_contact(facts.error());
  std::optional<Contact> known;
  bool consented = false;
  {
    const std::lock_guard lock(state_.mutex);
    known = state_.contact;
    consented = state_.consented;
  }
  const std::int32_t partition =
      known && !consented ? known->partition : partition_of_key(settings_.gateway, facts->partitions);
  const auto offsets = producer.offsets(settings_.topic, std::min(partition, facts->partitions - 1), kContactLimit);
  if (!offsets) return no_contact(offsets.error());
  if (known && !consented) {
    const std::string why = objection(*known, settings_.topic, *facts, offsets->end);
    if (!why.empty()) {
      state_.trouble(FollowerState::held, why, kConsent);
      return false;
    }
  }
  if (known && !consented && !look_back(wanted, *known, *offsets)) return false;
  max_record_ = facts->max_message_bytes;
  const std::lock_guard lock(state_.mutex);
  state_.record_limit = Parking::room(max_record_);
  if (!state_.contact || consented) {
    state_.contact = Contact{facts->cluster, settings_.topic, partition, -1};
    state_.settings_changed = true;
    spdlog::info("Kafka: cluster {}, topic {}, partition {} of {}: events of this gateway go there from now on",
                 facts->cluster, settings_.topic, partition, facts->partitions);
  }
  state_.consented = false;
  ++state_.figures.contacts;
  state_.figures.state = FollowerState::sending;
  // A refusal lasts through contacts: it is over when its row is taken.
  if (!state_.figures.trouble.empty() && state_.figures.trouble != state_.refusal_reason) {
    spdlog::info("Kafka: contact again; {} events wait and are sent now", state_.segments.backlog(state_.last));
  }
  state_.figures.trouble.clear();
  return true;
}

/// Whether the log there is the one that acknowledged before, and what it holds behind that. False: not now.
bool ContactCheck::look_back(const ProducerSettings& wanted, const Contact& known, const Offsets& offsets) {
  if (known.last_offset < 0 || known.last_epoch == 0) return true;
  // A hold can last for weeks: what was read is not paid for with every contact.
  if (other_log_ == known && steady_clock() < other_log_seen_ + kTailInterval) {
    hold_for_other_log();
    return false;
  }
  const bool whole = !looked_ || steady_clock() > *looked_ + kTailInterval;
  const Lineage lineage = [&] {
    const std::lock_guard lock(state_.mutex);
    return state_.lineage;
  }();
  TailJudgement judgement(known, lineage, settings_.gateway);
  TailLimits limits{kMostTailRecords, tail_bytes(settings_.max_rate), kContactLimit};
  if (!whole) limits.records = 1;
  std::int64_t next = std::max(known.last_offset, offsets.first);
  const bool gone = next > known.last_offset;  // by retention: the witness with it
  if (gone && !whole) return true;
  const std::int64_t first = next;
  const auto read = read_tail(
      wanted, settings_.topic, known.partition, first, offsets.end, limits, [this] { return state_.stopped(); },
      [&](std::int64_t offset, std::string_view key, std::string_view value) {
        next = offset + 1;
        if (offset == known.last_offset || offset >= looked_until_) judgement.see(offset, key, value);
      });
  if (!read) {
    state_.trouble(FollowerState::connecting, read.error().context, "Mend [kafka] of the configuration and restart.");
    return false;
  }
  if (*read == TailEnd::cut_short && next == first && !gone) {
    if (state_.stopped()) return false;
    if (++unread_ < kMostUnread) {
      state_.trouble(FollowerState::connecting, "the event that was acknowledged last cannot be read there",
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
  const std::lock_guard lock(state_.mutex);
  if (judgement.repeated() > 0) {
    state_.figures.repeated += judgement.repeated();
    spdlog::info(
        "Kafka: {} events that were not acknowledged are there already: they come twice, and readers skip them",
        judgement.repeated());
  }
  if (judgement.forked() > 0) {
    ++state_.figures.forks;
    spdlog::error(
        "Kafka: {} events under the name of this gateway, {}, were not written from this state file (the first: {}): "
        "an old state file was put back, or two appliances share the name. Nothing is lost or overwritten, and sending "
        "goes on in epochs of their own. Give each appliance its own gateway.id; tidemark verify names what differs",
        judgement.forked(), settings_.gateway, judgement.first_fork());
  }
  return true;
}

void ContactCheck::hold_for_other_log() {
  state_.trouble(
      FollowerState::held,
      fmt::format("offset {} of partition {} of topic {} holds another event than was acknowledged there: the topic "
                  "was made anew, and others have filled it",
                  other_log_->last_offset, other_log_->partition, settings_.topic),
      kConsent);
}

}  // namespace tidemark
