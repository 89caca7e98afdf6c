#include "gateway/mqtt/client_packets.h"

#include <doctest/doctest.h>

#include <array>

#include "gateway/mqtt/packet_splitter.h"
#include "tests/unit/mqtt/one_packet.h"
#include "tests/unit/mqtt/packet_builders.h"

namespace tidemark::mqtt {
namespace {

using test::one_packet;

TEST_CASE("a CONNECT is read back with what was asked, and begins clean") {
  for (const std::uint8_t level : {kLevel3_1_1, kLevel5}) {
    for (const bool login : {false, true}) {
      CAPTURE(level);
      CAPTURE(login);
      ConnectRequest request;
      request.level = level;
      request.client_id = "tidemark-7-doctor";
      request.session_expiry = 604'800;
      if (login) request.username = "edge";
      request.password = "secret";
      std::string bytes;
      append_connect(bytes, request);
      PacketSplitter splitter(PacketSplitter::From::client, 1000);
      const auto connect = parse_connect(one_packet(bytes, splitter));
      REQUIRE(connect);
      CHECK(connect->level == level);
      CHECK(connect->clean_start);
      CHECK(connect->keepalive == 30);
      CHECK(connect->client_id == "tidemark-7-doctor");
      CHECK(connect->username.has_value() == login);
      CHECK(connect->password.has_value() == (login || level == kLevel5));
      CHECK((bytes.find(std::string("\x11\x00\x09\x3a\x80", 5)) != std::string::npos) == (level == kLevel5));
    }
  }
}

TEST_CASE("a SUBSCRIBE asks for QoS 1, and MQTT 5 for nothing retained") {
  const std::array<std::string, 2> filters = {"a/+", "b/#"};
  std::string bytes;
  append_subscribe(bytes, 1, filters, kLevel3_1_1);
  CHECK(bytes == std::string("\x82\x0e\x00\x01\x00\x03"
                             "a/+\x01\x00\x03"
                             "b/#\x01",
                             16));
  bytes.clear();
  append_subscribe(bytes, 1, filters, kLevel5);
  CHECK(bytes == std::string("\x82\x0f\x00\x01\x00\x00\x03"
                             "a/+\x21\x00\x03"
                             "b/#\x21",
                             17));
}

TEST_CASE("a DISCONNECT that leaves nothing behind sets the session's expiry to 0") {
  std::string bytes;
  append_forgetting_disconnect(bytes);
  CHECK(bytes == std::string("\xE0\x07\x00\x05\x11\x00\x00\x00\x00", 9));
}

TEST_CASE("a SUBACK gives its reasons, and a cut one is malformed") {
  for (const std::uint8_t level : {kLevel3_1_1, kLevel5}) {
    CAPTURE(level);
    const std::string properties = level == kLevel5 ? std::string(1, '\0') : std::string();
    PacketSplitter splitter(PacketSplitter::From::broker, 1000);
    const std::string bytes = test::packet(0x90, test::u16(7) + properties + "\x01\x87");
    const auto suback = parse_suback(one_packet(bytes, splitter), level);
    REQUIRE(suback);
    CHECK(suback->packet_id == 7);
    CHECK(suback->reasons == "\x01\x87");
    const std::string cut = test::packet(0x90, "\x07");
    CHECK_FALSE(parse_suback(one_packet(cut, splitter), level));
  }
}

TEST_CASE("a CONNACK tells what the broker grants") {
  PacketSplitter splitter(PacketSplitter::From::broker, 1000);
  const std::string properties =
      std::string("\x11\x00\x00\x0e\x10", 5) + std::string("\x27\x00\x01\x00\x00", 5) + std::string("\x24\x01", 2);
  const std::string bytes = test::connack(kLevel5, false, 0, properties);
  const auto connack = parse_connack(one_packet(bytes, splitter), kLevel5);
  REQUIRE(connack);
  CHECK(connack->session_expiry == 3600);
  CHECK(connack->maximum_packet == 65'536);
  CHECK(connack->maximum_qos == 1);
  CHECK_FALSE(connack->receive_maximum);
}

}  // namespace
}  // namespace tidemark::mqtt
