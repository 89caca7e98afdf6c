#include "gateway/mqtt/packet_splitter.h"

#include <doctest/doctest.h>

#include <vector>

#include "tests/unit/mqtt/packet_builders.h"

namespace tidemark::mqtt {
namespace {

using test::packet;
using test::publish;
using test::publish_head;
using test::PublishWords;
using test::subscription_identifier;
using test::text;
using test::u16;
using From = PacketSplitter::From;
using Step = PacketSplitter::Step;

constexpr std::uint64_t kLimit = 256 * 1024;

/// Everything a splitter found, as text that can be compared.
struct Found {
  std::vector<std::string> items;
  bool failed = false;
  PacketError error{};
};

void take(PacketSplitter& splitter, Found& found) {
  for (;;) {
    const Step step = splitter.next();
    if (step == Step::more) return;
    if (step == Step::failed) {
      found.failed = true;
      found.error = splitter.failure().code;
      return;
    }
    if (step == Step::packet) {
      found.items.push_back("packet " + std::to_string(static_cast<int>(splitter.packet().type)) + " " +
                            std::string(splitter.packet().bytes));
      continue;
    }
    const Publish& p = splitter.publish();
    found.items.push_back(
        "publish " + std::string(p.topic) + "|" + std::string(p.payload) + "|" + std::to_string(p.payload_size) + "|" +
        std::to_string(p.packet_id) + (p.duplicate ? "|dup" : "") + (p.retained ? "|retained" : "") +
        (p.oversized ? "|oversized" : "") + (p.subscription != 0 ? "|of " + std::to_string(p.subscription) : ""));
  }
}

void feed(PacketSplitter& splitter, std::string_view bytes) {
  bytes.copy(splitter.room(bytes.size()).data(), bytes.size());
  splitter.filled(bytes.size());
}

Found split(From from, std::uint8_t level, std::initializer_list<std::string_view> pieces,
            std::uint64_t limit = kLimit) {
  PacketSplitter splitter(from, limit);
  if (level != 0) splitter.speak(level);
  Found found;
  for (const std::string_view piece : pieces) {
    feed(splitter, piece);
    take(splitter, found);
  }
  return found;
}

TEST_CASE("every split position of the stream gives the same packets") {
  for (const std::uint8_t level : {kLevel3_1_1, kLevel5}) {
    const std::string pair = std::string("\x26") + text("key") + text("value");
    const std::string properties = level == kLevel5 ? pair + subscription_identifier(20'000) + pair : std::string();
    const std::string of = level == kLevel5 ? "|of 20000" : "";
    const std::string stream =
        publish({"a/b", "1", 0, 0, false, true}, level, properties) + packet(0x90, u16(9) + std::string("\x01", 1)) +
        publish({"a/c", std::string_view("\0\xff", 2), 1, 77, true, false}, level) + packet(0xD0, "") +
        publish({"t", "", 1, 65'535}, level, properties) + packet(0x40, u16(3));
    const Found whole = split(From::broker, level, {stream});
    REQUIRE_FALSE(whole.failed);
    CHECK(whole.items == std::vector<std::string>{"publish a/b|1|1|0|retained" + of,
                                                  "packet 9 " + packet(0x90, u16(9) + std::string("\x01", 1)),
                                                  std::string("publish a/c|\0\xff|2|77|dup", 23),
                                                  "packet 13 " + packet(0xD0, ""), "publish t||0|65535" + of,
                                                  "packet 4 " + packet(0x40, u16(3))});
    const std::string_view bytes = stream;
    for (std::size_t first = 0; first <= bytes.size(); ++first) {
      for (std::size_t second = first; second <= bytes.size(); second += 3) {
        const Found parts = split(From::broker, level,
                                  {bytes.substr(0, first), bytes.substr(first, second - first), bytes.substr(second)});
        REQUIRE_FALSE(parts.failed);
        REQUIRE(parts.items == whole.items);
      }
    }
  }
}

TEST_CASE("an oversized PUBLISH is reported in its place, with its beginning and its true size") {
  // With a small limit the payload is over it but the packet is still held whole; with a large head it is streamed.
  const std::string payload(300'000, 'x');
  const std::string huge(500'000, 'y');
  for (const std::uint8_t level : {kLevel3_1_1, kLevel5}) {
    const std::string properties = level == kLevel5 ? subscription_identifier(7) : std::string();
    const std::string of = level == kLevel5 ? "|of 7" : "";
    const std::string stream = publish({"before", "1", 1, 1}, level) +
                               publish({"large", payload, 1, 2, true}, level, properties) +
                               publish({"huge", huge, 0, 0}, level, properties) + publish({"after", "2", 1, 3}, level);
    for (const std::size_t step : {std::size_t{1'000'000}, std::size_t{65'536}, std::size_t{4'093}, std::size_t{255}}) {
      CAPTURE(step);
      PacketSplitter splitter(From::broker, kLimit);
      splitter.speak(level);
      Found found;
      for (std::size_t at = 0; at < stream.size(); at += step) {
        feed(splitter, std::string_view(stream).substr(at, step));
        take(splitter, found);
      }
      CHECK_FALSE(found.failed);
      CHECK(found.items ==
            std::vector<std::string>{
                "publish before|1|1|1", "publish large|" + std::string(256, 'x') + "|300000|2|dup|oversized" + of,
                "publish huge|" + std::string(256, 'y') + "|500000|0|oversized" + of, "publish after|2|1|3"});
    }
  }
}

TEST_CASE("a payload of exactly the limit is whole, one byte more is oversized") {
  const std::string at_limit(1000, 'x');
  const std::string over(1001, 'x');
  CHECK(split(From::broker, 4, {publish({"t", at_limit}, 4)}, 1000).items.front().ends_with("|1000|1"));
  CHECK(split(From::broker, 4, {publish({"t", over}, 4)}, 1000).items.front().ends_with("|1001|1|oversized"));
}

TEST_CASE("250 MB in one PUBLISH pass through a bounded buffer") {
  const std::size_t size = 250'000'000;
  PacketSplitter splitter(From::broker, kLimit);
  splitter.speak(kLevel5);
  feed(splitter, publish_head({"big", "", 1, 9}, kLevel5, size));
  Found found;
  take(splitter, found);
  const std::string piece(65'536, 'z');
  std::size_t most = 0;
  for (std::size_t left = size; left > 0;) {
    const std::size_t now = std::min(left, piece.size());
    feed(splitter, std::string_view(piece).substr(0, now));
    take(splitter, found);
    most = std::max(most, splitter.capacity());
    left -= now;
  }
  CHECK(most <= 128 * 1024);
  REQUIRE(found.items.size() == 1);
  CHECK(found.items.front() == "publish big|" + std::string(256, 'z') + "|250000000|9|oversized");
}

TEST_CASE("properties beyond all measure make a PUBLISH oversized, not the buffer large") {
  const std::string properties = std::string("\x26") + text("k") + text(std::string(60'000, 'v'));
  std::string many;
  for (int i = 0; i < 10; ++i) many += properties;
  const std::string stream = publish({"t", "21.5", 1, 5}, kLevel5, many) + packet(0xD0, "");
  PacketSplitter splitter(From::broker, kLimit);
  splitter.speak(kLevel5);
  Found found;
  std::size_t most = 0;
  for (std::size_t at = 0; at < stream.size(); at += 4096) {
    feed(splitter, std::string_view(stream).substr(at, 4096));
    take(splitter, found);
    most = std::max(most, splitter.capacity());
  }
  CHECK_FALSE(found.failed);
  CHECK(found.items.front() == "publish t|21.5|4|5|oversized");
  CHECK(found.items.size() == 2);
  CHECK(most <= kLimit + 256 * 1024);
}

TEST_CASE("a PUBLISH names the subscription that brought it, unless it is the one copy for several") {
  const std::string pair = std::string("\x26") + text("k") + text("v");
  struct Row {
    const char* what;
    std::string properties;
    const char* found;
  };
  const Row rows[] = {
      {"none", "", "publish t|1|1|1"},
      {"one", subscription_identifier(1), "publish t|1|1|1|of 1"},
      {"the largest", subscription_identifier(268'435'455), "publish t|1|1|1|of 268435455"},
      {"one among others", pair + std::string("\x01\x01", 2) + subscription_identifier(300) + pair,
       "publish t|1|1|1|of 300"},
      {"several", subscription_identifier(3) + pair + subscription_identifier(200), "publish t|1|1|1"},
      {"one twice", subscription_identifier(3) + subscription_identifier(3), "publish t|1|1|1"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const Found found = split(From::broker, kLevel5, {publish({"t", "1"}, kLevel5, row.properties)});
    CHECK_FALSE(found.failed);
    CHECK(found.items == std::vector<std::string>{row.found});
  }
  // 3.1.1 has no properties: what looks like one is payload.
  CHECK(split(From::broker, kLevel3_1_1, {publish({"t", subscription_identifier(9)}, kLevel3_1_1)}).items ==
        std::vector<std::string>{"publish t|\x0b\x09|2|1"});
}

TEST_CASE("of a flood of properties only the beginning is read") {
  const std::string flood = std::string("\x26") + text("k") + text(std::string(50'000, 'v'));
  const std::string first = publish({"t", "1"}, kLevel5, subscription_identifier(9) + flood);
  const std::string last = publish({"t", "1"}, kLevel5, flood + subscription_identifier(9));
  CHECK(split(From::broker, kLevel5, {first}).items == std::vector<std::string>{"publish t|1|1|1|of 9"});
  CHECK(split(From::broker, kLevel5, {last}).items == std::vector<std::string>{"publish t|1|1|1"});
}

TEST_CASE("what a broker may not send is an error, and the error stays") {
  struct Row {
    const char* what;
    std::uint8_t level;
    std::string bytes;
    PacketError error;
  };
  const Row rows[] = {
      {"QoS 2", 4, publish({"t", "1", 2, 1}, 4), PacketError::protocol_error},
      {"QoS 3", 4, publish({"t", "1", 3, 1}, 4), PacketError::malformed},
      {"DUP at QoS 0", 5, publish({"t", "1", 0, 0, true}, 5), PacketError::malformed},
      {"packet id 0", 5, publish({"t", "1", 1, 0}, 5), PacketError::malformed},
      {"no topic (an alias)", 5, publish({"", "1", 1, 1}, 5, std::string("\x23\x00\x01", 3)),
       PacketError::protocol_error},
      {"a topic longer than the packet", 4, std::string("\x32\x04\x00\x09tt", 6), PacketError::malformed},
      {"properties longer than the packet", 5, std::string("\x32\x06\x00\x01t\x00\x01\x07", 8), PacketError::malformed},
      {"a length of properties of five bytes", 5, std::string("\x32\x0a\x00\x01t\x00\x01\xff\xff\xff\xff\x01", 12),
       PacketError::malformed},
      {"a subscription identifier of 0", 5, publish({"t", "1"}, 5, std::string("\x0B\x00", 2)), PacketError::malformed},
      {"a subscription identifier of five bytes", 5, publish({"t", "1"}, 5, std::string("\x0B\x80\x80\x80\x80\x01", 6)),
       PacketError::malformed},
      {"a subscription identifier cut off", 5, publish({"t", "1"}, 5, std::string("\x0B\x80", 2)),
       PacketError::malformed},
      {"a property that does not exist", 5, publish({"t", "1"}, 5, std::string("\x7E\x01", 2)), PacketError::malformed},
      {"a packet length of five bytes", 5, std::string("\x90\xff\xff\xff\xff\x01", 6), PacketError::malformed},
      {"type 0", 4, std::string("\x00\x00", 2), PacketError::malformed},
      {"CONNECT", 4, test::connect(4, "id", "u", "p"), PacketError::malformed},
      {"SUBSCRIBE", 4, packet(0x82, u16(1) + text("t") + "\x01"), PacketError::malformed},
      {"PINGREQ", 4, packet(0xC0, ""), PacketError::malformed},
      {"DISCONNECT in 3.1.1", 4, packet(0xE0, ""), PacketError::malformed},
      {"PUBACK with flags", 4, packet(0x41, u16(1)), PacketError::malformed},
      {"PUBREL without its flags", 4, packet(0x60, u16(1)), PacketError::malformed},
      {"a SUBACK of 400 KiB", 4, packet(0x90, std::string(400 * 1024, '\0')), PacketError::too_large},
      {"PUBLISH before CONNACK", 0, publish({"t", "1"}, 4), PacketError::protocol_error},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const Found found = split(From::broker, row.level, {row.bytes, packet(0xD0, "")});
    CHECK(found.failed);
    CHECK(found.error == row.error);
    CHECK(found.items.empty());
  }
}

TEST_CASE("a head of an oversized PUBLISH that can never be read is an error, not a wait for more") {
  // The length of the properties has no end, and the packet claims 200 MB.
  std::string bytes(1, '\x32');
  append_length(bytes, 200'000'000);
  bytes += text("t") + u16(1) + std::string(100'000, '\xff');
  const Found found = split(From::broker, 5, {bytes});
  CHECK(found.failed);
  CHECK(found.error == PacketError::malformed);
}

TEST_CASE("a client's packets of any QoS are passed on whole, and what a client may not send is refused") {
  const std::string stream = publish({"t", "1", 2, 4}, 5) + packet(0x62, u16(4)) + packet(0xC0, "") +
                             packet(0x82, u16(1) + text("t") + "\x01") + packet(0xE0, "");
  const Found found = split(From::client, 0, {stream});
  CHECK_FALSE(found.failed);
  CHECK(found.items.size() == 5);
  for (const std::string& bytes : {packet(0x20, "\x01\x01"), packet(0xD0, ""), packet(0x90, ""), packet(0x80, u16(1)),
                                   packet(0x00, ""), packet(0xC1, "")}) {
    CHECK(split(From::client, 5, {bytes}).failed);
  }
}

TEST_CASE("a buffer that a large packet needed is given back") {
  PacketSplitter splitter(From::broker, kLimit);
  splitter.speak(4);
  Found found;
  const std::string stream = publish({"t", std::string(200'000, 'x')}, 4);
  for (std::size_t at = 0; at < stream.size(); at += 65'536) {
    feed(splitter, std::string_view(stream).substr(at, 65'536));
    take(splitter, found);
  }
  CHECK(found.items.size() == 1);
  CHECK(splitter.capacity() > 200'000);
  splitter.room(65'536);
  CHECK(splitter.capacity() <= 128 * 1024);
}

}  // namespace
}  // namespace tidemark::mqtt
