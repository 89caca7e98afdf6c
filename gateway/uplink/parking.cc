#include "gateway/uplink/parking.h"

#include <utility>

#include "edge/bytes/assert.h"
#include "edge/event/tombstone.h"

namespace tidemark {
namespace {

// Of a record batch of Kafka (61 bytes), of a record in it (at most 21, varints at their longest), and of the key: a
// gateway's id has at most 64 bytes. https://kafka.apache.org/documentation/#recordbatch
constexpr std::uint64_t kRequestOverhead = 160;

}  // namespace

std::uint64_t Parking::room(std::uint64_t request_bytes) {
  return request_bytes > kRequestOverhead ? request_bytes - kRequestOverhead : 0;
}

std::optional<std::string> Parking::instead_of(std::uint64_t row, std::string_view event) const {
  if (!parked_.contains(row)) return std::nullopt;
  auto tombstone = tombstone_of(event);
  // It was made before it was parked, and follows from the event alone.
  TIDEMARK_ASSERT(tombstone.has_value());
  return *std::move(tombstone);
}

std::optional<std::string> Parking::tombstone_for(std::string_view event) {
  auto tombstone = tombstone_of(event);
  if (!tombstone || tombstone->size() >= event.size()) return std::nullopt;
  return *std::move(tombstone);
}

void Parking::park(std::uint64_t row) {
  parked_.insert(row);
  suspects_.clear();
}

}  // namespace tidemark
