// Who passes the log on: hears of every commit, says what may be trimmed, and keeps its place in the state file.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "edge/store/store.h"

namespace tidemark {

enum class FollowerState : std::uint8_t {
  connecting,  // no contact since the start or the last failure
  sending,
  held,  // contact with something that must not be taken for our log: waits for consent
};

struct FollowerFigures {
  FollowerState state = FollowerState::connecting;
  std::string trouble;                   // for people: why nothing is acknowledged at present; empty: it is
  std::uint64_t acknowledged = 0;        // records, since the start
  std::uint64_t acknowledged_bytes = 0;  // before compression
  std::uint64_t wire_bytes = 0;          // sent, compressed, all requests; 0 without a cap on the rate
  std::uint64_t failures = 0;            // producers that were given up
  std::uint64_t contacts = 0;            // successful ones
  std::uint64_t splits = 0;              // epochs begun because of a long backlog
  std::uint64_t parked = 0;              // events that were not taken, since the start
  std::uint64_t gaps = 0;                // places where rows of the log were damaged or gone, and skipped
  std::uint64_t gap_rows = 0;            // rows there
  std::uint64_t resent = 0;              // events that a new producer got after one that was given up
  std::uint64_t repeated = 0;            // events, not acknowledged, that a contact found in Kafka
  std::uint64_t forks = 0;               // contacts that found events under our name that we never wrote
  std::uint64_t backlog = 0;             // rows
  std::string cluster;                   // of the contact that is kept; empty: none yet
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t last_offset = -1;
  std::optional<Duration> since_acknowledged;  // the newest acknowledgement of this run; nullopt: none
};

/// All calls come from the pipeline's thread; all but `finish` return at once.
class LogFollower {
 public:
  virtual ~LogFollower() = default;

  /// These events were committed, the first as row `first_row`.
  virtual void committed(std::uint64_t first_row, std::span<const LogEvent> events) = 0;

  /// Rows from here on are still needed.
  [[nodiscard]] virtual std::uint64_t first_needed() const = 0;

  /// How many rows are not passed on.
  [[nodiscard]] virtual std::uint64_t backlog() const = 0;

  /// Events should not be larger, in bytes; 0: not known, or no matter.
  [[nodiscard]] virtual std::uint64_t record_limit() const = 0;

  /// The last commit was made: waits at most `limit` for it to be passed on. What it has learned then goes into the
  /// state file with changed_settings().
  virtual void finish(Duration limit) = 0;

  [[nodiscard]] virtual FollowerFigures figures() const = 0;

  /// What was found and not taken for our log is right. False: nothing is held at present, and nothing changes.
  virtual bool consent() = 0;

  /// Settings that have changed since the last call, to be written with the next commit.
  virtual std::vector<std::pair<std::string, std::string>> changed_settings() = 0;
};

}  // namespace tidemark
