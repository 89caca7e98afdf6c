// Sends the log to Kafka: every event, in the order of its epoch, again and again until it is acknowledged, through any
// outage. Its place moves by delivery reports alone.
//
// Operation: `start` when the store has been recovered; `committed` for every commit; `stop` before the store is
// closed. Concurrency: a thread of its own; the members of LogFollower are called on the pipeline's thread, `figures`
// on any.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "edge/store/store.h"
#include "gateway/pipeline/log_follower.h"
#include "gateway/uplink/contact_check.h"
#include "gateway/uplink/sender.h"
#include "gateway/uplink/uplink_settings.h"
#include "gateway/uplink/uplink_state.h"

namespace tidemark {

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
  void run();
  /// The bytes of one request that the topic takes, at most `batch_bytes`.
  [[nodiscard]] std::uint32_t batch_for(std::uint32_t batch_bytes) const;
  /// So that the newest state of the plant is there at once (DESIGN, "Identity"): the old rows drain behind it.
  void begin_epoch_if_behind();

  UplinkSettings settings_;
  UplinkSource source_;
  UplinkState state_;
  ContactCheck check_;  // of the thread, as is the next
  Sender sender_;
  std::thread thread_;
};

}  // namespace tidemark
