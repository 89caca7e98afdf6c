#include "gateway/doctor/kafka.h"

#include <doctest/doctest.h>

#include "tests/unit/doctor/judgement.h"

namespace tidemark::doctor {
namespace {

using test::says;
using test::worst;

const Contact kContact{"cluster-1", "telemetry", 0, 41};

KafkaPlan plan() {
  KafkaPlan out;
  out.brokers = "kafka-1:9092";
  out.topic = "telemetry";
  out.gateway = "plant-7";
  out.retention = days(7);
  out.max_size = 1ull << 30;
  return out;
}

KafkaFacts well() {
  KafkaFacts facts;
  facts.topic = TopicFacts{};
  facts.topic->cluster = "cluster-1";
  facts.topic->partitions = 1;
  facts.topic->settings = {{"cleanup.policy", "delete"},
                           {"retention.ms", "604800000"},
                           {"retention.bytes", "-1"},
                           {"min.insync.replicas", "2"}};
  facts.topic->copies = {{1, 3, 3}};
  facts.offsets = Offsets{0, 42};
  return facts;
}

Findings judged(const KafkaFacts& facts, const KafkaPlan& wanted = plan()) {
  Findings found = judge_kafka(facts, wanted, kContact);
  test::all_say_what_to_do(found);
  return found;
}

KafkaFacts with(const std::string& name, const std::string& value) {
  KafkaFacts facts = well();
  facts.topic->settings[name] = value;
  return facts;
}

KafkaFacts failed(KafkaError code, std::string said) {
  KafkaFacts facts;
  facts.failure = Failure<KafkaError>{code, std::move(said)};
  return facts;
}

TEST_CASE("a topic with three replicas that keeps as long as the local log is well") {
  const Findings found = judged(well());
  CHECK(worst(found) == Level::ok);
  says(found, Level::ok, {"cluster-1", "partition 0 of 1", "offsets 0 to 42"});
}

TEST_CASE("the topic's settings are judged by what replays need") {
  for (const char* policy : {"compact", "compact,delete", "delete, compact"}) {
    says(judged(with("cleanup.policy", policy)), Level::error, {"compacted", policy, "cleanup.policy=delete"});
  }
  says(judged(with("retention.ms", "3600000")), Level::warning, {"forgets after 1h", "store.retention"});
  CHECK(worst(judged(with("retention.ms", "-1"))) == Level::ok);
  CHECK(worst(judged(with("retention.ms", "9223372036854775807"))) == Level::ok);
  says(judged(with("retention.bytes", "1048576")), Level::warning, {"retention.bytes"});
  CHECK(worst(judged(with("retention.bytes", "5368709120"))) == Level::ok);
  KafkaFacts facts = well();
  facts.topic->max_message_bytes = 10'000;
  says(judged(facts), Level::warning, {"max.message.bytes"});
  facts = well();
  facts.topic->settings.clear();
  says(judged(facts), Level::warning, {"DESCRIBE_CONFIGS"});
}

TEST_CASE("copies are counted against what is acknowledged") {
  KafkaFacts facts = well();
  facts.topic->copies = {{1, 1, 1}};
  facts.topic->settings["min.insync.replicas"] = "1";
  says(judged(facts), Level::warning, {"one replica"});
  facts.topic->copies = {{1, 3, 3}};
  says(judged(facts), Level::warning, {"min.insync.replicas = 1"});
  facts = well();
  facts.topic->copies = {{1, 3, 1}};
  says(judged(facts), Level::error, {"1 replicas in sync", "wants 2"});
  facts.topic->copies = {{-1, 3, 0}};
  says(judged(facts), Level::error, {"no leader"});
}

TEST_CASE("what is not what acknowledged before is held, and why is told") {
  KafkaFacts facts = well();
  facts.topic->cluster = "cluster-2";
  says(judged(facts), Level::error, {"cluster-2", "cluster-1", "uplink accept"});
  facts = well();
  facts.offsets = Offsets{0, 5};
  says(judged(facts), Level::error, {"made anew", "uplink accept"});
}

TEST_CASE("each way in which Kafka cannot be reached has a remedy of its own") {
  struct Case {
    KafkaError code;
    const char* said;
    const char* remedy;
  };
  for (const auto& [code, said, remedy] : {
           Case{KafkaError::unreachable, "Connection refused", "kafka.brokers"},
           Case{KafkaError::unreachable, "SSL handshake failed: certificate verify failed", "ssl.ca.location"},
           Case{KafkaError::unreachable, "SASL authentication error: Authentication failed", "sasl.password_file"},
           Case{KafkaError::unreachable, "Failed to resolve 'kafka-1:9092'", "name server"},
           Case{KafkaError::refused, "Topic authorization failed", "WRITE"},
           Case{KafkaError::configuration, "kafka.properties.x is not what librdkafka takes", "[kafka]"},
       }) {
    says(judged(failed(code, said)), Level::error, {said, remedy});
  }
  says(judged(failed(KafkaError::no_topic, "unknown")), Level::error, {"no topic telemetry", "make the topic"});
  KafkaPlan making = plan();
  making.create_partitions = 3;
  says(judged(failed(KafkaError::no_topic, "unknown"), making), Level::warning, {"makes it with 3 partitions"});
}

TEST_CASE("the link of a running appliance is judged by what it acknowledges") {
  const auto link = [](const char* text) { return judge_uplink(Metrics::parse(text)); };
  const std::string sending = "tidemark_uplink_connected 1\n";
  says(link("tidemark_uplink_connected 1\ntidemark_uplink_acknowledgement_age_seconds 2\n"), Level::ok, {"2 s ago"});
  says(link("tidemark_uplink_connected 1\ntidemark_uplink_acknowledgement_age_seconds -1\n"), Level::ok,
       {"none was acknowledged"});
  says(link("tidemark_uplink_connected 1\ntidemark_uplink_backlog_rows 5\n"
            "tidemark_uplink_acknowledgement_age_seconds 90\n"),
       Level::warning, {"5 events wait", "nothing is acknowledged"});
  says(link("tidemark_uplink_backlog_rows 5\n"), Level::error, {"sends nothing", "5 events wait"});
  says(link("tidemark_uplink_held 1\n"), Level::error, {"consents", "uplink accept"});
}

TEST_CASE("a running appliance's contact is read from its metrics") {
  const auto contact = [](const char* text) { return contact_of(Metrics::parse(text)); };
  CHECK(contact("tidemark_uplink_contact_info{cluster=\"cluster-1\",topic=\"telemetry\",partition=\"0\"} 1\n"
                "tidemark_uplink_last_offset 41\n") == kContact);
  CHECK_FALSE(contact("tidemark_uplink_contact_info{cluster=\"\",topic=\"\",partition=\"0\"} 0\n"));
  CHECK_FALSE(contact(""));
}

}  // namespace
}  // namespace tidemark::doctor
