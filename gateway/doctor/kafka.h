// Kafka and the topic, asked as the uplink asks them, and the link as the running appliance sees it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gateway/doctor/finding.h"
#include "gateway/doctor/metrics_text.h"
#include "gateway/uplink/contact.h"
#include "gateway/uplink/kafka_producer.h"

namespace tidemark::doctor {

struct KafkaFacts {
  std::optional<Failure<KafkaError>> failure;  // of the first question that failed
  std::optional<TopicFacts> topic;
  Duration answering{};  // until the topic was known
  std::int32_t partition = 0;
  std::optional<Offsets> offsets;  // of the partition
};

struct KafkaPlan {
  std::string brokers;
  std::string topic;
  std::string gateway;
  std::int32_t create_partitions = 0;
  Duration retention{};        // store.retention
  std::uint64_t max_size = 0;  // store.max_size
};

/// `contact`: as the state file or the running appliance has it. Blocks, at most about four times `limit`.
KafkaFacts ask_kafka(const ProducerSettings& settings, const KafkaPlan& plan, const std::optional<Contact>& contact,
                     std::chrono::milliseconds limit);

/// The contact that a running appliance keeps; nullopt: none yet.
std::optional<Contact> contact_of(const Metrics& metrics);

Findings judge_kafka(const KafkaFacts& facts, const KafkaPlan& plan, const std::optional<Contact>& contact);

/// Of a running appliance with [kafka].
Findings judge_uplink(const Metrics& metrics);

}  // namespace tidemark::doctor
