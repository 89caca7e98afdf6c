// Sends the log to Kafka: every event, in the order of its epoch, again and again until it is acknowledged, through any
// outage. Its place moves by delivery reports alone.
//
// Operation: `start` when the store has been recovered; `committed` for every commit; `stop` before the store is
// closed. Concurrency: a thread of its own; the members of LogFollower are called on the pipeline's thread, `figures`
// on any.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "edge/bytes/result.h"
#include "edge/store/store.h"
#include "gateway/pipeline/log_follower.h"
#include "gateway/uplink/contact.h"
#include "gateway/uplink/kafka_producer.h"
#include "gateway/uplink/lineage.h"
#include "gateway/uplink/machine.h"
#include "gateway/uplink/parking.h"
#include "gateway/uplink/rate_cap.h"
#include "gateway/uplink/renewed_files.h"
#include "gateway/uplink/segments.h"

namespace tidemark {

struct UplinkSettings {
  std::string gateway;  // the records' key
  std::string topic;
  std::function<Result<ProducerSettings, KafkaError>()> producer;  // asked anew for every producer: secrets may change
  std::uint64_t long_backlog = 256;    // rows: from there on the newest go first when the link is back
  std::uint64_t memory = 1ull << 20;   // bytes of the newest events kept for sending: seconds of a busy plant
  std::uint64_t max_rate = 0;          // bytes a second on the wire; 0: no cap
  std::int32_t create_partitions = 0;  // 0: a missing topic is waited for, not made
  Duration retry_least = milliseconds(200);
  Duration retry_most = seconds(2);   // the newest state has 5 s from the link's return to be there
  std::vector<std::uint64_t> parked;  // rows that were parked before
  Machine machine;                    // where this runs: a state file of another one is not sent from
  Duration silence = seconds(8);      // without an acknowledgement of what was sent: the link is gone
};

/// What the uplink asks of whoever owns the store. Both return at once; the answer comes later, on another thread, or
/// never if the pipeline has ended.
struct UplinkSource {
  using Rows = std::vector<LogRow>;
  /// The answer is nullopt if the table could not be read: that says nothing of what is in it.
  std::function<void(std::uint64_t from, std::uint64_t max_bytes, std::function<void(std::optional<Rows>)>)> read;
  /// Begins a new epoch; the answer is the row of its first event, which is not committed yet.
  std::function<void(std::function<void(std::uint64_t)>)> begin_epoch;
  /// Keeps a row that Kafka does not take; the answer is whether it is durable.
  std::function<void(LogRow row, std::function<void(bool)>)> park;
};

/// Where the log and the state file stand when the uplink begins.
struct UplinkBeginning {
  StoreFigures log;
  std::uint64_t epoch_row = 0;          // where the present epoch begins
  std::uint64_t epoch = 0;              // the present one
  std::uint64_t sequence = 0;           // committed of it
  std::uint64_t previous_epoch = 0;     // the one before it; 0: none
  std::uint64_t previous_sequence = 0;  // its last
  // As the state file has them; empty: none yet.
  std::string segments;
  std::string contact;
  std::string lineage;
  std::string machine;
};

class Uplink final : public LogFollower {
 public:
  Uplink(UplinkSettings settings, UplinkSource source);
  ~Uplink() override;

  void start(const UplinkBeginning& beginning);
  /// After the pipeline has ended.
  void stop();

  void committed(std::uint64_t first_row, std::span<const LogEvent> events) override;
  [[nodiscard]] std::uint64_t first_needed() const override;
  [[nodiscard]] std::uint64_t backlog() const override;
  void finish(Duration limit) override;
  [[nodiscard]] std::uint64_t record_limit() const override;
  [[nodiscard]] FollowerFigures figures() const override;
  /// What is not acknowledged goes to the log that is there at the next contact, whatever was before.
  bool consent() override;
  std::vector<std::pair<std::string, std::string>> changed_settings() override;

  static constexpr const char* kSegmentsSetting = "uplink.segments";
  static constexpr const char* kContactSetting = "uplink.contact";
  static constexpr const char* kMachineSetting = "uplink.machine";
  static constexpr const char* kLineageSetting = "uplink.epochs";

 private:
  struct Record {
    std::uint64_t row = 0;
    LogEvent event;
    bool copied = false;  // it is in recent_, too
  };
  struct Flying {
    std::uint64_t row = 0;
    std::uint64_t bytes = 0;
    std::uint64_t epoch = 0;
    std::uint64_t sequence = 0;
  };

  void run();
  bool belongs_here();
  bool make_contact(KafkaProducer& producer, const ProducerSettings& wanted);
  bool look_back(const ProducerSettings& wanted, const Contact& known, const Offsets& offsets);
  void hold_for_other_log();
  /// Whether other certificates or secrets are to be used from now on.
  bool renewed(RenewedFiles& files);
  /// The bytes of one request that the topic takes, at most `batch_bytes`.
  [[nodiscard]] std::uint32_t batch_for(std::uint32_t batch_bytes) const;
  [[nodiscard]] bool behind() const;
  void begin_epoch_if_behind();
  void send(KafkaProducer& producer, const ProducerSettings& wanted);
  void note_gap(std::uint64_t from, std::uint64_t to);
  bool feed(KafkaProducer& producer);
  /// How long the next record has to wait for uplink.max_rate.
  Duration held_back();
  /// How long what is handed over may take until something of it is acknowledged.
  [[nodiscard]] Duration patience() const;
  bool take_reports(KafkaProducer& producer);
  void refused(const FailedDelivery& failure);
  void park(const Record& record);
  void put_back(Record&& record);
  std::optional<Record> record_of(std::uint64_t row, std::uint64_t run);
  bool read(std::uint64_t row, std::uint64_t rows);
  void trouble(FollowerState state, const std::string& what, const std::string& advice);
  bool wait(Duration duration);

  UplinkSettings settings_;
  UplinkSource source_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};

  // Of the thread.
  std::deque<Record> read_ahead_;        // from the table
  std::deque<Flying> flying_;            // handed over and not acknowledged
  std::uint64_t gap_end_ = 0;            // rows before it are not counted as a gap again
  std::int64_t looked_until_ = 0;        // offsets before it have been looked at
  std::optional<MonotonicTime> looked_;  // when the tail was read last
  std::uint32_t unread_ = 0;             // times in a row that the witness could not be read
  bool said_unreadable_ = false;
  std::optional<Contact> other_log_;  // what the log there was found not to be
  MonotonicTime other_log_seen_{};
  std::uint64_t flying_bytes_ = 0;  // before compression
  std::optional<RateCap> cap_;
  std::uint64_t max_record_ = 0;  // bytes that the topic takes at once; 0: not known yet
  Parking parking_;
  std::optional<Record> lone_;  // flies alone, because the topic may not take it
  bool again_ = false;          // a failure was learned from: the next producer goes on soon

  mutable std::mutex mutex_;  // protects what follows
  std::condition_variable changed_;
  Segments segments_;
  std::optional<Contact> contact_;
  Lineage lineage_;
  enum class LineageWritten : std::uint8_t { yes, renewing, no };
  LineageWritten lineage_written_ = LineageWritten::no;
  std::uint64_t last_ = 0;     // committed
  std::deque<Record> recent_;  // the newest committed events, as many as memory takes
  std::uint64_t recent_bytes_ = 0;
  bool consented_ = false;
  bool elsewhere_ = false;  // the state file is another machine's, and nobody has said that this is right
  bool machine_changed_ = false;
  bool settings_changed_ = false;
  std::uint64_t record_limit_ = 0;
  FollowerFigures figures_;
  std::optional<MonotonicTime> acknowledged_at_;  // the newest acknowledgement
};

}  // namespace tidemark
