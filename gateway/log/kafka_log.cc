#include "gateway/log/kafka_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "edge/event/event.h"
#include "gateway/log/kafka_offsets.h"
#include "gateway/secret/kafka_properties.h"

namespace tidemark {
namespace {

using std::chrono::seconds;

constexpr auto kContact = seconds(10);  // for the first answer
constexpr auto kSilence = seconds(30);  // between two records
constexpr auto kAllTried = seconds(3);  // names have several addresses: a refusal of the first says nothing
constexpr int kSliceMs = 500;           // librdkafka's reasons are looked at in between
constexpr int kPauseMs = 100;

using Property = std::pair<const char*, const char*>;
// What a configuration may better.
constexpr std::array<Property, 6> kDefaults = {{
    {"client.id", "tidemark"},
    {"group.id", "tidemark"},          // librdkafka wants one; nothing is ever committed to it
    {"socket.nagle.disable", "true"},  // with TLS a request took 68 ms instead of 2
    {"queued.max.messages.kbytes", "16384"},
    {"fetch.wait.max.ms", "100"},
    {"check.crcs", "true"},
}};
// What the positions rest on.
constexpr std::array<Property, 4> kOwned = {{
    {"enable.auto.commit", "false"},
    {"enable.auto.offset.store", "false"},
    {"enable.partition.eof", "true"},
    {"auto.offset.reset", "error"},  // a lost beginning must not pass for one that never was
}};

struct DestroyConf {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
struct DestroyTopic {
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
};
struct DestroyMessage {
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};
struct DestroyList {
  void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
};
struct DestroyError {
  void operator()(rd_kafka_error_t* error) const { rd_kafka_error_destroy(error); }
};
using Message = std::unique_ptr<rd_kafka_message_t, DestroyMessage>;
using Error = std::unique_ptr<rd_kafka_error_t, DestroyError>;

std::unique_ptr<rd_kafka_topic_partition_list_t, DestroyList> only(const std::string& topic, std::uint32_t partition,
                                                                   std::int64_t offset) {
  std::unique_ptr<rd_kafka_topic_partition_list_t, DestroyList> list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), static_cast<std::int32_t>(partition))->offset = offset;
  return list;
}

bool asked_for(const LogPlace& place, std::uint32_t partition) {
  return place.partitions.empty() || std::ranges::any_of(place.partitions, [partition](const auto& range) {
           return range.first <= partition && partition <= range.second;
         });
}

// librdkafka's own lines on standard error would say again, and at length, what the failure says.
void quiet(const rd_kafka_t*, int, const char*, const char*) {}

}  // namespace

Result<std::unique_ptr<LogSource>, LogError> KafkaLog::open(const LogPlace& place) {
  std::unique_ptr<rd_kafka_conf_t, DestroyConf> conf(rd_kafka_conf_new());
  char why[512] = {};
  const auto set = [&](const char* name, const char* value) {
    return rd_kafka_conf_set(conf.get(), name, value, why, sizeof(why)) == RD_KAFKA_CONF_OK;
  };
  bool good = true;
  for (const auto& [name, value] : kDefaults) good = good && set(name, value);
  for (const auto& [name, value] : place.properties) {
    // Why is not said: it may show the value, which may be a secret.
    if (!set(name.c_str(), value.c_str())) {
      return fail(LogError::place,
                  fmt::format("Kafka property {}: librdkafka {} does not know it, or does not take its "
                              "value",
                              name, rd_kafka_version_str()));
    }
  }
  for (const auto& [name, value] : kOwned) good = good && set(name, value);
  good = good && set("bootstrap.servers", place.brokers.c_str());
  if (!good) return fail(LogError::place, to_string(place) + ": " + why);
  std::unique_ptr<KafkaLog> log(new KafkaLog(place));
  rd_kafka_conf_set_opaque(conf.get(), log.get());
  rd_kafka_conf_set_error_cb(conf.get(), &KafkaLog::on_error);
  rd_kafka_conf_set_log_cb(conf.get(), &quiet);
  log->client_ = rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), why, sizeof(why));
  if (log->client_ == nullptr) return fail(LogError::place, to_string(place) + ": " + why);
  static_cast<void>(conf.release());  // the client's now
  return std::unique_ptr<LogSource>(std::move(log));
}

KafkaLog::~KafkaLog() {
  if (client_ == nullptr) return;
  for (auto& [partition, reading] : readings_) {
    if (reading.queue != nullptr) rd_kafka_queue_destroy(reading.queue);
  }
  // Without a close: there is no group to leave, and a broker that is gone is not waited for.
  rd_kafka_destroy_flags(client_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

void KafkaLog::on_error(rd_kafka_t*, int code, const char* reason, void* self) {
  auto& trouble = static_cast<KafkaLog*>(self)->trouble_;
  const auto came = static_cast<rd_kafka_resp_err_t>(code);
  // That all brokers are down follows on why each of them is: the why is what helps.
  if (came == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && !trouble.reason.empty()) {
    if (trouble.code == RD_KAFKA_RESP_ERR__TRANSPORT || trouble.code == RD_KAFKA_RESP_ERR__RESOLVE) trouble.code = came;
    return;
  }
  trouble = {came, reason};
}

Failure<LogError> KafkaLog::silence(rd_kafka_resp_err_t error) const {
  const std::string reason = trouble_.reason.empty() ? rd_kafka_err2str(error) : trouble_.reason;
  return {LogError::no_answer,
          to_string(place_) + ": " + reason + "; are the brokers running, and is this how they listen?"};
}

std::optional<Failure<LogError>> KafkaLog::hopeless(rd_kafka_resp_err_t error, Clock::time_point asked,
                                                    Clock::duration limit) {
  rd_kafka_poll(client_, 0);
  const auto waited = Clock::now() - asked;
  switch (error) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      // Metadata may not have reached every broker yet.
      if (waited < kAllTried) return std::nullopt;
      return Failure<LogError>{
          LogError::refused,
          fmt::format("{}: Kafka has no topic \"{}\", or not this partition of it", to_string(place_), place_.topic)};
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return Failure<LogError>{LogError::refused,
                               fmt::format("{}: Kafka does not let this user read topic \"{}\"; it needs READ and "
                                           "DESCRIBE on it",
                                           to_string(place_), place_.topic)};
    default:
      break;
  }
  if (trouble_.code == RD_KAFKA_RESP_ERR__AUTHENTICATION || trouble_.code == RD_KAFKA_RESP_ERR__SSL) {
    std::string text = to_string(place_) + ": " + trouble_.reason;
    const std::string scram = scram_trouble(place_.properties, rd_kafka_version(), rd_kafka_version_str());
    if (!scram.empty()) text += "; " + scram;
    return Failure<LogError>{LogError::refused, std::move(text)};
  }
  if (waited > limit || (trouble_.code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && waited > kAllTried)) {
    return silence(error);
  }
  return std::nullopt;
}

Result<std::vector<std::uint32_t>, LogError> KafkaLog::partitions() {
  const std::unique_ptr<rd_kafka_topic_t, DestroyTopic> topic(
      rd_kafka_topic_new(client_, place_.topic.c_str(), nullptr));
  const auto asked = Clock::now();
  trouble_ = {};
  for (;;) {
    const rd_kafka_metadata_t* metadata = nullptr;
    rd_kafka_resp_err_t error = rd_kafka_metadata(client_, 0, topic.get(), &metadata, kSliceMs);
    std::vector<std::uint32_t> found;
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (metadata->topic_cnt == 1) {
        const rd_kafka_metadata_topic_t& about = metadata->topics[0];
        error = about.err;
        for (const auto& partition : std::span(about.partitions, static_cast<std::size_t>(about.partition_cnt))) {
          const auto number = static_cast<std::uint32_t>(partition.id);
          if (asked_for(place_, number)) found.push_back(number);
        }
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR && about.partition_cnt > 0 && found.empty()) {
          const int count = about.partition_cnt;
          rd_kafka_metadata_destroy(metadata);
          return fail(LogError::place,
                      fmt::format("{} has the partitions 0 to {}: none of those that --partitions names",
                                  to_string(place_), count - 1));
        }
      }
      rd_kafka_metadata_destroy(metadata);
    }
    if (!found.empty() && error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      std::ranges::sort(found);
      return found;
    }
    if (auto failure = hopeless(error, asked, kContact)) return tl::unexpected(std::move(*failure));
    // An answer that does not help comes at once: the next question after a while.
    if (error != RD_KAFKA_RESP_ERR__TIMED_OUT) rd_kafka_poll(client_, kPauseMs);
  }
}

void KafkaLog::end(std::uint32_t partition) {
  Reading& reading = readings_[partition];
  if (reading.queue == nullptr) return;
  rd_kafka_queue_destroy(reading.queue);
  reading.queue = nullptr;
  const Error ignored(
      rd_kafka_incremental_unassign(client_, only(place_.topic, partition, RD_KAFKA_OFFSET_INVALID).get()));
}

/// Goes to this position. Without a queue afterwards: the partition ends before it.
Result<void, LogError> KafkaLog::begin(std::uint32_t partition, std::uint64_t from, LogPiece& piece) {
  end(partition);
  const auto asked = Clock::now();
  trouble_ = {};
  PartitionOffsets offsets;
  for (;;) {
    offsets = partition_offsets(client_, place_.topic, static_cast<std::int32_t>(partition),
                                std::chrono::milliseconds(kSliceMs));
    if (offsets.error == RD_KAFKA_RESP_ERR_NO_ERROR) break;
    // The cluster has answered before: a leader that died has a successor some ten seconds later.
    if (auto failure = hopeless(offsets.error, asked, kSilence)) return tl::unexpected(std::move(*failure));
    if (offsets.error != RD_KAFKA_RESP_ERR__TIMED_OUT) rd_kafka_poll(client_, kPauseMs);
  }
  const auto first = static_cast<std::uint64_t>(offsets.first) + 1;
  Reading& reading = readings_[partition];
  reading.next = std::max(from, first);
  // Whoever asks again for what is gone is told again.
  reading.told = reading.next;
  reading.last = static_cast<std::uint64_t>(offsets.end);
  reading.at_end = false;
  if (from < first) piece.lost.push_back({from, first - 1});
  if (reading.next > static_cast<std::uint64_t>(offsets.end) + 1) return {};
  // Each partition by a queue of its own: one that is read more slowly than others holds nobody up.
  reading.queue = rd_kafka_queue_get_partition(client_, place_.topic.c_str(), static_cast<std::int32_t>(partition));
  rd_kafka_queue_forward(reading.queue, nullptr);
  const auto list = only(place_.topic, partition, static_cast<std::int64_t>(reading.next - 1));
  if (const Error error(rd_kafka_incremental_assign(client_, list.get())); error) {
    rd_kafka_queue_destroy(reading.queue);
    reading.queue = nullptr;
    return fail(LogError::refused, to_string(place_) + ": " + rd_kafka_error_string(error.get()));
  }
  return {};
}

/// A record, or word that there is none.
Result<void, LogError> KafkaLog::take(std::uint32_t partition, const rd_kafka_message_t& record, LogPiece& piece,
                                      std::uint64_t& bytes) {
  Reading& reading = readings_[partition];
  const std::uint64_t position = static_cast<std::uint64_t>(record.offset) + 1;
  const auto pass_over = [&](const std::string& why) {
    if (++foreign_.count == 1)
      foreign_.first = fmt::format("partition {}, offset {}: {}", partition, record.offset, why);
    reading.next = position + 1;
  };
  switch (record.err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      break;
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      reading.at_end = true;
      reading.next = std::max(reading.next, position);
      return {};
    case RD_KAFKA_RESP_ERR__BAD_MSG:
      if (record.offset >= 0) pass_over("its checksum is wrong");
      return {};
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE: {
      // Retention has overtaken the reader; or the topic is another now.
      if (auto begun = begin(partition, reading.next, piece); !begun) return begun;
      if (reading.queue != nullptr) return {};
      return fail(LogError::damaged,
                  fmt::format("{}: partition {} ends before position {}, up to which it was read: the topic was "
                              "deleted and made anew. Make new views of it",
                              to_string(place_), partition, reading.next - 1));
    }
    default:
      if (auto failure = hopeless(record.err, Clock::now() - kAllTried, kContact))
        return tl::unexpected(std::move(*failure));
      return {};
  }
  if (position < reading.next) return {};
  reading.next = position + 1;
  reading.at_end = false;
  if (record.payload == nullptr || record.len == 0) {
    pass_over("it has no value");
    return {};
  }
  const std::string_view value(static_cast<const char*>(record.payload), record.len);
  // In a topic that others write, too, nothing goes to the fold that has not been read whole.
  auto event = decode_event(value);
  std::optional<EventHeader> header;
  if (event) {
    header = event->header;
  } else if (event.error().code == EventError::newer) {
    if (auto only_header = decode_header(value)) header = std::move(*only_header);
  }
  if (!header) {
    pass_over(event.error().context);
    return {};
  }
  piece.rows.push_back({position, {header->epoch, header->sequence, std::string(value)}});
  // Once is enough: whoever folds it takes what was decoded here.
  piece.events.push_back(event ? std::optional(*std::move(event)) : std::nullopt);
  bytes += record.len;
  return {};
}

Result<LogPiece, LogError> KafkaLog::read_partition(std::uint32_t partition, std::uint64_t from,
                                                    std::uint64_t max_bytes) {
  LogPiece piece;
  if (const Reading& known = readings_[partition]; known.queue == nullptr || from < known.told || from > known.next) {
    if (auto begun = begin(partition, from, piece); !begun) return tl::unexpected(begun.error());
  }
  Reading& reading = readings_[partition];
  if (reading.queue == nullptr) return piece;
  rd_kafka_poll(client_, 0);
  // What concerns no partition, such as the group that is never joined, comes here, and to nothing.
  const Message other(rd_kafka_consumer_poll(client_, 0));
  std::uint64_t bytes = 0;
  auto last = Clock::now();
  while (bytes < max_bytes) {
    const bool was_at_end = reading.at_end;
    const Message record(rd_kafka_consume_queue(reading.queue, was_at_end ? 0 : kPauseMs));
    if (record) {
      if (auto taken = take(partition, *record, piece, bytes); !taken) return tl::unexpected(taken.error());
      if (reading.at_end) break;
      if (record->err == RD_KAFKA_RESP_ERR_NO_ERROR) last = Clock::now();
    } else if (was_at_end || !piece.rows.empty()) {
      break;
    }
    if (!record || record->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      rd_kafka_poll(client_, 0);
      if (Clock::now() - last > kSilence) {
        end(partition);
        return tl::unexpected(silence(RD_KAFKA_RESP_ERR__TIMED_OUT));
      }
    }
  }
  if (!piece.rows.empty()) reading.told = piece.rows.back().position + 1;
  return piece;
}

}  // namespace tidemark
