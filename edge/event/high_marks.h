// Which events a reader already has. An event's identity is (gateway, epoch, sequence); after a crash the
// unacknowledged part of an epoch is sent again, byte for byte, so a reader keeps the last sequence of each epoch and
// skips what is not above it (docs/formats/event.md, "Reading"). Within one epoch events arrive in order, repeats
// apart; epochs interleave.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edge/event/event.h"

namespace tidemark {

/// What is known of one epoch.
struct EpochMark {
  std::uint64_t last = 0;               // the last sequence seen
  std::uint64_t previous_epoch = 0;     // 0: none, or not told yet
  std::uint64_t previous_sequence = 0;  // the last of that epoch
  std::uint64_t missing = 0;            // sequences from 1 to `last` that never came
  std::uint64_t repeats = 0;            // events skipped
  std::uint64_t broken = 0;             // events whose digest is not that of the events before them
  std::optional<Digest> digest;         // of the events up to `last`, if it was computed
};

/// The end of an epoch that its successor names and that has not come (yet).
struct UnfinishedEpoch {
  std::string gateway;
  std::uint64_t epoch = 0;
  std::uint64_t seen = 0;      // up to this sequence
  std::uint64_t expected = 0;  // up to this one
};

class HighMarks {
 public:
  using Key = std::pair<std::string, std::uint64_t>;  // gateway and epoch

  /// Whether the event is new. A gap before it is counted, and does not make it old.
  bool see(const EventHeader& header);

  /// The same, and holds the header's digest against the events before. `bytes`: the event's.
  bool see(const EventHeader& header, std::string_view bytes);

  /// The same, of an event whose digest is known: a tombstone's (edge/event/tombstone.h).
  bool see(const EventHeader& header, const Digest& after);

  /// In the order of gateway and epoch.
  [[nodiscard]] const std::map<Key, EpochMark>& epochs() const { return epochs_; }
  [[nodiscard]] std::vector<UnfinishedEpoch> unfinished() const;

 private:
  EpochMark* advance(const EventHeader& header);

  std::map<Key, EpochMark> epochs_;
};

}  // namespace tidemark
