// Who gets in at the gate, and how it gets in at the broker.
#include "gateway/mqtt/gate.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <unistd.h>

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
using test::text;
using test::Wire;

const std::string kPingreq("\xC0\x00", 2);
const std::string kPingresp("\xD0\x00", 2);

TEST_CASE("the gate listens on 127.0.0.1 and nowhere else") {
  GateScript script;
  char port[8];
  std::snprintf(port, sizeof port, ":%04X", script.gate.port());
  // proc(5): the second column of a listening socket (state 0A) is its address; 127.0.0.1 in host byte order.
  std::vector<std::string> addresses;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream lines(table);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream columns(line);
      std::string number, local, remote, state;
      columns >> number >> local >> remote >> state;
      if (state == "0A" && local.ends_with(port)) addresses.push_back(local);
    }
  }
  CHECK(addresses == std::vector<std::string>{"0100007F" + std::string(port)});
}

TEST_CASE("who does not know the secret is refused, and a secret opens once") {
  GateScript script;
  const std::string secret = *script.gate.admit();
  CHECK(script.knock("wrong").closes());
  CHECK(script.knock("").closes());
  Wire babbler = Wire::connect_to(script.gate.port());
  babbler.send("GET / HTTP/1.1\r\n\r\n");
  CHECK(babbler.closes());
  CHECK(script.listener.stays_quiet(test::Deadline(50)));
  CHECK(script.gate.figures().refused_clients == 3);

  // A newer secret makes the older void.
  const std::string newer = *script.gate.admit();
  CHECK(script.knock(secret).closes());
  Wire ours = script.knock(newer);
  Wire broker = script.listener.accept();
  CHECK(broker.receive_packet().find(newer) == std::string::npos);
  ours.close();
  CHECK(script.await_end().end == LinkEnd::client_gone);
  CHECK(script.knock(newer).closes());
}

TEST_CASE("strangers who say nothing are closed after a while, and only so many may wait") {
  GateScript script;
  std::vector<Wire> guests;
  for (int i = 0; i < 8; ++i) guests.push_back(Wire::connect_to(script.gate.port()));
  CHECK(Wire::connect_to(script.gate.port()).closes(test::Deadline(2000)));
  CHECK_FALSE(guests.front().closes(test::Deadline(100)));
  for (Wire& guest : guests) CHECK(guest.closes());
  script.open();  // and then there is room for us
}

TEST_CASE("while a connection is open a second one is refused, even with a secret") {
  GateScript script;
  script.open();
  CHECK(script.knock(*script.gate.admit()).closes());
  CHECK(script.gate.report().open);
  script.client->send(kPingreq);
  CHECK(script.client->receive(2) == kPingresp);
}

TEST_CASE("the broker gets the configured user and the password in its file, read at each connect") {
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("tidemark-" + std::to_string(::getpid()));
  MqttSettings settings;
  settings.username = "plant";
  settings.password_file = file;
  GateScript script(settings);

  const auto connect_with = [&](std::string_view content) {
    std::ofstream(file) << content;
    Wire client = script.knock(*script.gate.admit());
    Wire broker = script.listener.accept();
    const std::string bytes = broker.receive_packet();
    broker.close();
    client.closes();
    return bytes;
  };
  CHECK(connect_with("first\n").ends_with(text("plant") + text("first")));
  await([&] { return script.gate.report().end != LinkEnd::none; }, "the end");
  CHECK(connect_with("se cond\r\n").ends_with(text("plant") + text("se cond")));
  await([&] { return script.gate.report().connection == 2 && script.gate.report().end != LinkEnd::none; }, "the end");

  std::filesystem::remove(file);
  Wire client = script.knock(*script.gate.admit());
  CHECK(client.closes());
  const LinkReport report = script.await_end();
  CHECK(report.end == LinkEnd::credentials);
  CHECK(report.sentence.find(file.string()) != std::string::npos);
}

TEST_CASE("how an attempt failed is known: refused, version, closed, no answer, unreachable, taken over") {
  const auto answer = [](std::uint8_t level, const std::string& bytes, bool close) {
    MqttSettings settings;
    settings.connect_timeout = milliseconds(500);
    GateScript script(settings);
    Wire client = script.knock(*script.gate.admit(), level);
    Wire broker = script.listener.accept();
    broker.receive_packet();
    if (!bytes.empty()) broker.send(bytes);
    if (close) broker.close();
    const LinkReport report = script.await_end();
    std::vector<test::Seen> seen;
    script.drain(seen);
    for (const auto& one : seen) CHECK((one.kind == Kind::session_opened || one.kind == Kind::connection_lost));
    return report;
  };
  LinkReport report = answer(kLevel5, test::connack(kLevel5, false, 0x87), false);
  CHECK(report.end == LinkEnd::refused);
  CHECK(report.reason_code == 0x87);
  CHECK(report.sentence.find("not authorized") != std::string::npos);
  CHECK(answer(kLevel3_1_1, test::connack(kLevel3_1_1, false, 5), true).end == LinkEnd::refused);
  CHECK(answer(kLevel5, test::connack(kLevel5, false, 0x84), false).end == LinkEnd::version_refused);
  CHECK(answer(kLevel5, test::connack(kLevel3_1_1, false, 1), true).end == LinkEnd::version_refused);
  CHECK(answer(kLevel5, "", true).end == LinkEnd::closed_unanswered);
  CHECK(answer(kLevel5, "", false).end == LinkEnd::no_answer);
  CHECK(answer(kLevel5, "HTTP/1.1 400 Bad Request\r\n\r\n", false).end == LinkEnd::protocol_error);
  CHECK(answer(kLevel5, kPingresp + puback(1), false).end == LinkEnd::protocol_error);
  CHECK(answer(kLevel5, test::connack(kLevel5, false, 0) + packet(0xE0, "\x8E"), false).end == LinkEnd::taken_over);

  MqttSettings nowhere;
  GateScript script(nowhere);
  MessageQueue queue(1000);
  nowhere.port = test::free_port();
  Gate gate(nowhere, queue);
  REQUIRE(gate.start());
  Wire client = Wire::connect_to(gate.port());
  client.send(test::connect(kLevel5, "id", "tidemark", *gate.admit()));
  CHECK(client.closes());
  await([&] { return gate.report().end != LinkEnd::none; }, "the end");
  CHECK(gate.report().end == LinkEnd::unreachable);
  CHECK(gate.report().sentence.find("refused") != std::string::npos);
}

}  // namespace
}  // namespace tidemark
