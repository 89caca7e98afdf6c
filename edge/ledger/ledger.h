// The ledger: every message and every reading ends in exactly one counter (SEMANTICS, section 8). One Ledger belongs to
// a source, to a stream (what no source can be named for) or to the gateway.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "edge/bytes/byte_reader.h"
#include "edge/bytes/byte_writer.h"
#include "edge/ledger/rejection.h"

namespace tidemark {

/// Stored in shards and journal rows: never renumber, only append within a block.
enum class Counter : std::uint8_t {
  // Common ones first: they are kept inline.
  received = 0,  // messages
  decoded = 1,   // messages
  readings = 2,  // readings of decoded messages
  counted = 3,   // readings that are in a window or a delta
  open = 4,      // counted, and not yet in the fold of the log
  emitted = 5,   // counted, and in the fold of the log
  // Rare ones.
  redelivered = 16,       // messages: the broker sent them again
  duplicate = 17,         // readings: by sequence number or exactly equal
  quarantined = 18,       // readings: their clock cannot be trusted
  waiting = 19,           // readings: the gateway's clock is not synchronised yet
  damaged = 20,           // readings lost with a damaged journal row
  sequence_gap = 21,      // messages a source numbered and we never saw
  sequence_late = 22,     // messages that filled such a gap later
  sequence_reset = 23,    // a source's counter began anew
  rejected_message = 32,  // + Rejection
  rejected_reading = 64,  // + Rejection
};

constexpr Counter rejected_message(Rejection reason) {
  return static_cast<Counter>(static_cast<unsigned>(Counter::rejected_message) + static_cast<unsigned>(reason));
}
constexpr Counter rejected_reading(Rejection reason) {
  return static_cast<Counter>(static_cast<unsigned>(Counter::rejected_reading) + static_cast<unsigned>(reason));
}

/// "messages.received", "readings.rejected.nonfinite", ... Empty for a code that is no counter.
std::string name_of(Counter counter);

/// Whether the byte is a counter of ours.
bool is_counter(std::uint8_t code);

class Ledger {
 public:
  void add(Counter counter, std::uint64_t n) {
    const auto code = static_cast<std::size_t>(counter);
    if (code < common_.size()) {
      common_[code] += n;
    } else {
      add_rare(counter, n);
    }
  }

  /// Moves n from `open` to `emitted`; `n` may be negative (a window's whole pane replaced by one with fewer readings
  /// happens only after damage).
  void emit(std::int64_t n) {
    common_[static_cast<std::size_t>(Counter::open)] -= static_cast<std::uint64_t>(n);
    common_[static_cast<std::size_t>(Counter::emitted)] += static_cast<std::uint64_t>(n);
  }

  [[nodiscard]] std::uint64_t operator[](Counter counter) const;
  void merge(const Ledger& other);

  /// Non-zero counters in order of their codes.
  [[nodiscard]] std::vector<std::pair<Counter, std::uint64_t>> entries() const;

  /// The equations of rule 32. Empty when they hold, else the one that does not, with its figures.
  [[nodiscard]] std::string imbalance() const;

  [[nodiscard]] std::uint64_t rejected_messages() const { return sum_of(Counter::rejected_message); }
  [[nodiscard]] std::uint64_t rejected_readings() const { return sum_of(Counter::rejected_reading); }

  void encode(ByteWriter& out) const;
  static Ledger decode(ByteReader& in);

  friend bool operator==(const Ledger&, const Ledger&) = default;

 private:
  void add_rare(Counter counter, std::uint64_t n);
  [[nodiscard]] std::uint64_t sum_of(Counter block) const;

  std::array<std::uint64_t, 6> common_{};
  std::vector<std::pair<Counter, std::uint64_t>> rare_;  // sorted by counter
};

}  // namespace tidemark
