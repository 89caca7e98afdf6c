#include "edge/processor/redeliveries.h"

#include <algorithm>

#include "edge/bytes/assert.h"

namespace tidemark {

bool Redeliveries::holds(std::uint16_t packet_id, std::uint64_t hash) const {
  const auto found = index_.find(packet_id);
  return found != index_.end() && entries_[static_cast<std::size_t>(found->second - retired_)].hash == hash;
}

void Redeliveries::take(std::uint16_t packet_id, std::uint64_t hash, std::uint64_t ordinal) {
  index_[packet_id] = retired_ + entries_.size();
  entries_.push_back({hash, ordinal, packet_id});
  drop_superseded();
}

std::uint64_t Redeliveries::retired_by(std::uint64_t ordinal) const {
  std::uint64_t n = 0;
  for (const Entry& entry : entries_) {
    if (entry.ordinal > ordinal) break;
    ++n;
  }
  return n;
}

void Redeliveries::retire(std::uint64_t entries) {
  for (std::uint64_t i = 0; i < entries && !entries_.empty(); ++i) {
    const auto found = index_.find(entries_.front().packet_id);
    if (found != index_.end() && found->second == retired_) index_.erase(found);
    entries_.pop_front();
    ++retired_;
  }
  drop_superseded();
}

/// Superseded entries at the front go at once: the table is bounded by the ids there are even if no PINGRESP comes, and
/// a table read back, which takes its entries one by one, has as many as this one. `retired` counts entries.
void Redeliveries::drop_superseded() {
  while (!entries_.empty() && index_.at(entries_.front().packet_id) != retired_) {
    entries_.pop_front();
    ++retired_;
  }
}

void Redeliveries::clear() {
  retire(entries_.size());
}

void Redeliveries::forget_ordinals() {
  for (Entry& entry : entries_) entry.ordinal = 0;
}

void Redeliveries::encode(ByteWriter& out) const {
  out.varint(entries_.size());
  for (const Entry& entry : entries_) {
    out.u16(entry.packet_id);
    out.u64(entry.hash);
  }
}

Redeliveries Redeliveries::decode(ByteReader& in) {
  Redeliveries table;
  const std::uint64_t n = in.varint();
  for (std::uint64_t i = 0; i < n && in.ok(); ++i) {
    const std::uint16_t packet_id = in.u16();
    const std::uint64_t hash = in.u64();
    table.take(packet_id, hash, 0);
  }
  return table;
}

}  // namespace tidemark
