// Hands the log's events to a producer, in the order of the segments, and moves their place by its delivery reports.
//
// Operation: `send` with each new producer, after its contact; it returns when that one is done with, for whatever
// reason, or at a stop. `give_up` then makes what was on its way be sent again. Concurrency: the uplink's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "gateway/uplink/kafka_producer.h"
#include "gateway/uplink/parking.h"
#include "gateway/uplink/rate_cap.h"
#include "gateway/uplink/renewed_files.h"
#include "gateway/uplink/uplink_settings.h"
#include "gateway/uplink/uplink_state.h"

namespace tidemark {

class Sender {
 public:
  /// All outlive it.
  Sender(const UplinkSettings& settings, const UplinkSource& source, UplinkState& state);

  /// `wanted`: what the producer was made with; `max_record`: the bytes that the topic takes at once.
  void send(KafkaProducer& producer, const ProducerSettings& wanted, std::uint64_t max_record);

  /// The producer is no more. True: its failure was learned from, and the next one should come soon.
  bool give_up();

  /// Whether the bytes on the wire are to be measured.
  [[nodiscard]] bool capped() const { return cap_.has_value(); }

 private:
  struct Flying {
    std::uint64_t row = 0;
    std::uint64_t bytes = 0;
    std::uint64_t epoch = 0;
    std::uint64_t sequence = 0;
  };

  /// Whether other certificates or secrets are to be used from now on.
  bool renewed(RenewedFiles& files);
  bool feed(KafkaProducer& producer);
  bool take_reports(KafkaProducer& producer);
  void refused(const FailedDelivery& failure);
  void park(const UplinkRecord& record);
  void note_gap(std::uint64_t from, std::uint64_t to);
  void put_back(UplinkRecord&& record);
  std::optional<UplinkRecord> record_of(std::uint64_t row, std::uint64_t run);
  bool read(std::uint64_t row, std::uint64_t rows);
  /// How long the next record has to wait for uplink.max_rate.
  Duration held_back();
  /// How long what is handed over may take until something of it is acknowledged.
  [[nodiscard]] Duration patience() const;

  const UplinkSettings& settings_;
  const UplinkSource& source_;
  UplinkState& state_;
  std::deque<UplinkRecord> read_ahead_;  // from the table
  std::deque<Flying> flying_;            // handed over and not acknowledged
  std::uint64_t flying_bytes_ = 0;       // before compression
  std::uint64_t gap_end_ = 0;            // rows before it are not counted as a gap again
  std::optional<RateCap> cap_;
  std::uint64_t max_record_ = 0;
  Parking parking_;
  std::optional<UplinkRecord> lone_;  // flies alone, because the topic may not take it
  std::uint64_t refused_row_ = 0;     // the last one that nothing can stand in for; 0: none yet
  bool again_ = false;                // a failure was learned from
};

}  // namespace tidemark
