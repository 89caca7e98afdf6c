// Splits one direction of an MQTT connection into packets. Pure and bounded: bytes in, packets out.
//
// Operation: `room`, read into it, `filled`; then `next` until it says `more`.
// Bounds: a PUBLISH from the broker whose payload is larger than `max_payload` is skipped as it streams and reported in
// its place, with its first 256 bytes and true size. Nothing else is ever held beyond `max_payload` + 128 KiB (the
// topic and properties of a PUBLISH) plus what one read brought. After `failed` the connection is to be closed: where
// the next packet begins is not known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gateway/mqtt/packets.h"

namespace tidemark::mqtt {

class PacketSplitter {
 public:
  enum class From : std::uint8_t { broker, client };
  enum class Step : std::uint8_t {
    more,     // no whole packet is there
    packet,   // `packet()`: any but a PUBLISH of the broker
    publish,  // `publish()`: a PUBLISH of the broker
    failed,   // `failure()`; stays so
  };

  /// Of a client every packet is passed on whole, PUBLISH too, and may have 128 KiB more than `max_payload`.
  PacketSplitter(From from, std::uint64_t max_payload);

  /// The protocol level of CONNECT. Before it is set, a PUBLISH from the broker is a protocol error.
  void speak(std::uint8_t level) { level_ = level; }

  /// Room for at least `size` bytes. Ends the life of every view given out before.
  std::span<char> room(std::size_t size);
  /// The first `size` bytes of the room have been written.
  void filled(std::size_t size);

  /// The views of what it finds live until the next `next` (oversized) or `room` (all others).
  Step next();
  [[nodiscard]] const Packet& packet() const { return packet_; }
  [[nodiscard]] const Publish& publish() const { return publish_; }
  [[nodiscard]] const Failure<PacketError>& failure() const { return *failure_; }

  /// Bytes that are here and not yet given out: no view given out before the next `room` holds more in all.
  [[nodiscard]] std::size_t buffered() const { return end_ - begin_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

 private:
  /// An oversized PUBLISH under way.
  struct Skip {
    std::uint8_t flags = 0;
    std::uint16_t packet_id = 0;
    std::uint32_t subscription = 0;
    std::uint64_t payload_size = 0;
    std::uint64_t before_payload = 0;  // bytes still to come that are not payload
    std::uint64_t payload_left = 0;
    std::string topic;
    std::string prefix;
  };

  Step split();
  Step whole(std::uint8_t first, std::size_t header, std::uint32_t size);
  Step begin_skip(std::uint8_t first, std::size_t header, std::uint32_t size);
  Step go_on_skipping();
  Step fail_with(Failure<PacketError> failure);
  [[nodiscard]] std::string_view rest() const { return {buffer_.get() + begin_, end_ - begin_}; }

  const From from_;
  const std::uint64_t max_payload_;
  std::uint8_t level_ = 0;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::optional<Skip> skip_;
  bool skip_done_ = false;  // reported; its storage goes with the next `next`
  Packet packet_;
  Publish publish_;
  std::optional<Failure<PacketError>> failure_;
};

}  // namespace tidemark::mqtt
