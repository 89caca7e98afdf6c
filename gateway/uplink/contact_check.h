// Whether events may go to the cluster that answers: what is found there, and on which machine this runs, held against
// what earlier contacts found (gateway/uplink/contact.h, tail_judgement.h). What is not as it was stops sending until
// a person consents; what cannot be had now is waited for. Either has been said when a check is false.
//
// Concurrency: the uplink's thread. Blocks, some seconds for each question to the cluster.
#pragma once

#include <cstdint>
#include <optional>

#include "gateway/uplink/contact.h"
#include "gateway/uplink/kafka_producer.h"
#include "gateway/uplink/uplink_settings.h"
#include "gateway/uplink/uplink_state.h"

namespace tidemark {

class ContactCheck {
 public:
  /// Both outlive it.
  ContactCheck(const UplinkSettings& settings, UplinkState& state) : settings_(settings), state_(state) {}

  /// A copied card brings the state file of another gateway, and both would send in one name. False: nobody has said
  /// yet that it was moved here.
  bool belongs_here();

  /// Before each producer sends. `wanted`: what it was made with. Makes the topic where that is allowed; keeps what the
  /// first contact found. True: events may go to state.contact, in requests of at most max_record().
  bool make_contact(KafkaProducer& producer, const ProducerSettings& wanted);

  /// The bytes that the topic takes at once; 0: not known yet.
  [[nodiscard]] std::uint64_t max_record() const { return max_record_; }

 private:
  bool look_back(const ProducerSettings& wanted, const Contact& known, const Offsets& offsets);
  void hold_for_other_log();

  const UplinkSettings& settings_;
  UplinkState& state_;
  std::uint64_t max_record_ = 0;
  std::int64_t looked_until_ = 0;        // offsets before it have been looked at
  std::optional<MonotonicTime> looked_;  // when the tail was read last
  std::uint32_t unread_ = 0;             // times in a row that the witness could not be read
  bool said_unreadable_ = false;
  std::optional<Contact> other_log_;  // what the log there was found not to be
  MonotonicTime other_log_seen_{};
};

}  // namespace tidemark
