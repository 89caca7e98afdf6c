// Session and gate against the real mosquitto.
#include <doctest/doctest.h>
#include <signal.h>

#include <atomic>
#include <fstream>
#include <set>
#include <thread>

#include "gateway/mqtt/session.h"
#include "tests/unit/mqtt/mosquitto.h"
#include "tests/unit/mqtt/packet_builders.h"
#include "tests/unit/mqtt/wire.h"

namespace tidemark {
namespace {

using test::await;
using test::Mosquitto;
using test::Publisher;

#define NEEDS_MOSQUITTO                                                     \
  if (!Mosquitto::installed()) {                                            \
    MESSAGE("SKIPPED: mosquitto is not installed (apt install mosquitto)"); \
    return;                                                                 \
  }

MqttSettings settings_for(const Mosquitto& broker) {
  MqttSettings settings;
  settings.port = broker.port();
  settings.client_id = "tidemark-test";
  settings.subscriptions = {{"topic/#"}};
  settings.back_off_minimum = milliseconds(50);
  settings.back_off_maximum = milliseconds(200);
  return settings;
}

/// A pipeline that counts: what it has taken it releases, a group at a time; a group of 0: never.
class Counter {
 public:
  Counter(MessageQueue& queue, Gate& gate, unsigned group) : queue_(queue), gate_(gate), group_(group) {
    thread_ = std::thread([this] { run(); });
  }
  ~Counter() {
    ended_ = true;
    queue_.wake();
    thread_.join();
  }

  std::atomic<unsigned> distinct{0};
  std::atomic<unsigned> repeated{0};           // came again
  std::atomic<unsigned> repeated_unmarked{0};  // ... without DUP
  std::atomic<unsigned> out_of_order{0};       // first deliveries that came after a later one
  std::atomic<unsigned> opened{0};
  std::atomic<unsigned> lost{0};
  std::atomic<std::uint64_t> retired{0};

 private:
  void run() {
    std::vector<MessageChunk> chunks;
    unsigned in_group = 0;
    std::uint64_t connection = 0;
    std::uint64_t ordinal = 0;
    while (!ended_) {
      if (!queue_.wait_pop(chunks, milliseconds(20))) {
        if (group_ > 0 && in_group > 0) gate_.release(connection, ordinal);
        in_group = 0;
        continue;
      }
      for (const MessageChunk& chunk : chunks) {
        for (const GateEvent& event : chunk.events) {
          if (event.kind == GateEvent::Kind::session_opened) ++opened;
          if (event.kind == GateEvent::Kind::connection_lost) ++lost;
          if (event.kind == GateEvent::Kind::retire) retired = event.ordinal;
          if (event.kind != GateEvent::Kind::publish) continue;
          const Message& message = chunk.messages[event.message];
          const unsigned number = static_cast<unsigned>(std::stoul(std::string(message.payload)));
          if (seen_.insert(number).second) {
            ++distinct;
            if (number + 1 < next_) ++out_of_order;
            next_ = std::max(next_, number + 1);
          } else {
            ++repeated;
            if (!message.duplicate) ++repeated_unmarked;
          }
          connection = chunk.connection;
          if (event.ordinal != 0) ordinal = event.ordinal;
          if (++in_group >= group_ && group_ > 0) {
            gate_.release(connection, ordinal);
            in_group = 0;
          }
        }
      }
      chunks.clear();
    }
  }

  MessageQueue& queue_;
  Gate& gate_;
  const unsigned group_;
  std::atomic<bool> ended_{false};
  std::set<unsigned> seen_;
  unsigned next_ = 0;
  std::thread thread_;
};

struct Appliance {
  explicit Appliance(const MqttSettings& settings, unsigned group = 500)
      : queue(settings.queue_bytes), gate(settings, queue), session(settings, gate, {}), counter(queue, gate, group) {
    REQUIRE(session.start());
  }
  void await_connected() {
    await([this] { return session.status().connected; }, "connected");
  }

  MessageQueue queue;
  Gate gate;
  Session session;
  Counter counter;
};

TEST_CASE("20,000 messages through mosquitto, released in groups, over two restarts of the broker: none is missing") {
  NEEDS_MOSQUITTO
  for (const MqttVersion version : {MqttVersion::v5, MqttVersion::v3_1_1}) {
    Mosquitto broker;
    MqttSettings settings = settings_for(broker);
    settings.version = version;
    settings.retire_interval = milliseconds(20);
    Appliance appliance(settings);
    appliance.await_connected();
    const unsigned count = 20'000;
    std::thread publisher([&] { Publisher(broker.port()).publish(0, count); });
    std::uint64_t connects = 0;
    for (const unsigned at : {5'000u, 12'000u}) {
      await([&] { return appliance.counter.distinct >= at; }, "some messages", test::Deadline(30'000));
      ++connects;
      await([&] { return appliance.session.status().connects == connects; }, "the connection");
      broker.stop(SIGTERM);
      broker.start();
    }
    await([&] { return appliance.counter.distinct == count; }, "all messages", test::Deadline(60'000));
    publisher.join();
    await([&] { return appliance.gate.figures().held_acknowledgements == 0; }, "the last acknowledgement");
    await([&] { return appliance.counter.retired > 0; }, "a retirement");
    await([&] { return appliance.session.status().connects == 3; }, "the last connection");
    const SessionStatus status = appliance.session.status();
    CHECK(status.reconnects == 2);
    CHECK(status.sessions_lost == 0);
    CHECK(appliance.counter.opened == 3);
    CHECK(appliance.counter.lost == 2);
    MESSAGE("came again: " << appliance.counter.repeated.load()
                           << ", of them not marked DUP (the publisher's own repeats): "
                           << appliance.counter.repeated_unmarked.load() << ", reads: " << status.gate.reads);
    // What the publisher sends again after the restart is a new message to mosquitto: at most its window, twice.
    CHECK(appliance.counter.repeated_unmarked <= 2'000);
    appliance.session.stop();
    CHECK_FALSE(appliance.session.status().connected);
  }
}

TEST_CASE("what a PINGRESP has retired does not come again, even over a restart of the broker") {
  NEEDS_MOSQUITTO
  for (const MqttVersion version : {MqttVersion::v5, MqttVersion::v3_1_1}) {
    Mosquitto broker;
    MqttSettings settings = settings_for(broker);
    settings.version = version;
    settings.retire_interval = milliseconds(20);
    Appliance appliance(settings, 15);
    appliance.await_connected();
    Publisher(broker.port()).publish(0, 2'000);
    await([&] { return appliance.counter.retired == 2'000; }, "all to be retired", test::Deadline(30'000));
    broker.stop(SIGTERM);
    broker.start();
    Publisher(broker.port()).publish(2'000, 2'100);
    await([&] { return appliance.counter.distinct == 2'100; }, "the others");
    CHECK(appliance.counter.repeated == 0);
  }
}

TEST_CASE("messages sent while we were away come after a stop and a new start under the same id") {
  NEEDS_MOSQUITTO
  Mosquitto broker;
  MqttSettings settings = settings_for(broker);
  {
    Appliance first(settings);
    first.await_connected();
    Publisher(broker.port()).publish(0, 10);
    await([&] { return first.gate.figures().acknowledgements == 10; }, "the first messages");
    first.session.stop();
  }
  Publisher(broker.port()).publish(10, 3'000);
  settings.session_expected = true;
  Appliance second(settings);
  await([&] { return second.counter.distinct == 2'990; }, "the others");
  CHECK(second.counter.repeated == 0);
  CHECK(second.session.status().sessions_lost == 0);
}

TEST_CASE("with MQTT 5 more than 20 messages come unacknowledged; they come again if never acknowledged") {
  NEEDS_MOSQUITTO
  Mosquitto broker;
  const MqttSettings settings = settings_for(broker);
  {
    Appliance never(settings, 0);
    never.await_connected();
    Publisher(broker.port()).publish(0, 3'000);
    await([&] { return never.gate.figures().publishes_received == 3'000; }, "all messages, unacknowledged");
  }
  Appliance again(settings);
  await([&] { return again.counter.distinct == 3'000; }, "the messages again");
}

TEST_CASE("a broker killed without its memory: the session is counted as lost, and new messages come") {
  NEEDS_MOSQUITTO
  Mosquitto broker;
  Appliance appliance(settings_for(broker));
  appliance.await_connected();
  broker.stop(SIGKILL);
  broker.start();
  await([&] { return appliance.session.status().reconnects == 1 && appliance.session.status().connected; },
        "the return");
  CHECK(appliance.session.status().sessions_lost == 1);
  Publisher(broker.port()).publish(0, 100);
  await([&] { return appliance.counter.distinct == 100; }, "messages");
}

TEST_CASE(
    "another client with our id: mosquitto closes without a word, and the third time it is known for a take-over") {
  NEEDS_MOSQUITTO
  Mosquitto broker;
  MqttSettings settings = settings_for(broker);
  settings.take_over_back_off = seconds(30);
  Appliance appliance(settings);
  for (unsigned i = 0; i < 3; ++i) {
    await([&] { return appliance.session.status().connects == i + 1 && appliance.session.status().connected; }, "us");
    CHECK_FALSE(appliance.session.status().taken_over);
    test::Wire other = test::Wire::connect_to(broker.port());
    other.send(
        test::packet(0x10, test::text("MQTT") + std::string("\x05\x00\x00\x1e\x00", 5) + test::text("tidemark-test")));
    CHECK(other.receive_packet().substr(0, 1) == "\x20");
    await([&] { return !appliance.session.status().connected; }, "the loss");
  }
  await([&] { return appliance.session.status().taken_over; }, "the flag");
}

TEST_CASE("user name and password reach mosquitto; a wrong one is said to be so") {
  NEEDS_MOSQUITTO
  test::Folder folder;
  const std::string users = folder.path() / "users";
  const std::string secret = folder.path() / "secret";
  if (test::run({"mosquitto_passwd", "-b", "-c", users, "plant", "pa:ss word"}) != 0) {
    MESSAGE("SKIPPED: mosquitto_passwd is not installed");
    return;
  }
  Mosquitto broker("allow_anonymous false\npassword_file " + users + "\n");
  MqttSettings settings = settings_for(broker);
  settings.username = "plant";
  settings.password_file = secret;
  std::ofstream(secret) << "wrong\n";
  Appliance appliance(settings);
  await([&] { return appliance.session.status().failures > 0; }, "the refusal");
  CHECK(appliance.session.status().last_error.find("not authorized") != std::string::npos);
  std::ofstream(secret) << "pa:ss word\n";  // put right while it runs
  appliance.await_connected();
}

/// A certificate authority and what it signed.
struct Authority {
  Authority() {
    const auto in = [this](const char* name) { return (folder.path() / name).string(); };
    make("ca", "/CN=Plant CA", "");
    make("other", "/CN=Other CA", "");
    sign("server", "/CN=broker", "subjectAltName=IP:127.0.0.1,DNS:localhost");
    sign("stranger", "/CN=elsewhere", "subjectAltName=DNS:elsewhere.example");
    sign("client", "/CN=tidemark", "subjectAltName=DNS:tidemark");
    ready = std::filesystem::exists(in("client.pem"));
  }
  void make(const std::string& name, const std::string& subject, const std::string&) const {
    test::run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
               "-days", "3650", "-subj", subject, "-keyout", at(name + ".key"), "-out", at(name + ".pem")});
  }
  void sign(const std::string& name, const std::string& subject, const std::string& extension) const {
    std::ofstream(at(name + ".ext")) << extension << "\n";
    test::run({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
               subject, "-keyout", at(name + ".key"), "-out", at(name + ".csr")});
    test::run({"openssl", "x509", "-req", "-in", at(name + ".csr"), "-CA", at("ca.pem"), "-CAkey", at("ca.key"),
               "-CAcreateserial", "-days", "3650", "-extfile", at(name + ".ext"), "-out", at(name + ".pem")});
  }
  [[nodiscard]] std::string at(const std::string& name) const { return (folder.path() / name).string(); }
  [[nodiscard]] std::string listener(const std::string& server, bool mutual) const {
    return "cafile " + at("ca.pem") + "\ncertfile " + at(server + ".pem") + "\nkeyfile " + at(server + ".key") + "\n" +
           (mutual ? "require_certificate true\n" : "");
  }
  test::Folder folder;
  bool ready = false;
};

TEST_CASE("TLS: the broker's certificate and name are checked, ours is shown, and messages flow") {
  NEEDS_MOSQUITTO
  const Authority authority;
  if (!authority.ready) {
    MESSAGE("SKIPPED: openssl is not installed");
    return;
  }
  Mosquitto broker("allow_anonymous true\n", authority.listener("server", true));
  MqttSettings settings = settings_for(broker);
  settings.tls = true;
  settings.ca_file = authority.at("ca.pem");
  settings.cert_file = authority.at("client.pem");
  settings.key_file = authority.at("client.key");

  const auto refusal = [&](const MqttSettings& with) {
    Appliance appliance(with);
    await([&] { return appliance.session.status().failures > 0; }, "the refusal");
    CHECK(appliance.session.status().connects == 0);
    return appliance.session.status().last_error;
  };
  MqttSettings other = settings;
  other.ca_file = authority.at("other.pem");
  CHECK(refusal(other).find("certificate") != std::string::npos);
  other = settings;
  other.ca_file.clear();  // the system's store does not know it
  CHECK(refusal(other).find("certificate") != std::string::npos);
  other = settings;
  other.ca_file = authority.at("nothing.pem");
  CHECK(refusal(other).find("ca_file") != std::string::npos);
  other = settings;
  other.cert_file.clear();
  refusal(other);  // mosquitto wants a client certificate

  for (const char* host : {"127.0.0.1", "localhost"}) {
    settings.host = host;
    settings.client_id = std::string("tidemark-") + host;
    Appliance appliance(settings);
    appliance.await_connected();
  }
}

TEST_CASE("TLS: a certificate of another name is refused, unless checking is switched off; 5,000 messages flow") {
  NEEDS_MOSQUITTO
  const Authority authority;
  if (!authority.ready) {
    MESSAGE("SKIPPED: openssl is not installed");
    return;
  }
  // A second listener without TLS for the publisher.
  const std::uint16_t plain = test::free_port();
  Mosquitto broker("allow_anonymous true\nlistener " + std::to_string(plain) + " 127.0.0.1\n",
                   authority.listener("stranger", false));
  MqttSettings settings = settings_for(broker);
  settings.tls = true;
  settings.ca_file = authority.at("ca.pem");
  {
    Appliance appliance(settings);
    await([&] { return appliance.session.status().failures > 0; }, "the refusal");
    CHECK(appliance.session.status().last_error.find("IP address mismatch") != std::string::npos);
  }
  settings.verify_peer = false;
  Appliance appliance(settings);
  appliance.await_connected();
  Publisher(plain).publish(0, 5'000);
  await([&] { return appliance.counter.distinct == 5'000; }, "the messages");
  CHECK(appliance.counter.out_of_order == 0);
  CHECK(appliance.counter.repeated == 0);
}

}  // namespace
}  // namespace tidemark
