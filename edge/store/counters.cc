#include "edge/store/counters.h"

#include "edge/bytes/byte_reader.h"
#include "edge/bytes/byte_writer.h"

namespace tidemark {

std::string encode(const Counters& counters) {
  ByteWriter writer;
  writer.u64(counters.damaged_rows);
  writer.u64(counters.log_removed_through);
  writer.u64(counters.log_removed_bytes);
  writer.u64(counters.log_last_epoch);
  writer.u64(counters.log_last_sequence);
  writer.u64(counters.log_last_at_least);
  writer.u64(counters.dead_removed_through);
  writer.u64(counters.dead_removed_bytes);
  return writer.take();
}

std::optional<Counters> decode_counters(std::string_view bytes) {
  ByteReader reader(bytes);
  Counters counters;
  counters.damaged_rows = reader.u64();
  counters.log_removed_through = reader.u64();
  counters.log_removed_bytes = reader.u64();
  counters.log_last_epoch = reader.u64();
  counters.log_last_sequence = reader.u64();
  counters.log_last_at_least = reader.u64();
  counters.dead_removed_through = reader.u64();
  counters.dead_removed_bytes = reader.u64();
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  return counters;
}

}  // namespace tidemark
