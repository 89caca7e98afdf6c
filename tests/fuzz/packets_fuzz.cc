// The packet splitter and the parsers behind it under hostile bytes. The first byte chooses direction, version and size
// of the pieces; the rest is the stream. Beyond not crashing: the pieces give what the whole gives, and memory is
// bounded.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/mqtt/packet_splitter.h"
#include "gateway/mqtt/packets.h"
#include "tests/fuzz/seeds.h"
#include "tests/unit/mqtt/packet_builders.h"

namespace {

using namespace tidemark::mqtt;

/// Small, so that short inputs reach what is oversized.
constexpr std::uint64_t kMaxPayload = 300;
constexpr std::size_t kMostHeld = kMaxPayload + 128 * 1024;

void require(bool condition) {
  if (!condition) std::abort();
}

void look_at(const Packet& packet, std::uint8_t level) {
  for (const std::uint8_t as : {level, kLevel3_1_1, kLevel5}) {
    (void)parse_connack(packet, as);
    (void)parse_disconnect(packet, as);
    (void)parse_suback(packet, as);
  }
  const auto connect = parse_connect(packet);
  if (!connect) return;
  // A CONNECT that was read can be written again, and is then the same but for its credentials.
  const std::string changed = with_credentials(packet, *connect, "user", "secret");
  PacketSplitter splitter(PacketSplitter::From::client, 1 << 20);
  changed.copy(splitter.room(changed.size()).data(), changed.size());
  splitter.filled(changed.size());
  require(splitter.next() == PacketSplitter::Step::packet);
  const auto again = parse_connect(splitter.packet());
  require(again.has_value());
  require(again->client_id == connect->client_id && again->keepalive == connect->keepalive);
  require(again->username == "user" && again->password == "secret");
}

/// What a splitter makes of the stream, as one text.
std::string split(std::string_view stream, std::size_t piece, PacketSplitter::From from, std::uint8_t level) {
  PacketSplitter splitter(from, kMaxPayload);
  if (level != 0) splitter.speak(level);
  std::string found;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    const std::string_view bytes = stream.substr(at, piece);
    bytes.copy(splitter.room(bytes.size()).data(), bytes.size());
    splitter.filled(bytes.size());
    for (;;) {
      const PacketSplitter::Step step = splitter.next();
      require(splitter.buffered() <= kMostHeld + piece + 5);
      if (step == PacketSplitter::Step::more) break;
      if (step == PacketSplitter::Step::failed) return found + "!" + splitter.failure().context;
      if (step == PacketSplitter::Step::packet) {
        look_at(splitter.packet(), level);
        found.append(splitter.packet().bytes).push_back('|');
        continue;
      }
      const Publish& publish = splitter.publish();
      require(publish.oversized || publish.payload.size() == publish.payload_size);
      require(!publish.oversized || publish.payload.size() <= kOversizedPrefix);
      require(!publish.topic.empty());
      found.append(publish.topic).push_back('|');
      found.append(publish.payload).push_back('|');
      found += std::to_string(publish.payload_size) + "," + std::to_string(publish.packet_id) + "," +
               std::to_string(publish.subscription) + "|";
    }
  }
  return found;
}

}  // namespace

namespace tidemark::test {

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> seeds;
  for (const std::uint8_t level : {kLevel3_1_1, kLevel5}) {
    // As the first byte of an input is read: from the broker, this level, pieces of 1 and of 71 bytes.
    const unsigned of_level = level == kLevel5 ? 2U << 1 : 1U << 1;
    const std::string broker = connack(level, true, 0) + publish({}, level) +
                               publish({"a", "", 0, 0, true, true}, level) +
                               publish({"plant/7", std::string(400, 'x'), 1, 65'535}, level) +
                               packet(0x90, u16(1) + std::string(level == kLevel5 ? 1 : 0, '\0') + "\x01") +
                               packet(0xD0, "") + packet(0xE0, level == kLevel5 ? std::string("\x8E\x00", 2) : "");
    const std::string client = connect(level, "edge", "tidemark", "secret") + puback(9) + packet(0xC0, "");
    for (const unsigned pieces : {0U, 10U << 3}) {
      seeds.push_back(static_cast<char>(pieces | of_level) + broker);
      seeds.push_back(static_cast<char>(pieces | of_level | 1U) + client);
    }
  }
  return seeds;
}

}  // namespace tidemark::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto from = (data[0] & 1) != 0 ? PacketSplitter::From::client : PacketSplitter::From::broker;
  const std::uint8_t levels[] = {0, kLevel3_1_1, kLevel5, kLevel5};
  const std::uint8_t level = levels[(data[0] >> 1) & 3];
  const std::size_t piece = 1 + (data[0] >> 3) * std::size_t{7};
  require(split(stream, piece, from, level) == split(stream, stream.size() + 1, from, level));
  return 0;
}
