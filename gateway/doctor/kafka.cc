#include "gateway/doctor/kafka.h"

#include <fmt/format.h>

#include <charconv>

#include "gateway/config/units.h"

namespace tidemark::doctor {
namespace {

/// docs/formats/event.md: an event is a few hundred KiB at most before compression. Below this one may not fit.
constexpr std::uint64_t kSmallLimit = 256 * 1024;
/// Without an acknowledgement for so long while events wait, the link does not work.
constexpr double kSilentSeconds = 60;

bool holds(const std::string& text, std::string_view word) {
  return text.find(word) != std::string::npos;
}

/// librdkafka has one code for most of what can go wrong on the way to a broker; its words tell more.
std::string remedy_for(const Failure<KafkaError>& failure) {
  const std::string& said = failure.context;
  if (failure.code == KafkaError::configuration)
    return "see [kafka] of the configuration, and that its files can be read";
  if (failure.code == KafkaError::refused)
    return "give the user the rights DESCRIBE and WRITE on the topic (kafka-acls)";
  if (holds(said, "uthentication") || holds(said, "SASL")) {
    return "see sasl.mechanism, sasl.username and sasl.password_file in [kafka.properties] against the cluster's users";
  }
  if (holds(said, "certificate") || holds(said, "SSL")) {
    return "see ssl.ca.location (the authority of the brokers' certificates), ssl.certificate.location if the cluster "
           "asks "
           "for one, the dates of both, and this machine's clock";
  }
  if (holds(said, "security.protocol")) return "see security.protocol in [kafka.properties] against the port's";
  if (holds(said, "resolve"))
    return "see kafka.brokers and the name server: the brokers' own names must resolve here, too";
  return "see kafka.brokers, the network and the cluster; events stay in the local log meanwhile";
}

std::optional<std::int64_t> number_in(const TopicFacts& topic, const std::string& name) {
  const auto found = topic.settings.find(name);
  if (found == topic.settings.end()) return std::nullopt;
  std::int64_t number = 0;
  const char* const end = found->second.data() + found->second.size();
  const auto [behind, error] = std::from_chars(found->second.data(), end, number);
  if (error != std::errc() || behind != end) return std::nullopt;
  return number;
}

void judge_retention(const TopicFacts& topic, const KafkaPlan& plan, Report& report) {
  const auto policy = topic.settings.find("cleanup.policy");
  if (policy != topic.settings.end() && holds(policy->second, "compact")) {
    report.error(
        fmt::format("topic {} is compacted (cleanup.policy = {}): every event of a gateway has the same key, and "
                    "only its newest would be left",
                    plan.topic, policy->second),
        fmt::format("set cleanup.policy=delete (kafka-configs.sh --alter --topic {} --add-config "
                    "cleanup.policy=delete), and replay from the local log what is gone",
                    plan.topic));
  }
  if (const auto kept = number_in(topic, "retention.ms"); kept && *kept >= 0) {
    const Duration duration{*kept > INT64_MAX / 1'000'000 ? INT64_MAX : *kept * 1'000'000};
    if (duration < plan.retention) {
      report.warning(
          fmt::format("topic {} forgets after {} (retention.ms), and the local log after {} (store.retention): a "
                      "replay of the topic lacks its beginning",
                      plan.topic, format_duration(duration), format_duration(plan.retention)),
          "raise retention.ms of the topic to what replays need; -1 keeps everything");
    }
  }
  if (const auto bytes = number_in(topic, "retention.bytes"); bytes && *bytes >= 0) {
    if (static_cast<std::uint64_t>(*bytes) < plan.max_size) {
      report.warning(
          fmt::format("topic {} forgets what is beyond {} a partition (retention.bytes), which all gateways of "
                      "the partition share; the local log of this one alone holds {}",
                      plan.topic, approximate_size(static_cast<std::uint64_t>(*bytes)), format_size(plan.max_size)),
          "raise retention.bytes of the topic, or leave it at -1 and bound it by retention.ms");
    }
  }
}

void judge_copies(const TopicFacts& topic, const KafkaPlan& plan, std::int32_t partition, Report& report) {
  if (partition >= 0 && static_cast<std::size_t>(partition) < topic.copies.size()) {
    const TopicFacts::Copies& copies = topic.copies[static_cast<std::size_t>(partition)];
    const std::int64_t least = number_in(topic, "min.insync.replicas").value_or(1);
    if (copies.leader < 0) {
      report.error(
          fmt::format("partition {} of topic {} has no leader: nothing can be sent there", partition, plan.topic),
          "see the cluster: the brokers that hold it are down");
    } else if (copies.in_sync < least) {
      report.error(fmt::format("partition {} of topic {} has {} replicas in sync and wants {} (min.insync.replicas): "
                               "nothing is acknowledged",
                               partition, plan.topic, copies.in_sync, least),
                   "see the cluster: a broker that holds a replica is down or behind");
    }
    if (copies.replicas == 1) {
      report.warning(
          fmt::format("topic {} has one replica: with that broker's disk go the events that the local log has "
                      "trimmed",
                      plan.topic),
          "make the topic with replication factor 3 and min.insync.replicas=2");
    } else if (least < 2) {
      report.warning(fmt::format("topic {} acknowledges what one of {} replicas has (min.insync.replicas = {})",
                                 plan.topic, copies.replicas, least),
                     "set min.insync.replicas=2");
    }
  }
}

}  // namespace

std::optional<Contact> contact_of(const Metrics& metrics) {
  const Sample* const info = metrics.find("tidemark_uplink_contact_info");
  if (info == nullptr || info->value == 0) return std::nullopt;
  const auto label = [&](const char* name) {
    const auto found = info->labels.find(name);
    return found == info->labels.end() ? std::string() : found->second;
  };
  Contact contact;
  contact.cluster = label("cluster");
  contact.topic = label("topic");
  const std::string partition = label("partition");
  std::from_chars(partition.data(), partition.data() + partition.size(), contact.partition);
  contact.last_offset = static_cast<std::int64_t>(metrics.value("tidemark_uplink_last_offset").value_or(-1));
  return contact;
}

Findings judge_kafka(const KafkaFacts& facts, const KafkaPlan& plan, const std::optional<Contact>& contact) {
  Report report("kafka");
  if (facts.failure) {
    if (facts.failure->code == KafkaError::no_topic) {
      if (plan.create_partitions > 0) {
        report.warning(fmt::format("the cluster answers and has no topic {}: the appliance makes it with {} partitions",
                                   plan.topic, plan.create_partitions),
                       "better make it yourself, with a retention that suits replays and replication factor 3");
      } else {
        report.error(fmt::format("the cluster answers and has no topic {}: events wait in the local log", plan.topic),
                     "make the topic, with a retention that suits replays and replication factor 3, or set "
                     "kafka.create_partitions");
      }
    } else {
      report.error(fmt::format("{}: {}", plan.brokers, facts.failure->context), remedy_for(*facts.failure));
    }
  }
  if (!facts.topic) return report.take();
  const TopicFacts& topic = *facts.topic;
  if (!facts.failure) {
    report.ok(
        fmt::format("cluster {}, topic {}, partition {} of {}{}; answered in {} ms", topic.cluster, plan.topic,
                    facts.partition, topic.partitions,
                    facts.offsets ? fmt::format(", offsets {} to {}", facts.offsets->first, facts.offsets->end) : "",
                    facts.answering.ns / 1'000'000));
  }
  if (contact && facts.offsets) {
    if (const std::string why = objection(*contact, plan.topic, topic, facts.offsets->end); !why.empty()) {
      report.error(
          fmt::format("nothing is sent: {}. Events stay in the local log, collecting goes on", why),
          "if what is there now is right, stop the appliance, run tidemark uplink accept --config FILE, and start "
          "it: what is not acknowledged goes there; else mend kafka.brokers or kafka.topic");
    }
  }
  judge_retention(topic, plan, report);
  judge_copies(topic, plan, facts.partition, report);
  if (topic.max_message_bytes < kSmallLimit) {
    report.warning(
        fmt::format("topic {} takes records of {} at most (max.message.bytes): a larger event stops the sending",
                    plan.topic, approximate_size(topic.max_message_bytes)),
        "raise max.message.bytes of the topic; Kafka's default of 1 MiB is enough for nearly all, 4 MiB for any");
  }
  if (topic.settings.empty()) {
    report.warning(
        fmt::format("the settings of topic {} may not be read: retention and compaction were not checked", plan.topic),
        "give the user the right DESCRIBE_CONFIGS on the topic");
  }
  return report.take();
}

Findings judge_uplink(const Metrics& metrics) {
  Report report("kafka");
  const std::uint64_t backlog = metrics.count("tidemark_uplink_backlog_rows");
  const double age = metrics.value("tidemark_uplink_acknowledgement_age_seconds").value_or(-1);
  const std::string link = fmt::format("{} events wait, {}", backlog,
                                       age < 0 ? "none was acknowledged since the appliance was started"
                                               : fmt::format("the last was acknowledged {:.0f} s ago", age));
  if (metrics.value("tidemark_uplink_held").value_or(0) > 0) {
    report.error("the appliance sends nothing until somebody consents to what was found in Kafka: " + link,
                 "if it is right, stop the appliance, run tidemark uplink accept --config FILE, and start it");
  } else if (metrics.value("tidemark_uplink_connected").value_or(0) == 0) {
    report.error("the appliance sends nothing: " + link,
                 "see the lines of kafka beside this one; it tries again by itself");
  } else if (backlog > 0 && (age < 0 || age >= kSilentSeconds)) {
    report.warning("the appliance is connected, and nothing is acknowledged: " + link,
                   "see the cluster's load and the replicas in sync; its log names what Kafka says");
  } else {
    report.ok("the appliance sends: " + link);
  }
  return report.take();
}

}  // namespace tidemark::doctor
