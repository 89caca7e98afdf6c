// One idempotent producer of librdkafka, for one partition. What Kafka reports comes back in the order in which it was
// handed over.
//
// Operation: `create`; `look_at` until the topic is known; then `produce` and `poll`. After any failed delivery and
// after a fatal error the producer is of no more use: destroy it, make a new one, and send again from the first record
// that was not acknowledged (a producer that goes on after one failed record leaves a gap). Concurrency: one thread,
// which blocks only in look_at, poll, flush and the destructor.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edge/bytes/result.h"
#include "edge/time/instant.h"

namespace tidemark {

enum class KafkaError : std::uint8_t {
  configuration,  // librdkafka takes a property for wrong, or a secret's file cannot be read
  unreachable,    // no broker answers, or none that we trust, or none that trusts us
  no_topic,       // the cluster answers and has no such topic
  refused,        // the cluster answers and does not let us
};

struct ProducerSettings {
  std::string brokers;
  std::string client_id;
  Duration linger;
  std::uint32_t batch_bytes = 512 * 1024;            // of one request, before compression
  std::uint32_t max_record_bytes = 4 * 1024 * 1024;  // before compression; what the topic takes is told by look_at
  std::uint32_t queue_kib = 2 * 1024;                // handed over and not acknowledged
  Duration measure;                                  // how often sent_bytes() is renewed; 0: never
  std::vector<std::pair<std::string, std::string>> properties;  // of librdkafka, secrets read from their files
  std::vector<std::string> files;  // what the properties were read from, or librdkafka reads itself
};

/// What the cluster says of a topic.
struct TopicFacts {
  std::string cluster;
  std::int32_t partitions = 0;
  std::uint64_t max_message_bytes = 1'048'588;    // after compression; Kafka's default where it does not say
  std::map<std::string, std::string> settings{};  // of the topic, as DescribeConfigs tells them; empty: it does not
  struct Copies {
    std::int32_t leader = -1;  // a broker; -1: none
    std::int32_t replicas = 0;
    std::int32_t in_sync = 0;
  };
  std::vector<Copies> copies{};  // by partition
};

struct Offsets {
  std::int64_t first = 0;
  std::int64_t end = 0;  // that of the next record
};

struct Delivery {
  std::uint64_t row = 0;
  std::int64_t offset = -1;  // -1: it is there, and the broker does not remember where
};

struct FailedDelivery {
  std::uint64_t row = 0;
  bool too_large = false;  // larger than the topic takes; what was sent with it fails, too
  std::string reason;
};

class KafkaProducer {
 public:
  static Result<std::unique_ptr<KafkaProducer>, KafkaError> create(const ProducerSettings& settings);
  ~KafkaProducer();
  KafkaProducer(const KafkaProducer&) = delete;
  KafkaProducer& operator=(const KafkaProducer&) = delete;

  Result<TopicFacts, KafkaError> look_at(const std::string& topic, std::chrono::milliseconds limit);
  Result<Offsets, KafkaError> offsets(const std::string& topic, std::int32_t partition,
                                      std::chrono::milliseconds limit);
  Result<void, KafkaError> create_topic(const std::string& topic, std::int32_t partitions, std::int32_t replicas,
                                        std::chrono::milliseconds limit);

  enum class Handed : std::uint8_t { taken, full, failed };
  /// Copies the record. `full`: poll, then again.
  Handed produce(const std::string& topic, std::int32_t partition, std::string_view key, std::string_view record,
                 std::uint64_t row);

  /// Waits at most `limit` for reports, and adds them to delivered().
  void poll(std::chrono::milliseconds limit);

  /// What was acknowledged since the last call, in order.
  std::vector<Delivery> delivered();
  /// The first delivery that failed, or a fatal error (row 0); nothing goes on after it.
  [[nodiscard]] const std::optional<FailedDelivery>& failure() const;
  /// The latest trouble that librdkafka retries by itself, for people; empty: none since the last acknowledgement.
  [[nodiscard]] std::string trouble() const;
  /// Since look_at no broker was connected for a moment: what answers next may be another cluster, and look_at has to
  /// see it before anything is sent there.
  [[nodiscard]] bool lost_contact() const;
  [[nodiscard]] std::uint64_t in_flight() const;
  /// A new measure of all bytes that went to the brokers since `create`, compressed, with every request's own; nullopt:
  /// none since the last call.
  std::optional<std::uint64_t> sent_bytes();

  /// Waits until everything is acknowledged, at most `limit`.
  void flush(std::chrono::milliseconds limit);

 private:
  struct Handle;
  explicit KafkaProducer(std::unique_ptr<Handle> handle);

  std::unique_ptr<Handle> handle_;
};

/// What to say of a login that this librdkafka may not be able to make; empty: nothing.
std::string login_trouble(const std::vector<std::pair<std::string, std::string>>& properties);

/// Kafka's own way to choose a partition by key (murmur2, as its Java client and librdkafka's murmur2_random do).
std::int32_t partition_of_key(std::string_view key, std::int32_t partitions);

}  // namespace tidemark
