// The acknowledgements of one connection: which are held, which are written, and which the broker has surely processed.
// Pure. Every QoS 1 PUBLISH of the connection has an ordinal, 1, 2, ...; at any time
//
//     retired <= released <= received
//
// MQTT keeps the order of packets in each direction, so a PINGRESP says that whatever was written before its PINGREQ
// has been processed: that retires it (SEMANTICS, rule 29).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace tidemark {

class Acknowledgements {
 public:
  /// A PUBLISH came; its ordinal. nullopt: the broker has more unacknowledged than there are packet ids.
  std::optional<std::uint64_t> receive(std::uint16_t packet_id);

  /// Appends the PUBACKs up to and with `ordinal` that were not yet written, oldest first; how many.
  std::uint64_t release(std::uint64_t ordinal, std::string& out);

  /// Appends a PINGREQ.
  void ping(std::string& out);

  /// A PINGRESP came: the ordinal up to which it retires, if that is news.
  std::optional<std::uint64_t> pong();

  /// Packet ids that wait for their release.
  [[nodiscard]] std::size_t held() const { return held_.size(); }

  /// Written since the last PINGREQ.
  [[nodiscard]] std::uint64_t since_ping() const { return released_ - released_at_ping_; }

 private:
  std::deque<std::uint16_t> held_;  // of ordinals released_ + 1 to received_
  std::uint64_t received_ = 0;
  std::uint64_t released_ = 0;
  std::uint64_t retired_ = 0;
  std::uint64_t released_at_ping_ = 0;

  struct Pings {
    std::uint64_t released = 0;  // what had been written before these PINGREQs
    std::uint64_t count = 0;
  };
  std::deque<Pings> unanswered_;  // equal ones counted, so that a long pause does not fill memory
};

}  // namespace tidemark
