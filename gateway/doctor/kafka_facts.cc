#include <algorithm>

#include "gateway/doctor/kafka.h"
#include "gateway/pipeline/clock.h"

namespace tidemark::doctor {

KafkaFacts ask_kafka(const ProducerSettings& settings, const KafkaPlan& plan, const std::optional<Contact>& contact,
                     std::chrono::milliseconds limit) {
  KafkaFacts facts;
  auto producer = KafkaProducer::create(settings);
  if (!producer) {
    facts.failure = producer.error();
    return facts;
  }
  const MonotonicTime began = steady_clock();
  auto topic = (*producer)->look_at(plan.topic, limit);
  facts.answering = steady_clock() - began;
  if (!topic) {
    facts.failure = topic.error();
    return facts;
  }
  // As the uplink does: what it once found, else what the gateway's id comes to.
  facts.partition = contact ? contact->partition : partition_of_key(plan.gateway, topic->partitions);
  const auto offsets = (*producer)->offsets(plan.topic, std::min(facts.partition, topic->partitions - 1), limit);
  if (offsets) {
    facts.offsets = *offsets;
  } else {
    facts.failure = offsets.error();
  }
  facts.topic = *std::move(topic);
  return facts;
}

}  // namespace tidemark::doctor
