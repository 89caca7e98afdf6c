// The keepalive ends in the gate, on both legs.
#include "gateway/mqtt/gate.h"

#include <doctest/doctest.h>

#include "tests/unit/mqtt/gate_script.h"

namespace tidemark {
namespace {

using Kind = GateEvent::Kind;
using mqtt::kLevel5;
using test::await;
using test::GateScript;
using test::puback;
using test::publish;
using test::u16;

const std::string kPingreq("\xC0\x00", 2);
const std::string kPingresp("\xD0\x00", 2);

TEST_CASE("the gate answers our client's PINGREQ itself") {
  GateScript script;
  script.open();
  script.client->send(kPingreq);
  CHECK(script.client->receive(2) == kPingresp);
  CHECK(script.broker->stays_quiet(test::Deadline(50)));
}

TEST_CASE("the broker is pinged every half keepalive, and its answer does not reach the client") {
  GateScript script;
  script.open(kLevel5, false, {}, 1);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 3; ++i) {
    CHECK(script.broker->receive(2) == kPingreq);
    script.broker->send(kPingresp);
  }
  CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(1400));
  CHECK(script.client->stays_quiet(test::Deadline(20)));
}

TEST_CASE("the broker's own keepalive takes the place of ours") {
  GateScript script;
  script.open(kLevel5, false, "\x13" + u16(1), 600);
  CHECK(script.broker->receive(2) == kPingreq);
}

TEST_CASE("silence of one and a half keepalives ends the connection") {
  GateScript script;
  script.open(kLevel5, false, {}, 1);
  CHECK(script.events(1).size() == 1);
  CHECK(script.await_end().end == LinkEnd::silent);
  CHECK(script.client->closes());
  CHECK(script.events(1).front().kind == Kind::connection_lost);
}

TEST_CASE("a PINGRESP retires what was acknowledged before its PINGREQ, no more") {
  MqttSettings settings;
  settings.retire_interval = milliseconds(100);
  GateScript script(settings);
  script.open();
  std::string stream;
  for (unsigned id = 1; id <= 6; ++id) stream += publish({"t", "1", 1, id}, kLevel5);
  script.broker->send(stream);
  script.events(7);
  script.gate.release(1, 3);
  CHECK(script.broker->receive(12) == puback(1) + puback(2) + puback(3));
  CHECK(script.broker->receive(2) == kPingreq);  // soon after, not only at the half keepalive
  script.gate.release(1, 5);                     // acknowledged after this PINGREQ
  CHECK(script.broker->receive(8) == puback(4) + puback(5));
  script.broker->send(kPingresp);
  auto retired = script.events(1).front();
  CHECK(retired.kind == Kind::retire);
  CHECK(retired.ordinal == 3);
  CHECK(script.broker->receive(2) == kPingreq);
  // In the order of the wire: what comes behind the PINGRESP is behind the retirement.
  script.broker->send(publish({"t", "before", 0, 0}, kLevel5) + kPingresp + publish({"t", "after", 0, 0}, kLevel5));
  const auto seen = script.events(3);
  CHECK(seen[0].payload == "before");
  CHECK(seen[1].kind == Kind::retire);
  CHECK(seen[1].ordinal == 5);
  CHECK(seen[2].payload == "after");
}

TEST_CASE("while reading is paused the broker is pinged, and its silence is not death; nor is it right after") {
  MqttSettings settings;
  settings.queue_bytes = 1;
  GateScript script(settings);
  script.open(kLevel5, false, {}, 1);
  script.broker->send(publish({"t", "1", 1, 1}, kLevel5));
  await([&] { return script.gate.figures().paused; }, "the pause");
  // Three keepalives long nothing is read, whatever the broker says; we ping all the while.
  const auto begin = std::chrono::steady_clock::now();
  int pings = 0;
  while (std::chrono::steady_clock::now() - begin < std::chrono::seconds(3)) {
    CHECK(script.broker->receive(2) == kPingreq);
    ++pings;
  }
  CHECK(pings >= 5);
  CHECK(script.gate.report().open);
  std::vector<test::Seen> seen;
  while (seen.size() < 2) script.drain(seen, seconds(10));
  script.broker->send(kPingresp + publish({"t", "2", 1, 2}, kLevel5));
  while (seen.size() < 3) script.drain(seen, seconds(10));
  CHECK(seen.back().payload == "2");
  CHECK(script.gate.report().open);
  script.gate.release(1, 2);
  CHECK(script.broker->receive(8).ends_with(puback(2)));
}

TEST_CASE("whatever is held, our keepalive goes on, and what is acknowledged late is still acknowledged in order") {
  GateScript script;
  script.open(kLevel5, false, {}, 1);
  std::string stream;
  for (unsigned id = 1; id <= 100; ++id) stream += publish({"t", "1", 1, id}, kLevel5);
  script.broker->send(stream);
  script.events(101);
  for (int i = 0; i < 3; ++i) {
    CHECK(script.broker->receive(2) == kPingreq);
    script.broker->send(kPingresp);
  }
  CHECK(script.gate.report().open);
  CHECK(script.gate.figures().held_acknowledgements == 100);
  std::string expected;
  for (unsigned id = 1; id <= 100; ++id) expected += puback(id);
  script.gate.release(1, 100);
  std::string answer = script.broker->receive(2);
  if (answer == kPingreq) answer = script.broker->receive(2);
  CHECK(answer + script.broker->receive(expected.size() - 2) == expected);
}

}  // namespace
}  // namespace tidemark
