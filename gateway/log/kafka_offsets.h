// Where a partition of Kafka begins and ends.
//
// Not by rd_kafka_query_watermark_offsets: in librdkafka 2.0.2 it keeps no limit, and when the partition's leader is
// killed before it answers, the caller waits until that broker is back.
#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace tidemark {

struct PartitionOffsets {
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;  // of the rest nothing is known if it is one
  std::int64_t first = 0;
  std::int64_t end = 0;  // that of the next record
};

/// Blocks for about four times `limit` at most. After RD_KAFKA_RESP_ERR__TIMED_OUT the next call asks whoever leads
/// then.
PartitionOffsets partition_offsets(rd_kafka_t* client, const std::string& topic, std::int32_t partition,
                                   std::chrono::milliseconds limit);

}  // namespace tidemark
