#include "gateway/mqtt/packets.h"

#include <doctest/doctest.h>

#include "gateway/mqtt/packet_splitter.h"
#include "tests/unit/mqtt/one_packet.h"
#include "tests/unit/mqtt/packet_builders.h"

namespace tidemark::mqtt {
namespace {

using test::connack;
using test::one_packet;
using test::packet;
using test::text;
using test::u16;

TEST_CASE("the secret in a CONNECT is replaced by the real credentials or by none") {
  for (const std::uint8_t level : {kLevel3_1_1, kLevel5}) {
    CAPTURE(level);
    PacketSplitter splitter(PacketSplitter::From::client, 1000);
    const std::string bytes = test::connect(level, "tidemark-7", "tidemark", "one-time");
    const Packet given = one_packet(bytes, splitter);
    const auto connect = parse_connect(given);
    REQUIRE(connect);
    CHECK(connect->level == level);
    CHECK_FALSE(connect->clean_start);
    CHECK(connect->keepalive == 30);
    CHECK(connect->client_id == "tidemark-7");
    CHECK(connect->username == "tidemark");
    CHECK(connect->password == "one-time");

    CHECK(with_credentials(given, *connect, "tidemark", "one-time") == bytes);
    for (const bool user : {false, true}) {
      for (const bool secret : {false, true}) {
        CAPTURE(user);
        CAPTURE(secret);
        const std::string long_secret(65'535, 's');
        const std::string changed =
            with_credentials(given, *connect, user ? std::optional<std::string_view>("plant") : std::nullopt,
                             secret ? std::optional<std::string_view>(long_secret) : std::nullopt);
        CHECK(changed.find("one-time") == std::string::npos);
        PacketSplitter again(PacketSplitter::From::client, 1000);
        const auto reread = parse_connect(one_packet(changed, again));
        REQUIRE(reread);
        CHECK(reread->client_id == "tidemark-7");
        CHECK(reread->keepalive == 30);
        CHECK(reread->username.has_value() == user);
        // 3.1.1 forbids a password without a user name.
        CHECK(reread->password.has_value() == (secret && (user || level == kLevel5)));
      }
    }
  }
}

TEST_CASE("a CONNECT with a will keeps it") {
  std::string body = text("MQTT") + std::string("\x05\xC6", 2) + u16(10) + std::string("\0", 1) + text("id");
  body += std::string("\x05\x18\0\0\0\x05", 6) + text("will/topic") + text("gone");
  const std::string before = body;
  body += text("tidemark") + text("secret");
  PacketSplitter splitter(PacketSplitter::From::client, 1000);
  const Packet given = one_packet(packet(0x10, body), splitter);
  const auto connect = parse_connect(given);
  REQUIRE(connect);
  CHECK(connect->password == "secret");
  std::string without = packet(0x10, before);
  without[9] = 0x06;  // only the flags differ
  CHECK(with_credentials(given, *connect, std::nullopt, std::nullopt) == without);
}

TEST_CASE("what is not a CONNECT of 3.1.1 or 5 is malformed") {
  const std::string good = test::connect(kLevel5, "id", "user", "secret");
  struct Row {
    const char* what;
    std::string bytes;
  };
  const Row rows[] = {
      {"another protocol", packet(0x10, text("MQIsdp") + std::string("\x03\xC2\x00\x1e", 4) + text("id"))},
      {"another level", packet(0x10, text("MQTT") + std::string("\x06\xC2\x00\x1e\x00", 5) + text("id"))},
      {"bytes behind its end", packet(0x10, good.substr(2) + "x")},
      {"a property that does not exist",
       packet(0x10, text("MQTT") + std::string("\x05\x02\x00\x1e\x01\x7e", 6) + text("id"))},
      {"empty", packet(0x10, "")},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    PacketSplitter splitter(PacketSplitter::From::client, 1000);
    const auto connect = parse_connect(one_packet(row.bytes, splitter));
    REQUIRE_FALSE(connect);
    CHECK(connect.error().code == PacketError::malformed);
  }
  for (std::size_t size = 2; size < good.size() - 2; ++size) {
    CAPTURE(size);
    PacketSplitter splitter(PacketSplitter::From::client, 1000);
    CHECK_FALSE(parse_connect(one_packet(packet(0x10, good.substr(2, size - 2)), splitter)));
  }
}

TEST_CASE("a CONNACK says whether the session is there, what the broker wants and why it refuses") {
  struct Row {
    const char* what;
    std::uint8_t level;
    std::string bytes;
    bool readable;
    bool present;
    unsigned reason;
    bool version_refused;
  };
  const Row rows[] = {
      {"3.1.1, new session", kLevel3_1_1, connack(kLevel3_1_1, false, 0), true, false, 0, false},
      {"3.1.1, session present", kLevel3_1_1, connack(kLevel3_1_1, true, 0), true, true, 0, false},
      {"3.1.1, bad password", kLevel3_1_1, connack(kLevel3_1_1, false, 4), true, false, 4, false},
      {"5, session present", kLevel5, connack(kLevel5, true, 0), true, true, 0, false},
      {"5, version not spoken", kLevel5, connack(kLevel5, false, 0x84), true, false, 0x84, true},
      {"5 asked, refused by a broker of 3.1.1", kLevel5, connack(kLevel3_1_1, false, 1), true, false, 1, true},
      {"5 asked, code 0x84 without properties", kLevel5, connack(kLevel3_1_1, false, 0x84), true, false, 0x84, true},
      {"5 asked, accepted in the form of 3.1.1", kLevel5, connack(kLevel3_1_1, false, 0), false, false, 0, false},
      {"a session and a refusal", kLevel5, connack(kLevel5, true, 0x87), false, false, 0, false},
      {"flags that do not exist", kLevel3_1_1, packet(0x20, std::string("\x02\x00", 2)), false, false, 0, false},
      {"too short", kLevel3_1_1, packet(0x20, std::string("\x00", 1)), false, false, 0, false},
      {"too long", kLevel3_1_1, packet(0x20, std::string("\x00\x00\x00", 3)), false, false, 0, false},
      {"properties that end early", kLevel5, packet(0x20, std::string("\x00\x00\x03\x13\x00", 5)), false, false, 0,
       false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    PacketSplitter splitter(PacketSplitter::From::broker, 1000);
    const auto parsed = parse_connack(one_packet(row.bytes, splitter), row.level);
    REQUIRE(parsed.has_value() == row.readable);
    if (!parsed) continue;
    CHECK(parsed->session_present == row.present);
    CHECK(parsed->reason == row.reason);
    CHECK(parsed->version_refused == row.version_refused);
  }

  // Among every kind of property there is: bytes, numbers, texts, pairs.
  const std::string properties = std::string("\x11\x00\x00\x0e\x10", 5) + std::string("\x21\x00\x14", 3) +
                                 std::string("\x24\x01", 2) + std::string("\x27\x00\x10\x00\x00", 5) + "\x12" +
                                 text("given-id") + "\x22" + u16(7) + "\x1F" + text("be brief") + "\x26" + text("k") +
                                 text("v") + "\x13" + u16(45);
  PacketSplitter splitter(PacketSplitter::From::broker, 1000);
  const auto parsed = parse_connack(one_packet(connack(kLevel5, false, 0, properties), splitter), kLevel5);
  REQUIRE(parsed);
  CHECK(parsed->server_keepalive == 45);
  CHECK(parsed->receive_maximum == 20);
  CHECK(parsed->text == "be brief");
}

TEST_CASE("a broker takes subscription identifiers unless it says otherwise; one of 3.1.1 never does") {
  const auto taken = [](std::uint8_t level, const std::string& properties) {
    PacketSplitter splitter(PacketSplitter::From::broker, 1000);
    return parse_connack(one_packet(connack(level, false, 0, properties), splitter), level)->subscription_identifiers;
  };
  CHECK(taken(kLevel5, ""));
  CHECK(taken(kLevel5, std::string("\x29\x01", 2)));
  CHECK_FALSE(taken(kLevel5, std::string("\x29\x00", 2)));
  CHECK_FALSE(taken(kLevel3_1_1, ""));
}

TEST_CASE("a DISCONNECT says why") {
  PacketSplitter splitter(PacketSplitter::From::broker, 1000);
  CHECK(parse_disconnect(one_packet(std::string("\xE0\x00", 2), splitter), kLevel5)->reason == 0);
  CHECK(parse_disconnect(one_packet(std::string("\xE0\x01\x8E", 3), splitter), kLevel5)->reason == kSessionTakenOver);
  const auto with_text = parse_disconnect(one_packet(packet(0xE0, "\x8B\x07\x1F" + text("bye!")), splitter), kLevel5);
  REQUIRE(with_text);
  CHECK(with_text->text == "bye!");
  CHECK_FALSE(parse_disconnect(one_packet(packet(0xE0, "\x8B\x02\x1F\x01"), splitter), kLevel5));
  CHECK(reason_text(0x8E, kLevel5) == "session taken over");
  CHECK(reason_text(5, kLevel3_1_1) == "not authorized");
  CHECK(reason_text(0xEE, kLevel5) == "reason 0xee");
}

TEST_CASE("what we write is what the standard says") {
  std::string out;
  append_puback(out, 0x1234);
  append_puback(out, 1);
  append_pingreq(out);
  append_pingresp(out);
  append_disconnect(out, 0, kLevel5);
  append_disconnect(out, 0x82, kLevel5);
  append_disconnect(out, 0x82, kLevel3_1_1);
  CHECK(out == std::string("\x40\x02\x12\x34\x40\x02\x00\x01\xC0\x00\xD0\x00\xE0\x00\xE0\x01\x82\xE0\x00", 19));
  std::string lengths;
  for (const std::uint32_t value : {0u, 127u, 128u, 16'383u, 16'384u, 268'435'455u}) append_length(lengths, value);
  CHECK(lengths == std::string("\x00\x7f\x80\x01\xff\x7f\x80\x80\x01\xff\xff\xff\x7f", 13));
}

TEST_CASE("what a broker says of itself cannot break a line of the log") {
  CHECK(printable("bye\n\x1b[31mnow\xff") == "bye??[31mnow?");
  CHECK(printable(std::string(500, 'x')).size() == 120);
}

}  // namespace
}  // namespace tidemark::mqtt
