// The rules of the producer that no real broker shows at will, on librdkafka's mock cluster.
#include "gateway/uplink/kafka_producer.h"

#include <doctest/doctest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <memory>
#include <string>

namespace tidemark {
namespace {

constexpr const char* kTopic = "telemetry";
constexpr std::int16_t kProduceRequest = 0;

/// A cluster of one broker inside this process.
class MockCluster {
 public:
  MockCluster() {
    client_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), nullptr, 0));
    cluster_ = rd_kafka_mock_cluster_new(client_.get(), 1);
    rd_kafka_mock_topic_create(cluster_, kTopic, 1, 1);
  }
  ~MockCluster() { rd_kafka_mock_cluster_destroy(cluster_); }
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  [[nodiscard]] std::string brokers() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  /// As a real broker answers: it takes nothing whose number does not follow, which the mock would.
  void refuse_next_produce(rd_kafka_resp_err_t code) {
    constexpr auto kBehindIt = RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
    rd_kafka_mock_push_request_errors(cluster_, kProduceRequest, 3, code, kBehindIt, kBehindIt);
  }

 private:
  struct Destroy {
    void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
  };
  std::unique_ptr<rd_kafka_t, Destroy> client_;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

TEST_CASE("nothing passes a record that was refused, and its own reason is told") {
  MockCluster cluster;
  ProducerSettings settings;
  settings.brokers = cluster.brokers();
  settings.client_id = "test";
  settings.linger = Duration{0};
  settings.batch_bytes = 1;  // each record is a request of its own
  auto producer = KafkaProducer::create(settings);
  REQUIRE(producer);
  const auto wait_for = [&](auto condition, int polls) {
    for (int i = 0; i < polls && !condition(); ++i) (*producer)->poll(std::chrono::milliseconds(10));
    return condition();
  };
  const auto all_reported = [&] { return (*producer)->in_flight() == 0; };
  // What opens the connection must not stand between the records.
  REQUIRE((*producer)->produce(kTopic, 0, "key", "opening", 6) == KafkaProducer::Handed::taken);
  REQUIRE(wait_for(all_reported, 1000));
  REQUIRE((*producer)->delivered().size() == 1);

  cluster.refuse_next_produce(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  REQUIRE((*producer)->produce(kTopic, 0, "key", "refused", 7) == KafkaProducer::Handed::taken);
  // Taken, or failed where the refusal is known already.
  for (std::uint64_t row = 8; row < 10; ++row) (*producer)->produce(kTopic, 0, "key", "behind it", row);
  REQUIRE(wait_for([&] { return (*producer)->failure().has_value(); }, 1000));
  // Those behind it would be sent again within this second; as it is, some may never be reported.
  wait_for(all_reported, 100);
  const auto failure = (*producer)->failure();
  CHECK(failure->row == 7);
  CHECK(failure->too_large);
  CHECK((*producer)->delivered().empty());
  const auto offsets = (*producer)->offsets(kTopic, 0, std::chrono::seconds(5));
  REQUIRE(offsets);
  CHECK(offsets->end == 1);
}

}  // namespace
}  // namespace tidemark
