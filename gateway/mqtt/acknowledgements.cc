#include "gateway/mqtt/acknowledgements.h"

#include <algorithm>

#include "gateway/mqtt/packets.h"

namespace tidemark {
namespace {

/// Packet ids are 16 bits, and 0 is none.
constexpr std::size_t kPacketIds = 65'535;

}  // namespace

std::optional<std::uint64_t> Acknowledgements::receive(std::uint16_t packet_id) {
  if (held_.size() == kPacketIds) return std::nullopt;
  held_.push_back(packet_id);
  return ++received_;
}

std::uint64_t Acknowledgements::release(std::uint64_t ordinal, std::string& out) {
  const std::uint64_t upto = std::min(ordinal, received_);
  std::uint64_t written = 0;
  for (; released_ < upto; ++released_, ++written) {
    mqtt::append_puback(out, held_.front());
    held_.pop_front();
  }
  return written;
}

void Acknowledgements::ping(std::string& out) {
  mqtt::append_pingreq(out);
  released_at_ping_ = released_;
  if (unanswered_.empty() || unanswered_.back().released != released_) unanswered_.push_back({released_, 0});
  ++unanswered_.back().count;
}

std::optional<std::uint64_t> Acknowledgements::pong() {
  if (unanswered_.empty()) return std::nullopt;  // not asked for; harmless
  const std::uint64_t processed = unanswered_.front().released;
  if (--unanswered_.front().count == 0) unanswered_.pop_front();
  if (processed <= retired_) return std::nullopt;
  retired_ = processed;
  return retired_;
}

}  // namespace tidemark
