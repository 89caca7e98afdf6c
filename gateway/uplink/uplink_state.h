// Where the uplink stands: what its thread, the pipeline's and whoever asks for figures share.
//
// Concurrency: `mutex` protects the members behind it; the functions say which of them take it themselves.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include "edge/store/store.h"
#include "gateway/pipeline/log_follower.h"
#include "gateway/uplink/contact.h"
#include "gateway/uplink/lasting_trouble.h"
#include "gateway/uplink/lineage.h"
#include "gateway/uplink/segments.h"

namespace tidemark {

/// An event to be sent.
struct UplinkRecord {
  std::uint64_t row = 0;
  LogEvent event;
  bool copied = false;  // it is in UplinkState::recent, too
};

struct UplinkState {
  enum class LineageWritten : std::uint8_t { yes, renewing, no };

  [[nodiscard]] bool stopped() const { return stopping.load(std::memory_order_acquire); }

  /// Sending waits for something: said once for each new reason. Takes the mutex.
  void trouble(FollowerState state, const std::string& what, const std::string& advice);

  /// As `trouble`, of what every attempt meets again although there is contact: said when it comes, and then once a
  /// minute with how long it has lasted. Takes the mutex.
  void refusal(const std::string& what, const std::string& advice);

  /// The refusal is over: `row` was taken. Under the mutex.
  void refusal_ended(std::uint64_t row);

  /// Waits so long, but not after a stop, nor for consent that has been given. False: stop. Takes the mutex.
  bool wait(Duration duration);

  /// Much would be sent before the newest row. What already drains behind it does not count: a link that breaks often
  /// would begin an epoch each time, and have none left for a long outage. Under the mutex.
  [[nodiscard]] bool behind(std::uint64_t long_backlog) const;

  std::atomic<bool> stopping{false};

  mutable std::mutex mutex;         // protects what follows
  std::condition_variable changed;  // of `last`, `stopping`, `consented`, and of what is acknowledged
  Segments segments;
  std::optional<Contact> contact;
  Lineage lineage;
  LineageWritten lineage_written = LineageWritten::no;
  std::uint64_t last = 0;           // committed
  std::deque<UplinkRecord> recent;  // the newest committed events, as many as memory takes
  std::uint64_t recent_bytes = 0;
  bool consented = false;
  bool elsewhere = false;  // the state file is another machine's, and nobody has said that this is right
  bool machine_changed = false;
  bool settings_changed = false;
  std::uint64_t record_limit = 0;
  LastingTrouble refused;      // the topic takes neither an event nor what would stand in its place
  std::string refusal_reason;  // as figures.trouble had it
  FollowerFigures figures;
  std::optional<MonotonicTime> acknowledged_at;  // the newest acknowledgement
};

}  // namespace tidemark
