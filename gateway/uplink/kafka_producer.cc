#include "gateway/uplink/kafka_producer.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <mutex>

#include "gateway/log/kafka_offsets.h"
#include "gateway/secret/kafka_properties.h"
#include "gateway/uplink/statistics.h"

namespace tidemark {
namespace {

constexpr std::size_t kErrorBytes = 512;
constexpr int kReportsAfterFatal = 100;  // ms

struct ConfDeleter {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
struct QueueDeleter {
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
};
struct ErrorDeleter {
  void operator()(rd_kafka_error_t* error) const { rd_kafka_error_destroy(error); }
};
struct EventDeleter {
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
};

int milliseconds_of(std::chrono::milliseconds limit) {
  return static_cast<int>(limit.count());
}

/// What a code of librdkafka means for us.
KafkaError meaning(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return KafkaError::no_topic;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
      return KafkaError::refused;
    default:
      return KafkaError::unreachable;
  }
}

}  // namespace

struct KafkaProducer::Handle {
  rd_kafka_t* producer = nullptr;
  std::deque<std::uint64_t> rows;  // handed over and not reported; the first has the tag `first_tag`
  std::uint32_t first_tag = 0;     // a pointer has 32 bits on some machines, a row number 64
  std::vector<Delivery> delivered;
  std::optional<FailedDelivery> failure;
  std::int64_t next_unknown = -1;  // the offset that librdkafka makes up next; -1: it makes none up
  bool lost_contact = false;
  std::string login_trouble;  // said with every login that fails
  std::optional<std::uint64_t> sent_bytes;
  mutable std::mutex mutex;  // protects trouble: librdkafka's threads log
  std::string trouble;

  ~Handle() {
    if (producer == nullptr) return;
    // What is not acknowledged is in the log: it is sent again, so nothing is waited for.
    rd_kafka_purge(producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
    rd_kafka_destroy_flags(producer, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }

  void tell(std::string what) {
    const std::lock_guard lock(mutex);
    trouble = std::move(what);
  }

  void* tag_of_next() const {
    const auto tag = static_cast<std::uint32_t>(first_tag + rows.size());
    return reinterpret_cast<void*>(static_cast<std::uintptr_t>(tag));
  }

  /// The row of a tag; those before it are reported, or behind a failure.
  std::uint64_t reported(void* tag) {
    const auto place = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(tag)) - first_tag;
    if (place >= rows.size()) return 0;
    const std::uint64_t row = rows[place];
    rows.erase(rows.begin(), rows.begin() + place + 1);
    first_tag += place + 1;
    return row;
  }

  /// A batch that was written by an attempt whose answer was lost is acknowledged as a duplicate, without its offset
  /// when it is not among the producer's last five. librdkafka counts on from -1 then: -1, 0, 1 and so on.
  std::int64_t known(std::int64_t offset) {
    if (offset >= 0 && offset != next_unknown) {
      next_unknown = -1;
      return offset;
    }
    next_unknown = std::max<std::int64_t>(offset + 1, 0);
    return -1;
  }

  static void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    auto& self = *static_cast<Handle*>(opaque);
    const std::uint64_t row = self.reported(message->_private);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      // Behind a failed one nothing counts: the next producer sends from there.
      if (!self.failure) self.delivered.push_back({row, self.known(message->offset)});
      self.tell({});
      return;
    }
    const bool too_large =
        message->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || message->err == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE;
    // Of a record that is too large the fatal error comes first; what people can mend is in the record's own report.
    const bool says_more = too_large && self.failure && !self.failure->too_large;
    if (!self.failure || says_more) self.failure = FailedDelivery{row, too_large, rd_kafka_err2str(message->err)};
  }

  static void on_error(rd_kafka_t* producer, int code, const char* reason, void* opaque) {
    auto& self = *static_cast<Handle*>(opaque);
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
      std::array<char, kErrorBytes> text{};
      const auto fatal = rd_kafka_fatal_error(producer, text.data(), text.size());
      if (!self.failure) {
        self.failure = FailedDelivery{0, false, fmt::format("{}: {}", rd_kafka_err2name(fatal), text.data())};
      }
      return;
    }
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) self.lost_contact = true;
    std::string what = fmt::format("{}: {}", rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(code)), reason);
    if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION && !self.login_trouble.empty()) what += "; " + self.login_trouble;
    self.tell(std::move(what));
  }

  /// 0: the text is librdkafka's to free.
  static int on_statistics(rd_kafka_t*, char* json, std::size_t length, void* opaque) {
    if (const auto bytes = ::tidemark::sent_bytes({json, length})) static_cast<Handle*>(opaque)->sent_bytes = bytes;
    return 0;
  }

  // What librdkafka says beside its errors; those come through on_error as well.
  static void on_log(const rd_kafka_t*, int, const char* facility, const char* text) {
    spdlog::debug("Kafka: {}: {}", facility, text);
  }
};

KafkaProducer::KafkaProducer(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
KafkaProducer::~KafkaProducer() = default;

Result<std::unique_ptr<KafkaProducer>, KafkaError> KafkaProducer::create(const ProducerSettings& settings) {
  auto handle = std::make_unique<Handle>();
  std::unique_ptr<rd_kafka_conf_t, ConfDeleter> conf(rd_kafka_conf_new());
  std::vector<std::pair<std::string, std::string>> properties = {
      {"bootstrap.servers", settings.brokers},
      {"client.id", settings.client_id},
      {"enable.idempotence", "true"},
      // A record that fails must not be followed by one that does not: a reader, whose mark is then behind it, would
      // take it for an old one when it is sent again.
      {"enable.gapless.guarantee", "true"},
      {"acks", "all"},
      // A record waits for its cluster for as long as it takes; it is in the log all the while.
      {"message.timeout.ms", "0"},
      {"linger.ms", fmt::format("{}", static_cast<double>(settings.linger.ns) / 1e6)},
      {"batch.size", std::to_string(settings.batch_bytes)},
      {"message.max.bytes", std::to_string(settings.max_record_bytes)},
      {"queue.buffering.max.kbytes", std::to_string(settings.queue_kib)},
      {"compression.codec", "zstd"},
      // Over TLS small requests otherwise wait for the acknowledgement of the one before: 68 ms instead of 2.
      {"socket.nagle.disable", "true"},
      {"socket.keepalive.enable", "true"},
      {"reconnect.backoff.ms", "100"},
      {"reconnect.backoff.max.ms", "1000"},
      {"log.connection.close", "false"},
      {"statistics.interval.ms", std::to_string(settings.measure.ns / 1'000'000)},
  };
  properties.insert(properties.end(), settings.properties.begin(), settings.properties.end());
  handle->login_trouble = login_trouble(settings.properties);
  std::array<char, kErrorBytes> text{};
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), text.data(), text.size()) != RD_KAFKA_CONF_OK) {
      // librdkafka's own words can hold the value: of a secret only the name is told.
      return fail(KafkaError::configuration, fmt::format("kafka.properties.{} is not what librdkafka takes", name));
    }
  }
  rd_kafka_conf_set_opaque(conf.get(), handle.get());
  rd_kafka_conf_set_dr_msg_cb(conf.get(), &Handle::on_delivery);
  rd_kafka_conf_set_error_cb(conf.get(), &Handle::on_error);
  rd_kafka_conf_set_log_cb(conf.get(), &Handle::on_log);
  rd_kafka_conf_set_stats_cb(conf.get(), &Handle::on_statistics);
  handle->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), text.data(), text.size());
  if (handle->producer == nullptr) return fail(KafkaError::configuration, fmt::format("librdkafka: {}", text.data()));
  conf.release();
  return std::unique_ptr<KafkaProducer>(new KafkaProducer(std::move(handle)));
}

Result<TopicFacts, KafkaError> KafkaProducer::look_at(const std::string& topic, std::chrono::milliseconds limit) {
  TopicFacts facts;
  rd_kafka_topic_t* handle = rd_kafka_topic_new(handle_->producer, topic.c_str(), nullptr);
  const struct rd_kafka_metadata* metadata = nullptr;
  const auto code = rd_kafka_metadata(handle_->producer, 0, handle, &metadata, milliseconds_of(limit));
  rd_kafka_topic_destroy(handle);
  poll(std::chrono::milliseconds(0));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const std::string said = trouble();
    return fail(meaning(code), said.empty() ? rd_kafka_err2str(code) : said);
  }
  handle_->lost_contact = false;
  auto topic_code = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    if (topic != metadata->topics[i].topic) continue;
    topic_code = metadata->topics[i].err;
    facts.partitions = metadata->topics[i].partition_cnt;
    facts.copies.resize(static_cast<std::size_t>(std::max(facts.partitions, 0)));
    for (int k = 0; k < facts.partitions; ++k) {
      const auto& partition = metadata->topics[i].partitions[k];
      if (partition.id < 0 || partition.id >= facts.partitions) continue;
      facts.copies[static_cast<std::size_t>(partition.id)] = {partition.leader, partition.replica_cnt,
                                                              partition.isr_cnt};
    }
  }
  rd_kafka_metadata_destroy(metadata);
  if (topic_code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail(meaning(topic_code), rd_kafka_err2str(topic_code));
  if (facts.partitions == 0) return fail(KafkaError::no_topic, "the topic has no partition yet");
  if (char* cluster = rd_kafka_clusterid(handle_->producer, milliseconds_of(limit))) {
    facts.cluster = cluster;
    rd_kafka_mem_free(handle_->producer, cluster);
  }

  // What one request may have, as the topic says it.
  std::unique_ptr<rd_kafka_queue_t, QueueDeleter> queue(rd_kafka_queue_new(handle_->producer));
  rd_kafka_ConfigResource_t* resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str());
  rd_kafka_DescribeConfigs(handle_->producer, &resource, 1, nullptr, queue.get());
  rd_kafka_ConfigResource_destroy(resource);
  const std::unique_ptr<rd_kafka_event_t, EventDeleter> event(rd_kafka_queue_poll(queue.get(), milliseconds_of(limit)));
  const auto* result = event == nullptr ? nullptr : rd_kafka_event_DescribeConfigs_result(event.get());
  std::size_t count = 0;
  const auto* const* resources =
      result == nullptr ? nullptr : rd_kafka_DescribeConfigs_result_resources(result, &count);
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t entries = 0;
    const auto* const* configs = rd_kafka_ConfigResource_configs(resources[i], &entries);
    for (std::size_t k = 0; k < entries; ++k) {
      const char* value = rd_kafka_ConfigEntry_value(configs[k]);
      if (value == nullptr) continue;
      facts.settings.emplace(rd_kafka_ConfigEntry_name(configs[k]), value);
      if (std::strcmp(rd_kafka_ConfigEntry_name(configs[k]), "max.message.bytes") != 0) continue;
      if (const auto bytes = std::strtoull(value, nullptr, 10); bytes > 0) facts.max_message_bytes = bytes;
    }
  }
  return facts;
}

Result<Offsets, KafkaError> KafkaProducer::offsets(const std::string& topic, std::int32_t partition,
                                                   std::chrono::milliseconds limit) {
  const PartitionOffsets found = partition_offsets(handle_->producer, topic, partition, limit);
  if (found.error != RD_KAFKA_RESP_ERR_NO_ERROR) return fail(meaning(found.error), rd_kafka_err2str(found.error));
  return Offsets{found.first, found.end};
}

Result<void, KafkaError> KafkaProducer::create_topic(const std::string& topic, std::int32_t partitions,
                                                     std::int32_t replicas, std::chrono::milliseconds limit) {
  std::array<char, kErrorBytes> text{};
  rd_kafka_NewTopic_t* wanted = rd_kafka_NewTopic_new(topic.c_str(), partitions, replicas, text.data(), text.size());
  if (wanted == nullptr) return fail(KafkaError::refused, text.data());
  std::unique_ptr<rd_kafka_queue_t, QueueDeleter> queue(rd_kafka_queue_new(handle_->producer));
  rd_kafka_CreateTopics(handle_->producer, &wanted, 1, nullptr, queue.get());
  rd_kafka_NewTopic_destroy(wanted);
  const std::unique_ptr<rd_kafka_event_t, EventDeleter> event(rd_kafka_queue_poll(queue.get(), milliseconds_of(limit)));
  if (event == nullptr) return fail(KafkaError::unreachable, "no answer to the request for a new topic");
  if (const auto code = rd_kafka_event_error(event.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return fail(meaning(code), rd_kafka_event_error_string(event.get()));
  }
  std::size_t count = 0;
  const auto* const* topics =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto code = rd_kafka_topic_result_error(topics[i]);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
    const char* said = rd_kafka_topic_result_error_string(topics[i]);
    return fail(meaning(code), said != nullptr ? said : rd_kafka_err2str(code));
  }
  return {};
}

KafkaProducer::Handed KafkaProducer::produce(const std::string& topic, std::int32_t partition, std::string_view key,
                                             std::string_view record, std::uint64_t row) {
  // As an array: the macros of rd_kafka_producev are not C++.
  std::array<rd_kafka_vu_t, 6> values{};
  values[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  values[0].u.cstr = topic.c_str();
  values[1].vtype = RD_KAFKA_VTYPE_PARTITION;
  values[1].u.i32 = partition;
  values[2].vtype = RD_KAFKA_VTYPE_KEY;
  values[2].u.mem = {const_cast<char*>(key.data()), key.size()};
  values[3].vtype = RD_KAFKA_VTYPE_VALUE;
  values[3].u.mem = {const_cast<char*>(record.data()), record.size()};
  values[4].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  values[4].u.i = RD_KAFKA_MSG_F_COPY;
  values[5].vtype = RD_KAFKA_VTYPE_OPAQUE;
  values[5].u.ptr = handle_->tag_of_next();
  const std::unique_ptr<rd_kafka_error_t, ErrorDeleter> error(
      rd_kafka_produceva(handle_->producer, values.data(), values.size()));
  const auto code = error == nullptr ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_error_code(error.get());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    handle_->rows.push_back(row);
    return Handed::taken;
  }
  if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) return Handed::full;
  // Something before it failed: what that was is told by its report.
  if (code == RD_KAFKA_RESP_ERR__FATAL) poll(std::chrono::milliseconds(0));
  if (!handle_->failure) {
    handle_->failure = FailedDelivery{row, code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, rd_kafka_err2str(code)};
  }
  return Handed::failed;
}

void KafkaProducer::poll(std::chrono::milliseconds limit) {
  rd_kafka_poll(handle_->producer, milliseconds_of(limit));
  // The report of the delivery that ended the producer stands behind the error.
  if (handle_->failure && handle_->failure->row == 0) rd_kafka_poll(handle_->producer, kReportsAfterFatal);
}

std::vector<Delivery> KafkaProducer::delivered() {
  return std::exchange(handle_->delivered, {});
}

const std::optional<FailedDelivery>& KafkaProducer::failure() const {
  return handle_->failure;
}

std::string KafkaProducer::trouble() const {
  const std::lock_guard lock(handle_->mutex);
  return handle_->trouble;
}

bool KafkaProducer::lost_contact() const {
  return handle_->lost_contact;
}

std::uint64_t KafkaProducer::in_flight() const {
  return static_cast<std::uint64_t>(rd_kafka_outq_len(handle_->producer));
}

std::optional<std::uint64_t> KafkaProducer::sent_bytes() {
  return std::exchange(handle_->sent_bytes, std::nullopt);
}

void KafkaProducer::flush(std::chrono::milliseconds limit) {
  rd_kafka_flush(handle_->producer, milliseconds_of(limit));
}

std::string login_trouble(const std::vector<std::pair<std::string, std::string>>& properties) {
  return scram_trouble(properties, rd_kafka_version(), rd_kafka_version_str());
}

std::int32_t partition_of_key(std::string_view key, std::int32_t partitions) {
  // Murmur2 with Kafka's seed, over the bytes in little-endian words.
  constexpr std::uint32_t kMultiply = 0x5bd1e995;
  std::uint32_t hash = 0x9747b28c ^ static_cast<std::uint32_t>(key.size());
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(key[i])); };
  std::size_t i = 0;
  for (; i + 4 <= key.size(); i += 4) {
    std::uint32_t word = byte(i) | byte(i + 1) << 8 | byte(i + 2) << 16 | byte(i + 3) << 24;
    word *= kMultiply;
    word ^= word >> 24;
    word *= kMultiply;
    hash = hash * kMultiply ^ word;
  }
  if (i < key.size()) {
    for (std::size_t k = key.size(); k > i; --k) hash ^= byte(k - 1) << (8 * (k - 1 - i));
    hash *= kMultiply;
  }
  hash ^= hash >> 13;
  hash *= kMultiply;
  hash ^= hash >> 15;
  return static_cast<std::int32_t>((hash & 0x7fffffff) % static_cast<std::uint32_t>(partitions));
}

}  // namespace tidemark
