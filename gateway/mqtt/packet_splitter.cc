#include "gateway/mqtt/packet_splitter.h"

#include <algorithm>
#include <cstring>

#include "edge/bytes/assert.h"

namespace tidemark::mqtt {
namespace {

/// For the topic (at most 65,535 bytes), packet id and properties in front of a payload. A PUBLISH with more properties
/// than fit is treated as oversized.
constexpr std::uint64_t kHeadRoom = 128 * 1024;

/// Topic with its length, packet id, properties with their length, as far as they are read: behind these bytes a head
/// can be read, or never.
constexpr std::size_t kLongestHead = 2 + 65'535 + 2 + 4 + kMostProperties;
static_assert(kLongestHead < kHeadRoom);

/// A buffer that has grown beyond this is given back when it is empty.
constexpr std::size_t kUsualCapacity = 128 * 1024;

/// Which packets a broker may send, with the flags section 2.1.3 demands. PUBLISH is looked at apart.
bool allowed_from_broker(PacketType type, std::uint8_t flags, std::uint8_t level) {
  switch (type) {
    case PacketType::pubrel:
      return flags == 2;
    case PacketType::connack:
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubcomp:
    case PacketType::suback:
    case PacketType::unsuback:
    case PacketType::pingresp:
      return flags == 0;
    case PacketType::disconnect:
    case PacketType::auth:
      return flags == 0 && level != kLevel3_1_1;
    default:
      return false;
  }
}

bool allowed_from_client(PacketType type, std::uint8_t flags) {
  switch (type) {
    case PacketType::publish:
      return true;
    case PacketType::pubrel:
    case PacketType::subscribe:
    case PacketType::unsubscribe:
      return flags == 2;
    case PacketType::connect:
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubcomp:
    case PacketType::pingreq:
    case PacketType::disconnect:
    case PacketType::auth:
      return flags == 0;
    default:
      return false;
  }
}

}  // namespace

PacketSplitter::PacketSplitter(From from, std::uint64_t max_payload) : from_(from), max_payload_(max_payload) {}

std::span<char> PacketSplitter::room(std::size_t size) {
  const std::size_t held = end_ - begin_;
  if (held == 0) {
    begin_ = end_ = 0;
    if (capacity_ > kUsualCapacity && size <= kUsualCapacity) {
      buffer_.reset();
      capacity_ = 0;
    }
  }
  if (capacity_ - end_ < size) {
    if (capacity_ - held < size) {
      // Doubling keeps the copying of a large packet that arrives in many reads linear.
      const std::size_t larger = std::max(held + size, held == 0 ? size : capacity_ * 2);
      auto grown = std::make_unique_for_overwrite<char[]>(larger);
      if (held > 0) std::memcpy(grown.get(), buffer_.get() + begin_, held);
      buffer_ = std::move(grown);
      capacity_ = larger;
    } else {
      std::memmove(buffer_.get(), buffer_.get() + begin_, held);
    }
    begin_ = 0;
    end_ = held;
  }
  return {buffer_.get() + end_, capacity_ - end_};
}

void PacketSplitter::filled(std::size_t size) {
  TIDEMARK_ASSERT(size <= capacity_ - end_);
  end_ += size;
}

PacketSplitter::Step PacketSplitter::next() {
  if (failure_) return Step::failed;
  if (skip_done_) {
    skip_.reset();
    skip_done_ = false;
  }
  if (skip_) return go_on_skipping();
  return split();
}

PacketSplitter::Step PacketSplitter::split() {
  const std::string_view bytes = rest();
  if (bytes.size() < 2) return Step::more;
  std::uint32_t size = 0;
  std::size_t header = 1;
  for (int shift = 0;; shift += 7) {
    if (shift > 21) return fail_with({PacketError::malformed, "a packet length of more than four bytes"});
    if (header == bytes.size()) return Step::more;
    const auto byte = static_cast<std::uint8_t>(bytes[header++]);
    size |= static_cast<std::uint32_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  const auto first = static_cast<std::uint8_t>(bytes[0]);
  const auto type = static_cast<PacketType>(first >> 4);
  const auto flags = static_cast<std::uint8_t>(first & 15);
  const bool our_publish = from_ == From::broker && type == PacketType::publish;
  // Said before the whole packet is there: rubbish shall not make us wait for more of it.
  if (our_publish) {
    if (level_ == 0) return fail_with({PacketError::protocol_error, "a PUBLISH before CONNACK"});
  } else if (from_ == From::broker ? !allowed_from_broker(type, flags, level_) : !allowed_from_client(type, flags)) {
    return fail_with({PacketError::malformed, "a packet of a type or with flags that may not come here"});
  }
  if (size > max_payload_ + kHeadRoom) {
    if (our_publish) return begin_skip(first, header, size);
    return fail_with({PacketError::too_large, "a packet larger than we hold"});
  }
  if (bytes.size() - header < size) return Step::more;
  return whole(first, header, size);
}

PacketSplitter::Step PacketSplitter::whole(std::uint8_t first, std::size_t header, std::uint32_t size) {
  const std::string_view bytes = rest().substr(0, header + size);
  const std::string_view body = bytes.substr(header);
  const auto type = static_cast<PacketType>(first >> 4);
  const auto flags = static_cast<std::uint8_t>(first & 15);
  if (from_ == From::client || type != PacketType::publish) {
    begin_ += bytes.size();
    packet_ = {type, flags, bytes, body};
    return Step::packet;
  }
  auto head = parse_publish_head(flags, body, size, level_);
  if (!head) return fail_with(std::move(head.error()));
  const PublishHead& found = **head;
  publish_.topic = found.topic;
  publish_.payload = body.substr(found.payload_at);
  publish_.payload_size = publish_.payload.size();
  publish_.subscription = found.subscription;
  publish_.packet_id = found.packet_id;
  publish_.duplicate = (flags & 8) != 0;
  publish_.retained = (flags & 1) != 0;
  publish_.oversized = publish_.payload_size > max_payload_;
  if (publish_.oversized) publish_.payload = publish_.payload.substr(0, kOversizedPrefix);
  begin_ += bytes.size();
  return Step::publish;
}

PacketSplitter::Step PacketSplitter::begin_skip(std::uint8_t first, std::size_t header, std::uint32_t size) {
  const std::string_view bytes = rest();
  const auto flags = static_cast<std::uint8_t>(first & 15);
  auto head = parse_publish_head(flags, bytes.substr(header), size, level_);
  if (!head) return fail_with(std::move(head.error()));
  if (!*head && bytes.size() - header >= kLongestHead) {
    return fail_with({PacketError::malformed, "a PUBLISH whose properties have no readable length"});
  }
  if (!*head) return Step::more;
  const PublishHead& found = **head;
  Skip skip;
  skip.flags = flags;
  skip.subscription = found.subscription;
  skip.packet_id = found.packet_id;
  skip.payload_size = size - found.payload_at;
  skip.payload_left = skip.payload_size;
  skip.before_payload = header + found.payload_at;
  skip.topic = found.topic;
  skip_ = std::move(skip);
  return go_on_skipping();
}

PacketSplitter::Step PacketSplitter::go_on_skipping() {
  Skip& skip = *skip_;
  const std::size_t before = static_cast<std::size_t>(std::min<std::uint64_t>(skip.before_payload, buffered()));
  begin_ += before;
  skip.before_payload -= before;
  const std::size_t payload = static_cast<std::size_t>(std::min<std::uint64_t>(skip.payload_left, buffered()));
  if (skip.prefix.size() < kOversizedPrefix) {
    skip.prefix.append(rest().substr(0, std::min(payload, kOversizedPrefix - skip.prefix.size())));
  }
  begin_ += payload;
  skip.payload_left -= payload;
  if (skip.before_payload > 0 || skip.payload_left > 0) return Step::more;

  publish_.topic = skip.topic;
  publish_.payload = skip.prefix;
  publish_.payload_size = skip.payload_size;
  publish_.subscription = skip.subscription;
  publish_.packet_id = skip.packet_id;
  publish_.duplicate = (skip.flags & 8) != 0;
  publish_.retained = (skip.flags & 1) != 0;
  publish_.oversized = true;
  skip_done_ = true;
  return Step::publish;
}

PacketSplitter::Step PacketSplitter::fail_with(Failure<PacketError> failure) {
  failure_ = std::move(failure);
  return Step::failed;
}

}  // namespace tidemark::mqtt
