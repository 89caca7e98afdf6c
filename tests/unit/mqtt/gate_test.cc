#include "gateway/mqtt/gate.h"

#include <doctest/doctest.h>

#include <fstream>
#include <thread>

#include "tests/unit/mqtt/gate_script.h"

namespace tidemark {
namespace {

using Kind = GateEvent::Kind;
using mqtt::kLevel3_1_1;
using mqtt::kLevel5;
using test::await;
using test::GateScript;
using test::packet;
using test::puback;
using test::publish;
using test::text;
using test::u16;
using test::Wire;

const std::string kPingreq("\xC0\x00", 2);

TEST_CASE("a PUBLISH goes to the pipeline, and its PUBACK waits for the release") {
  for (const std::uint8_t level : {kLevel3_1_1, kLevel5}) {
    GateScript script;
    script.open(level, true);
    const auto opened = script.events(1).front();
    CHECK(opened.kind == Kind::session_opened);
    CHECK(opened.session_present);
    CHECK(opened.connection == 1);

    script.broker->send(publish({"plant/1", "21.5", 1, 700}, level) + publish({"plant/2", "x", 0, 0}, level) +
                        publish({"plant/3", "", 1, 5, true, true}, level));
    const auto seen = script.events(3);
    CHECK(seen[0].topic == "plant/1");
    CHECK(seen[0].payload == "21.5");
    CHECK(seen[0].message.payload_size == 4);
    CHECK(seen[0].message.packet_id == 700);
    CHECK(seen[0].ordinal == 1);
    CHECK(seen[0].message.arrival.ns > 0);
    CHECK(seen[1].topic == "plant/2");
    CHECK(seen[1].ordinal == 0);
    CHECK(seen[1].message.packet_id == 0);
    CHECK(seen[2].ordinal == 2);
    CHECK(seen[2].message.duplicate);
    CHECK(seen[2].message.retained);
    CHECK(script.broker->stays_quiet(test::Deadline(50)));
    CHECK(script.client->stays_quiet(test::Deadline(1)));
    CHECK(script.gate.figures().held_acknowledgements == 2);

    script.gate.release(1, 2);
    CHECK(script.broker->receive(8) == puback(700) + puback(5));
    CHECK(script.gate.figures().held_acknowledgements == 0);
    CHECK(script.gate.figures().publishes_received == 3);
  }
}

TEST_CASE("each copy of a message names the subscription that brought it, oversized or not") {
  MqttSettings settings;
  settings.max_payload = 10;
  GateScript script(settings);
  script.open();
  CHECK(script.gate.report().subscription_identifiers);
  const std::string large(200'000, 'x');
  const std::string seven = test::subscription_identifier(7);
  const std::string other = test::subscription_identifier(200'000'000);
  script.broker->send(publish({"t", "1", 1, 1}, kLevel5, seven) + publish({"t", "1", 1, 2}, kLevel5, other) +
                      publish({"t", large, 1, 3}, kLevel5, other) + publish({"t", "1", 1, 4, true}, kLevel5, seven) +
                      publish({"t", "1", 1, 5}, kLevel5) + publish({"t", "1", 1, 6}, kLevel5, seven + other));
  const auto seen = script.events(7);
  std::vector<std::uint32_t> subscriptions;
  for (std::size_t i = 1; i < seen.size(); ++i) subscriptions.push_back(seen[i].message.subscription);
  CHECK(subscriptions == std::vector<std::uint32_t>{7, 200'000'000, 200'000'000, 7, 0, 0});
  CHECK(seen[3].message.oversized);
  // Each copy has a packet id of its own, and each is acknowledged, whoever takes it.
  script.gate.release(1, 6);
  CHECK(script.broker->receive(24) == puback(1) + puback(2) + puback(3) + puback(4) + puback(5) + puback(6));
}

TEST_CASE("PUBACKs leave oldest first, group by group, each once") {
  GateScript script;
  script.open();
  std::string stream;
  for (unsigned id = 1; id <= 1000; ++id) stream += publish({"t", "1", 1, id * 7}, kLevel5);
  script.broker->send(stream);
  script.events(1001);
  unsigned next = 1;
  for (const std::uint64_t upto : {1u, 5u, 5u, 3u, 400u, 1000u, 5000u}) {
    script.gate.release(1, upto);
    std::string expected;
    for (; next <= std::min<std::uint64_t>(upto, 1000); ++next) expected += puback(next * 7);
    CHECK(script.broker->receive(expected.size()) == expected);
  }
  CHECK(script.broker->stays_quiet(test::Deadline(50)));
}

TEST_CASE("the release of an older connection is dropped") {
  GateScript script;
  script.open();
  script.broker->send(publish({"t", "1", 1, 10}, kLevel5));
  script.events(2);
  script.broker->close();
  CHECK(script.events(1).front().kind == Kind::connection_lost);
  CHECK(script.await_end().end == LinkEnd::closed);
  CHECK(script.client->closes());

  script.open(kLevel5, true);
  script.broker->send(publish({"t", "1", 1, 10, true}, kLevel5));
  const auto seen = script.events(2);
  CHECK(seen[0].connection == 2);
  CHECK(seen[1].ordinal == 1);  // ordinals begin anew
  script.gate.release(1, 1);
  CHECK(script.broker->stays_quiet(test::Deadline(50)));
  script.gate.release(2, 1);
  CHECK(script.broker->receive(4) == puback(10));
}

TEST_CASE("all else passes both ways, byte for byte") {
  GateScript script;
  script.open();
  const std::string subscribe = packet(0x82, u16(1) + std::string("\0", 1) + text("plant/#") + "\x01");
  const std::string from_client[] = {subscribe,
                                     publish({"own", "0", 0, 0}, kLevel5),
                                     publish({"own", "1", 1, 2}, kLevel5),
                                     publish({"own", "2", 2, 3}, kLevel5),
                                     packet(0x62, u16(3)),
                                     packet(0xA2, u16(4) + std::string("\0", 1) + text("old/#"))};
  for (const std::string& bytes : from_client) {
    script.client->send(bytes);
    CHECK(script.broker->receive_packet() == bytes);
  }
  const std::string from_broker[] = {
      packet(0x90, u16(1) + std::string("\0\x01", 2)), puback(2),           packet(0x50, u16(3)), packet(0x70, u16(3)),
      packet(0xB0, u16(4) + std::string("\0\x00", 2)), packet(0xE0, "\x8B")};
  for (const std::string& bytes : from_broker) {
    script.broker->send(bytes);
    CHECK(script.client->receive_packet() == bytes);
  }
  CHECK(script.client->closes());
  CHECK(script.broker->closes());
  const LinkReport report = script.await_end();
  CHECK(report.end == LinkEnd::closed);
  CHECK(report.reason_code == 0x8B);
  CHECK(report.sentence.find("server shutting down") != std::string::npos);
}

TEST_CASE("our DISCONNECT reaches the broker after the last PUBACKs, with its reason, and the end is orderly") {
  GateScript script;
  script.open();
  script.broker->send(publish({"t", "1", 1, 10}, kLevel5) + publish({"t", "1", 1, 11}, kLevel5));
  script.events(3);
  script.gate.release(1, 1);
  const std::string goodbye = packet(0xE0, "\x04");
  await([&] { return script.gate.figures().acknowledgements == 1; }, "the release");
  script.client->send(goodbye);
  CHECK(script.broker->receive(4) == puback(10));
  // A ping to retire may stand between.
  std::string last = script.broker->receive_packet();
  if (last == kPingreq) last = script.broker->receive_packet();
  CHECK(last == goodbye);
  script.broker->send(publish({"t", "late", 1, 12}, kLevel5));  // is not taken any more
  CHECK(script.broker->closes());
  script.broker->close();
  CHECK(script.await_end().end == LinkEnd::stopped);
  CHECK(script.events(1).front().kind == Kind::connection_lost);
}

TEST_CASE("a full queue stops the reading, half of it starts it again, and nothing is lost or reordered") {
  MqttSettings settings;
  settings.queue_bytes = 256 * 1024;
  GateScript script(settings);
  script.open();
  const unsigned count = 40'000;
  std::thread sender([&] {
    const std::string payload(200, 'p');
    for (unsigned i = 1; i <= count; i += 100) {
      std::string stream;
      for (unsigned k = i; k < i + 100; ++k) stream += publish({"t", payload + std::to_string(k), 0, 0}, kLevel5);
      script.broker->send(stream);
    }
  });
  await([&] { return script.gate.figures().paused; }, "the pause");
  const GateFigures paused = script.gate.figures();
  CHECK(paused.queue_bytes >= settings.queue_bytes);
  CHECK(paused.queue_bytes < settings.queue_bytes + 400 * 1024);  // one read more, at most
  std::vector<test::Seen> seen;
  while (seen.size() < count + 1) script.drain(seen, seconds(10));
  sender.join();
  bool in_order = true;
  for (unsigned i = 1; i <= count; ++i) in_order &= seen[i].payload.substr(200) == std::to_string(i);
  CHECK(in_order);
  CHECK(script.gate.figures().pauses > 1);
  await([&] { return !script.gate.figures().paused; }, "the end of the pause");
}

TEST_CASE("a payload of 250 MB is reported as oversized and acknowledged; memory does not grow") {
  GateScript script;
  script.open();
  const std::size_t size = 250'000'000;
  const auto resident_kib = [] {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
    }
    return 0L;
  };
  const long before = resident_kib();
  long most = before;
  script.broker->send(publish({"t", "before", 1, 1}, kLevel5) + test::publish_head({"big", "", 1, 2}, kLevel5, size));
  const std::string piece(1'000'000, 'b');
  for (std::size_t sent = 0; sent < size; sent += piece.size()) {
    script.broker->send(piece);
    most = std::max(most, resident_kib());
  }
  script.broker->send(publish({"t", "after", 1, 3}, kLevel5));
  const auto seen = script.events(4);
  CHECK(seen[1].payload == "before");
  CHECK(seen[2].topic == "big");
  CHECK(seen[2].message.oversized);
  CHECK(seen[2].message.payload_size == size);
  CHECK(seen[2].payload == std::string(256, 'b'));
  CHECK(seen[3].payload == "after");
  CHECK(most - before < 8 * 1024);
  CHECK(script.gate.figures().oversized == 1);
  script.gate.release(1, 3);
  CHECK(script.broker->receive(12) == puback(1) + puback(2) + puback(3));
}

TEST_CASE("a PUBLISH of QoS 2 ends the connection, with DISCONNECT; what came before it is kept") {
  GateScript script;
  script.open();
  script.broker->send(publish({"t", "good", 1, 1}, kLevel5) + publish({"t", "bad", 2, 2}, kLevel5));
  const auto seen = script.events(3);
  CHECK(seen[1].payload == "good");
  CHECK(seen[2].kind == Kind::connection_lost);
  const LinkReport report = script.await_end();
  CHECK(report.end == LinkEnd::protocol_error);
  CHECK(report.sentence.find("QoS 2") != std::string::npos);
  CHECK(script.broker->receive_packet() == std::string("\xE0\x01\x82", 3));
  CHECK(script.broker->closes());
}

TEST_CASE("under load reads are coalesced, at rest a message is read at once") {
  MqttSettings settings;
  settings.read_interval = milliseconds(20);
  GateScript script(settings);
  script.open();
  script.events(1);
  const std::uint64_t reads_before = script.gate.figures().reads;
  const auto begin = std::chrono::steady_clock::now();
  for (unsigned i = 0; i < 2000; ++i) script.broker->send(publish({"t", "1", 0, 0}, kLevel5));
  script.events(2000);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  const std::uint64_t reads = script.gate.figures().reads - reads_before;
  CHECK(reads <= static_cast<std::uint64_t>(took.count()) / 20 + 2);
}

TEST_CASE("a gate that is stopped in any state comes to its end, and its sockets are closed") {
  {
    GateScript script;
    Wire guest = Wire::connect_to(script.gate.port());
    script.gate.stop();
    CHECK(guest.closes());
  }
  {
    GateScript script;
    Wire client = script.knock(*script.gate.admit());
    Wire broker = script.listener.accept();
    script.gate.stop();
    CHECK(client.closes());
    CHECK(broker.closes());
  }
  {
    MqttSettings settings;
    settings.queue_bytes = 1;
    GateScript script(settings);
    script.open();
    await([&] { return script.gate.figures().paused; }, "the pause");
    script.gate.stop();
    CHECK(script.broker->closes());
  }
}

TEST_CASE("after stop_intake nothing more is read, but acknowledgements and DISCONNECT go out") {
  GateScript script;
  script.open();
  script.broker->send(publish({"t", "1", 1, 1}, kLevel5));
  script.events(2);
  script.gate.stop_intake();
  // A read under way may still bring one chunk.
  script.broker->send(publish({"t", "2", 1, 2}, kLevel5));
  script.broker->send(publish({"t", "3", 1, 3}, kLevel5));
  script.gate.release(1, 1);
  CHECK(script.broker->receive(4) == puback(1));
  script.client->send(packet(0xE0, ""));
  std::string last = script.broker->receive_packet();
  if (last == kPingreq) last = script.broker->receive_packet();
  CHECK(last == packet(0xE0, ""));
  CHECK(script.broker->closes());
}

}  // namespace
}  // namespace tidemark
