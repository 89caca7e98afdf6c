// The few figures that cannot be derived from the rows that are left. Kept as one setting, `store.counters`, and
// written only when one of them changes: at a trim, when dead letters go, when damage is found.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidemark {

inline constexpr std::string_view kCountersSetting = "store.counters";

struct Counters {
  std::uint64_t damaged_rows = 0;
  std::uint64_t log_removed_through = 0;
  std::uint64_t log_removed_bytes = 0;
  std::uint64_t log_last_epoch = 0;  // as of the last trim: the log itself may know better
  std::uint64_t log_last_sequence = 0;
  std::uint64_t log_last_at_least = 0;     // after damage at the log's end: positions up to here may have been used
  std::uint64_t dead_removed_through = 0;  // also how many dead letters were dropped
  std::uint64_t dead_removed_bytes = 0;

  friend bool operator==(const Counters&, const Counters&) = default;
};

std::string encode(const Counters& counters);
std::optional<Counters> decode_counters(std::string_view bytes);

}  // namespace tidemark
