#include "gateway/uplink/tail.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <spdlog/spdlog.h>

#include <array>
#include <memory>

namespace tidemark {
namespace {

constexpr std::chrono::milliseconds kSlice{50};  // between two looks at `stop`

struct DestroyConf {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
struct DestroyClient {
  // Without waiting for a broker that is gone.
  void operator()(rd_kafka_t* client) const { rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE); }
};
struct DestroyTopic {
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
};
struct DestroyMessage {
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};

// What librdkafka says of this short connection it says of the producer's as well.
void on_log(const rd_kafka_t*, int, const char* facility, const char* text) {
  spdlog::debug("Kafka, reading: {}: {}", facility, text);
}

Result<std::unique_ptr<rd_kafka_t, DestroyClient>, KafkaError> consumer(const ProducerSettings& settings) {
  std::unique_ptr<rd_kafka_conf_t, DestroyConf> conf(rd_kafka_conf_new());
  std::vector<std::pair<std::string, std::string>> properties = {{"socket.nagle.disable", "true"},
                                                                 {"log.connection.close", "false"}};
  properties.insert(properties.end(), settings.properties.begin(), settings.properties.end());
  properties.insert(properties.end(), {{"bootstrap.servers", settings.brokers},
                                       {"client.id", settings.client_id},
                                       {"enable.auto.commit", "false"},
                                       {"enable.partition.eof", "true"},
                                       {"auto.offset.reset", "error"},
                                       {"fetch.wait.max.ms", "100"},
                                       // It does not read ahead: each answer is paid for.
                                       {"fetch.message.max.bytes", "32768"},
                                       {"queued.min.messages", "1"},
                                       {"queued.max.messages.kbytes", "1"}});
  std::array<char, 512> text{};
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), text.data(), text.size()) != RD_KAFKA_CONF_OK) {
      return fail(KafkaError::configuration, fmt::format("kafka.properties.{} is not what librdkafka takes", name));
    }
  }
  rd_kafka_conf_set_log_cb(conf.get(), &on_log);
  std::unique_ptr<rd_kafka_t, DestroyClient> client(
      rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), text.data(), text.size()));
  if (client == nullptr) return fail(KafkaError::configuration, fmt::format("librdkafka: {}", text.data()));
  static_cast<void>(conf.release());  // the client's now
  return client;
}

}  // namespace

Result<TailEnd, KafkaError> read_tail(
    const ProducerSettings& settings, const std::string& topic, std::int32_t partition, std::int64_t from,
    std::int64_t end, const TailLimits& limits, const std::function<bool()>& stop,
    const std::function<void(std::int64_t offset, std::string_view key, std::string_view value)>& take) {
  if (from >= end) return TailEnd::reached;
  const auto client = consumer(settings);
  if (!client) return tl::unexpected(client.error());
  const std::unique_ptr<rd_kafka_topic_t, DestroyTopic> handle(
      rd_kafka_topic_new(client->get(), topic.c_str(), nullptr));
  // The simple consumer: it needs no group, and so no right to one.
  if (rd_kafka_consume_start(handle.get(), partition, from) != 0) {
    return fail(KafkaError::unreachable, rd_kafka_err2str(rd_kafka_last_error()));
  }
  const auto deadline = std::chrono::steady_clock::now() + limits.time;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  std::int64_t next = from;
  TailEnd ended = TailEnd::cut_short;
  while (!stop() && records < limits.records && bytes < limits.bytes && std::chrono::steady_clock::now() < deadline) {
    const std::unique_ptr<rd_kafka_message_t, DestroyMessage> message(
        rd_kafka_consume(handle.get(), partition, static_cast<int>(kSlice.count())));
    rd_kafka_poll(client->get(), 0);
    if (message == nullptr) continue;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      ++records;
      bytes += message->key_len + message->len;
      next = message->offset + 1;
      take(message->offset, {static_cast<const char*>(message->key), message->key_len},
           {static_cast<const char*>(message->payload), message->len});
    } else if (message->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
      ended = TailEnd::refused;
      break;
    } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF ||
               message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
               message->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
      next = end;
    }
    if (next >= end) {
      ended = TailEnd::reached;
      break;
    }
  }
  rd_kafka_consume_stop(handle.get(), partition);
  return ended;
}

}  // namespace tidemark
