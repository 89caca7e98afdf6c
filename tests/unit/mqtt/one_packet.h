// Bytes as the one packet that they are.
#pragma once

#include <doctest/doctest.h>

#include <string_view>

#include "gateway/mqtt/packet_splitter.h"

namespace tidemark::test {

/// As the splitter gives it out: valid until the splitter takes more.
inline mqtt::Packet one_packet(std::string_view bytes, mqtt::PacketSplitter& splitter) {
  const auto room = splitter.room(bytes.size());
  bytes.copy(room.data(), bytes.size());
  splitter.filled(bytes.size());
  REQUIRE(splitter.next() == mqtt::PacketSplitter::Step::packet);
  return splitter.packet();
}

}  // namespace tidemark::test
