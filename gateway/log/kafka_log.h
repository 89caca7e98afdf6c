// The central log: a topic of Kafka. A record's value is an event, its key the gateway. Offset N is position N + 1.
//
// Partitions are assigned one by one as they are read, without a group's membership: nothing is committed to Kafka, the
// reader keeps its positions itself. Records that are no events are passed over and counted. A record that only a newer
// version can read is an event, and goes to the reader, who must not believe that it has seen everything.
#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "gateway/log/log_source.h"

namespace tidemark {

class KafkaLog final : public LogSource {
 public:
  /// Does not ask Kafka yet. LogError::place: librdkafka does not take the properties.
  static Result<std::unique_ptr<LogSource>, LogError> open(const LogPlace& place);
  ~KafkaLog() override;
  KafkaLog(const KafkaLog&) = delete;
  KafkaLog& operator=(const KafkaLog&) = delete;

  Result<std::vector<std::uint32_t>, LogError> partitions() override;
  Result<LogPiece, LogError> read_partition(std::uint32_t partition, std::uint64_t from,
                                            std::uint64_t max_bytes) override;
  [[nodiscard]] ForeignRecords foreign() const override { return foreign_; }
  /// As it was when the reading of the partition began.
  [[nodiscard]] std::uint64_t last_position(std::uint32_t partition) const override {
    const auto found = readings_.find(partition);
    return found == readings_.end() ? 0 : found->second.last;
  }

 private:
  using Clock = std::chrono::steady_clock;

  struct Reading {
    rd_kafka_queue_t* queue = nullptr;  // of this partition alone
    std::uint64_t told = 0;             // the caller goes on at this position
    std::uint64_t next = 0;             // and Kafka at this one: between them is nothing for the caller
    std::uint64_t last = 0;             // the partition's last position when its reading began
    bool at_end = false;
  };
  struct Trouble {
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    std::string reason;
  };

  explicit KafkaLog(const LogPlace& place) : place_(place) {}
  static void on_error(rd_kafka_t* client, int code, const char* reason, void* self);
  Result<void, LogError> begin(std::uint32_t partition, std::uint64_t from, LogPiece& piece);
  void end(std::uint32_t partition);
  Result<void, LogError> take(std::uint32_t partition, const rd_kafka_message_t& record, LogPiece& piece,
                              std::uint64_t& bytes);
  /// Nullopt: asking again may help, until `limit` is over.
  std::optional<Failure<LogError>> hopeless(rd_kafka_resp_err_t error, Clock::time_point asked, Clock::duration limit);
  [[nodiscard]] Failure<LogError> silence(rd_kafka_resp_err_t error) const;

  const LogPlace place_;
  rd_kafka_t* client_ = nullptr;
  std::map<std::uint32_t, Reading> readings_;
  ForeignRecords foreign_;
  Trouble trouble_;  // what librdkafka said last
};

}  // namespace tidemark
