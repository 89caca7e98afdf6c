#include "gateway/mqtt/acknowledgements.h"

#include <doctest/doctest.h>

#include "tests/unit/mqtt/packet_builders.h"

namespace tidemark {
namespace {

using test::puback;

TEST_CASE("a PINGRESP retires what was written before its PINGREQ; answers come in the order of the questions") {
  Acknowledgements acks;
  std::string out;
  for (std::uint16_t id = 10; id < 20; ++id) CHECK(acks.receive(id) == id - 9u);
  CHECK(acks.release(2, out) == 2);
  acks.ping(out);
  CHECK(acks.since_ping() == 0);
  CHECK(acks.release(5, out) == 3);
  CHECK(acks.since_ping() == 3);
  acks.ping(out);
  acks.ping(out);  // the same again
  CHECK(out == puback(10) + puback(11) + "\xC0" + std::string(1, '\0') + puback(12) + puback(13) + puback(14) +
                   std::string("\xC0\x00\xC0\x00", 4));
  CHECK(acks.pong() == 2);
  CHECK(acks.pong() == 5);
  CHECK_FALSE(acks.pong().has_value());  // no news
  CHECK_FALSE(acks.pong().has_value());  // not asked for
  CHECK(acks.held() == 5);
}

TEST_CASE("what is released twice, or beyond what came, is written once") {
  Acknowledgements acks;
  std::string out;
  acks.receive(7);
  CHECK(acks.release(0, out) == 0);
  CHECK(acks.release(100, out) == 1);
  CHECK(acks.release(100, out) == 0);
  acks.receive(8);
  CHECK(acks.release(1, out) == 0);
  CHECK(acks.release(2, out) == 1);
  CHECK(out == puback(7) + puback(8));
}

TEST_CASE("a broker can hold no more unacknowledged than there are packet ids") {
  Acknowledgements acks;
  for (unsigned id = 1; id <= 65'535; ++id) CHECK(acks.receive(static_cast<std::uint16_t>(id)).has_value());
  CHECK_FALSE(acks.receive(1).has_value());
  std::string out;
  acks.release(1, out);
  CHECK(acks.receive(1) == 65'536u);
}

}  // namespace
}  // namespace tidemark
