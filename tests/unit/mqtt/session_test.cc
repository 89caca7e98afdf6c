#include "gateway/mqtt/session.h"

#include <doctest/doctest.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "tests/unit/mqtt/packet_builders.h"
#include "tests/unit/mqtt/wire.h"

namespace tidemark {
namespace {

using mqtt::kLevel3_1_1;
using mqtt::kLevel5;
using test::await;
using test::connack;
using test::packet;
using test::text;
using test::u16;
using test::Wire;

/// A session against a broker that follows the test's script.
struct Script {
  explicit Script(MqttSettings wanted = quick())
      : settings(at(std::move(wanted), listener.port())), queue(settings.queue_bytes), gate(settings, queue) {}

  static MqttSettings quick() {
    MqttSettings settings;
    settings.client_id = "tidemark-7";
    settings.subscriptions = {{"plant/#"}, {"depot/+/power"}};
    settings.back_off_minimum = milliseconds(20);
    settings.back_off_maximum = milliseconds(40);
    settings.take_over_back_off = milliseconds(400);
    return settings;
  }
  static MqttSettings at(MqttSettings settings, std::uint16_t port) {
    settings.port = port;
    return settings;
  }

  void start() { REQUIRE(session.start()); }

  /// The next connection; its CONNECT goes to `hello`.
  Wire next() {
    Wire broker = listener.accept();
    hello = broker.receive_packet();
    return broker;
  }
  std::uint8_t level() const { return static_cast<std::uint8_t>(hello[8]); }

  /// Answers CONNECT and as many SUBSCRIBEs as there are filters with these codes.
  Wire accept(bool present, const std::vector<int>& codes = {1, 1}) {
    Wire broker = next();
    broker.send(connack(level(), present, 0));
    for (const int code : codes) answer_subscribe(broker, code);
    return broker;
  }
  void answer_subscribe(Wire& broker, int code) {
    const std::string bytes = broker.receive_packet();
    REQUIRE(static_cast<unsigned char>(bytes[0]) == 0x82);
    subscribed.push_back(bytes);
    std::string body = bytes.substr(2, 2);
    if (level() == kLevel5) body += '\0';
    broker.send(packet(0x90, body + static_cast<char>(code)));
  }
  void await_connected(bool wanted = true) {
    await([&] { return session.status().connected == wanted; }, "connected");
  }

  test::Listener listener;
  MqttSettings settings;
  MessageQueue queue;
  Gate gate;
  std::mutex mutex;
  std::vector<std::string> hung;  // protected by mutex
  Session session{settings, gate, [this](const std::string& sentence) {
                    const std::lock_guard lock(mutex);
                    hung.push_back(sentence);
                  }};
  std::string hello;
  std::vector<std::string> subscribed;
};

TEST_CASE("CONNECT keeps the session: clean start off, our id, expiry and receive maximum; SUBSCRIBE is at QoS 1") {
  Script script;
  script.start();
  Wire broker = script.accept(false);
  script.await_connected();
  CHECK(script.level() == kLevel5);
  CHECK(static_cast<unsigned char>(script.hello[9]) == 0);  // no clean start, no credentials, no will
  CHECK(script.hello.find(text("tidemark-7")) != std::string::npos);
  CHECK(script.hello.find(std::string("\x11\x00\x09\x3a\x80", 5)) != std::string::npos);  // 604,800 s
  CHECK(script.hello.find(std::string("\x21\x10\x00", 3)) != std::string::npos);          // 4,096
  REQUIRE(script.subscribed.size() == 2);
  // QoS 1; retained messages for a new subscription only.
  CHECK(script.subscribed[0].ends_with(text("plant/#") + "\x11"));
  CHECK(script.subscribed[1].ends_with(text("depot/+/power") + "\x11"));
  const SessionStatus status = script.session.status();
  CHECK(status.version == MqttVersion::v5);
  CHECK(status.connects == 1);
  CHECK(status.reconnects == 0);
  CHECK(status.sessions_lost == 0);
  std::thread stopper([&] { script.session.stop(); });
  CHECK(broker.receive_packet().starts_with("\xE0"));
  CHECK(broker.closes());
  broker.close();
  stopper.join();
}

TEST_CASE("a subscription carries its identifier to a broker that takes it, on every connect") {
  struct Row {
    MqttVersion version;
    std::string properties;
    bool carried;
  };
  const Row rows[] = {{MqttVersion::v5, "", true},
                      {MqttVersion::v5, std::string("\x29\x00", 2), false},
                      {MqttVersion::v3_1_1, "", false}};
  for (const Row& row : rows) {
    MqttSettings settings = Script::quick();
    settings.version = row.version;
    settings.subscriptions = {{"a/+/c", 200'000'000}, {"a/b/+", 7}, {"shop"}};
    Script script(settings);
    script.start();
    for (const bool present : {false, true}) {
      Wire broker = script.next();
      broker.send(connack(script.level(), present, 0, row.properties));
      for (int i = 0; i < 3; ++i) script.answer_subscribe(broker, 1);
      script.await_connected();
      broker.close();
      script.await_connected(false);
    }
    // Behind the packet id: the properties with their length, then the filter.
    const std::string none = row.version == MqttVersion::v5 ? std::string(1, '\0') : std::string();
    const std::string identifiers[] = {row.carried ? "\x05" + test::subscription_identifier(200'000'000) : none,
                                       row.carried ? "\x02" + test::subscription_identifier(7) : none, none};
    const std::string filters[] = {"a/+/c", "a/b/+", "shop"};
    REQUIRE(script.subscribed.size() == 6);
    for (std::size_t i = 0; i < 6; ++i) {
      const std::string& bytes = script.subscribed[i];
      CHECK(bytes.substr(4, bytes.size() - 5) == identifiers[i % 3] + text(filters[i % 3]));
    }
  }
}

TEST_CASE("after a loss it comes back, subscribes again, and counts a session that is gone") {
  Script script;
  script.start();
  {
    Wire broker = script.accept(false);
    script.await_connected();
  }
  Wire second = script.accept(true);
  await([&] { return script.session.status().reconnects == 1 && script.session.status().connected; }, "the return");
  CHECK(script.subscribed.size() == 4);
  CHECK(script.session.status().sessions_lost == 0);
  CHECK(script.session.status().last_error.find("closed the connection") != std::string::npos);
  second.send(packet(0xE0, "\x8B"));
  Wire third = script.accept(false);
  await([&] { return script.session.status().reconnects == 2 && script.session.status().connected; }, "the return");
  CHECK(script.subscribed.size() == 6);
  CHECK(script.session.status().sessions_lost == 1);
  CHECK(script.session.status().last_error.find("server shutting down") != std::string::npos);
}

TEST_CASE("a session that an earlier run had and the broker has not is lost too") {
  MqttSettings settings = Script::quick();
  settings.session_expected = true;
  Script script(settings);
  script.start();
  Wire broker = script.accept(false);
  script.await_connected();
  CHECK(script.session.status().sessions_lost == 1);
}

TEST_CASE("a broker that refuses MQTT 5 is asked again with 3.1.1 at once, in whichever way it says so") {
  for (const std::string& refusal :
       {connack(kLevel5, false, 0x84), connack(kLevel3_1_1, false, 1), connack(kLevel3_1_1, false, 0x84)}) {
    MqttSettings settings = Script::quick();
    settings.back_off_minimum = settings.back_off_maximum = seconds(60);
    Script script(settings);
    script.start();
    {
      Wire broker = script.next();
      CHECK(script.level() == kLevel5);
      broker.send(refusal);
      CHECK(broker.closes());
    }
    Wire broker = script.accept(false);
    script.await_connected();
    CHECK(script.level() == kLevel3_1_1);
    CHECK(static_cast<unsigned char>(script.hello[9]) == 0);
    CHECK(script.subscribed[0].ends_with(text("plant/#") + "\x01"));
    CHECK(script.session.status().version == MqttVersion::v3_1_1);
    std::thread stopper([&] { script.session.stop(); });
    CHECK(broker.receive_packet() == packet(0xE0, ""));
    broker.close();
    stopper.join();
  }
}

TEST_CASE("a broker that closes at MQTT 5 without a word is tried with 3.1.1, and with 5 again if that fails too") {
  Script script;
  script.start();
  std::vector<int> levels;
  for (int i = 0; i < 6; ++i) {
    Wire broker = script.next();
    levels.push_back(script.level());
  }
  CHECK(levels == std::vector<int>{5, 5, 4, 5, 5, 4});
}

TEST_CASE("a configured version is never left") {
  for (const MqttVersion version : {MqttVersion::v5, MqttVersion::v3_1_1}) {
    MqttSettings settings = Script::quick();
    settings.version = version;
    Script script(settings);
    script.start();
    for (int i = 0; i < 3; ++i) {
      Wire broker = script.next();
      CHECK(script.level() == static_cast<int>(version));
      broker.send(connack(script.level(), false, version == MqttVersion::v5 ? 0x84 : 1));
    }
    await([&] { return script.session.status().failures >= 2; }, "failures");
    CHECK(script.session.status().last_error.find("version") != std::string::npos);
  }
}

TEST_CASE("a filter that the broker refuses is reported; the others stay subscribed") {
  for (const bool v5 : {true, false}) {
    MqttSettings settings = Script::quick();
    settings.version = v5 ? MqttVersion::v5 : MqttVersion::v3_1_1;
    Script script(settings);
    script.start();
    Wire broker = script.accept(false, {v5 ? 0x87 : 0x80, 1});
    script.await_connected();
    await([&] { return !script.session.status().refused_filters.empty(); }, "the refusal");
    CHECK(script.session.status().refused_filters == std::vector<std::string>{"plant/#"});
    CHECK(script.gate.report().open);
  }
}

TEST_CASE("filters of an earlier configuration are unsubscribed") {
  MqttSettings settings = Script::quick();
  settings.retired_filters = {"old/#"};
  Script script(settings);
  script.start();
  Wire broker = script.accept(true);
  const std::string bytes = broker.receive_packet();
  CHECK(static_cast<unsigned char>(bytes[0]) == 0xA2);
  CHECK(bytes.ends_with(text("old/#")));
}

TEST_CASE("a take-over backs off for long and raises the flag") {
  Script script;
  script.start();
  {
    Wire broker = script.accept(false);
    script.await_connected();
    broker.send(packet(0xE0, "\x8E"));
    await([&] { return script.session.status().taken_over; }, "the flag");
  }
  CHECK(script.session.status().take_overs == 1);
  CHECK(script.session.status().last_error.find("taken over") != std::string::npos);
  const auto begin = std::chrono::steady_clock::now();
  Wire broker = script.accept(true);
  CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(150));  // not 20 to 40
  script.await_connected();
  CHECK(script.session.status().taken_over);  // until it has lasted
  await([&] { return !script.session.status().taken_over; }, "the flag to fall");
}

TEST_CASE("with 3.1.1, connections closed soon after they opened, three times over, are taken for a take-over") {
  MqttSettings settings = Script::quick();
  settings.version = MqttVersion::v3_1_1;
  Script script(settings);
  script.start();
  for (int i = 0; i < 3; ++i) {
    Wire broker = script.accept(true);
    await([&] { return script.session.status().connected; }, "connected");
    CHECK_FALSE(script.session.status().taken_over);
    broker.close();
    script.await_connected(false);
  }
  await([&] { return script.session.status().taken_over; }, "the flag");
}

TEST_CASE("a broker that does not answer SUBSCRIBE is left and asked anew") {
  MqttSettings settings = Script::quick();
  settings.connect_timeout = seconds(1);
  Script script(settings);
  script.start();
  Wire mute = script.next();
  mute.send(connack(kLevel5, false, 0));
  CHECK(mute.closes());
  Wire broker = script.accept(true);
  script.await_connected();
  CHECK(script.session.status().last_error.find("SUBSCRIBE") != std::string::npos);
}

TEST_CASE("while the pipeline takes nothing a missing SUBACK is waited for") {
  MqttSettings settings = Script::quick();
  settings.connect_timeout = seconds(1);
  settings.queue_bytes = 1;
  Script script(settings);
  script.start();
  Wire broker = script.next();
  broker.send(connack(kLevel5, false, 0));
  const std::string first = broker.receive_packet();
  const std::string second = broker.receive_packet();
  for (const std::string& bytes : {first, second}) {
    broker.send(packet(0x90, bytes.substr(2, 2) + std::string("\0\x01", 2)));
  }
  CHECK_FALSE(broker.closes(test::Deadline(2500)));
  std::vector<MessageChunk> chunks;
  CHECK(script.queue.wait_pop(chunks, seconds(5)));
  script.await_connected();
}

TEST_CASE("a broker that is not there is tried again and again, with the cause in the status, and stop does not wait") {
  MqttSettings settings = Script::quick();
  Script script(settings);
  MqttSettings nowhere = settings;
  nowhere.port = test::free_port();
  MessageQueue queue(1000);
  Gate gate(nowhere, queue);
  Session session(nowhere, gate, {});
  REQUIRE(session.start());
  await([&] { return session.status().failures >= 3; }, "three attempts");
  CHECK(session.status().last_error.find("refused") != std::string::npos);
  CHECK_FALSE(session.status().connected);
  const auto begin = std::chrono::steady_clock::now();
  session.stop();
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(3));
}

TEST_CASE("stop in the middle of an attempt does not wait for the broker") {
  Script script;
  script.start();
  Wire broker = script.next();
  const auto begin = std::chrono::steady_clock::now();
  script.session.stop();
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(3));
  CHECK(broker.closes());
}

TEST_CASE("a call into Paho that does not come back is first helped, then reported as hung, and stop still ends") {
  MqttSettings settings = Script::quick();
  settings.call_limit = milliseconds(30);  // below the time one look at an unanswered CONNECT takes
  Script script(settings);
  script.start();
  Wire broker = script.next();
  await(
      [&] {
        const std::lock_guard lock(script.mutex);
        return !script.hung.empty();
      },
      "the report");
  CHECK(script.session.status().hung_calls >= 1);
  const auto begin = std::chrono::steady_clock::now();
  script.session.stop();
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(3));
}

}  // namespace
}  // namespace tidemark
