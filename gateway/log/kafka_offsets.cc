#include "gateway/log/kafka_offsets.h"

#include <memory>

namespace tidemark {
namespace {

struct DestroyList {
  void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
};
struct DestroyTopic {
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
};

/// `which`: RD_KAFKA_OFFSET_BEGINNING or RD_KAFKA_OFFSET_END, which Kafka takes for times, too.
rd_kafka_resp_err_t offset_of(rd_kafka_t* client, const std::string& topic, std::int32_t partition, std::int64_t which,
                              int limit_ms, std::int64_t& offset) {
  const std::unique_ptr<rd_kafka_topic_partition_list_t, DestroyList> list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_t* asked = rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition);
  asked->offset = which;
  if (const auto error = rd_kafka_offsets_for_times(client, list.get(), limit_ms); error) return error;
  if (asked->err != RD_KAFKA_RESP_ERR_NO_ERROR) return asked->err;
  // Without an answer in time what was asked stands there still.
  if (asked->offset < 0) return RD_KAFKA_RESP_ERR__TIMED_OUT;
  offset = asked->offset;
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace

PartitionOffsets partition_offsets(rd_kafka_t* client, const std::string& topic, std::int32_t partition,
                                   std::chrono::milliseconds limit) {
  const int limit_ms = static_cast<int>(limit.count());
  PartitionOffsets found;
  found.error = offset_of(client, topic, partition, RD_KAFKA_OFFSET_BEGINNING, limit_ms, found.first);
  if (found.error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    found.error = offset_of(client, topic, partition, RD_KAFKA_OFFSET_END, limit_ms, found.end);
  }
  if (found.error == RD_KAFKA_RESP_ERR__TIMED_OUT) {
    // librdkafka remembers who led. An answer to this brings up to date what it remembers.
    const std::unique_ptr<rd_kafka_topic_t, DestroyTopic> handle(rd_kafka_topic_new(client, topic.c_str(), nullptr));
    const rd_kafka_metadata_t* metadata = nullptr;
    if (rd_kafka_metadata(client, 0, handle.get(), &metadata, limit_ms) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      rd_kafka_metadata_destroy(metadata);
    }
  }
  return found;
}

}  // namespace tidemark
