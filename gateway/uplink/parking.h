// Which events Kafka does not take, and what goes in their place. An event is parked when a request that held nothing
// else was refused as too large; from then on its tombstone is sent instead of it.
//
// A request fails as a whole and does not say which of its records is to blame. So a record that may be too large flies
// alone: nothing is handed over while it flies, nor it while anything else does. May be too large: it is larger than
// the topic takes before compression; or it was in flight when a request failed for its size, whatever the topic says
// of itself.
//
// Pure; one thread. What is parked is durable (Store::park) before park() is called here, so that a process that dies
// sends tombstones where this one did.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tidemark {

class Parking {
 public:
  /// Rows that were parked before.
  explicit Parking(const std::vector<std::uint64_t>& parked = {}) : parked_(parked.begin(), parked.end()) {}

  /// What the topic takes in one request, in bytes after compression; 0: not known.
  void limit(std::uint64_t bytes) { limit_ = bytes; }

  [[nodiscard]] bool has(std::uint64_t row) const { return parked_.contains(row); }

  /// What is sent instead of the event of this row: its tombstone if it is parked; nullopt: the event itself.
  [[nodiscard]] std::optional<std::string> instead_of(std::uint64_t row, std::string_view event) const;

  /// Whether what is sent of this row, of so many bytes, must fly alone.
  [[nodiscard]] bool alone(std::uint64_t row, std::uint64_t bytes) const {
    return suspects_.contains(row) || (limit_ != 0 && bytes > room(limit_));
  }

  /// A request was refused for its size while this row was in flight.
  void suspect(std::uint64_t row) { suspects_.insert(row); }
  void acknowledged(std::uint64_t row) { suspects_.erase(row); }

  /// From now on the row's tombstone is sent.
  void park(std::uint64_t row);

  /// What stands in for the event, if that helps: it can be read, and is larger than its tombstone.
  [[nodiscard]] static std::optional<std::string> tombstone_for(std::string_view event);

  /// Of the largest record that fits into a request of so many bytes, even if nothing of it can be compressed.
  [[nodiscard]] static std::uint64_t room(std::uint64_t request_bytes);

 private:
  std::set<std::uint64_t> parked_;
  std::uint64_t limit_ = 0;
  std::set<std::uint64_t> suspects_;
};

}  // namespace tidemark
