// What the gate and the session cost: messages of one reading come from the real mosquitto at a paced rate (or as fast
// as they go), a pipeline that does nothing releases them every 100 ms. Prints microseconds of this process's CPU a
// message, the publisher being another process.
//   gate_load [--rate MESSAGES_PER_SECOND, 0: as fast as it goes] [--messages N] [--payload BYTES] [--interval
//   MICROSECONDS]
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include "gateway/mqtt/session.h"
#include "tests/unit/mqtt/mosquitto.h"
#include "tests/unit/mqtt/packet_builders.h"
#include "tests/unit/mqtt/wire.h"

namespace {

using namespace tidemark;
using Clock = std::chrono::steady_clock;

struct Load {
  unsigned rate = 10'000;
  unsigned messages = 200'000;
  unsigned payload = 100;
  long interval_us = 5'000;
};

Load read_arguments(int count, char** words) {
  Load load;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view name = words[i];
    const long value = std::strtol(words[i + 1], nullptr, 10);
    if (name == "--rate") load.rate = static_cast<unsigned>(value);
    if (name == "--messages") load.messages = static_cast<unsigned>(value);
    if (name == "--payload") load.payload = static_cast<unsigned>(value);
    if (name == "--interval") load.interval_us = value;
  }
  return load;
}

/// QoS 1, one PUBLISH a write, as devices send them; PUBACKs are read as they come.
void publish(std::uint16_t port, const Load& load) {
  test::Wire wire = test::Wire::connect_to(port);
  wire.send(test::packet(0x10, test::text("MQTT") + std::string("\x04\x02", 2) + test::u16(60) + test::text("")));
  wire.receive(4);
  std::thread reader([&] {
    for (unsigned i = 0; i < load.messages; ++i) wire.receive(4, test::Deadline(60'000));
  });
  const std::string payload(load.payload, '7');
  const auto begin = Clock::now();
  for (unsigned i = 0; i < load.messages; ++i) {
    const std::string topic = "plant/" + std::to_string(i % 1000) + "/climate";
    wire.send(test::publish({topic, payload, 1, i % 65'000 + 1}, mqtt::kLevel3_1_1));
    if (load.rate > 0 && i % 10 == 9) {
      std::this_thread::sleep_until(begin + std::chrono::nanoseconds(1'000'000'000ull * (i + 1) / load.rate));
    }
  }
  reader.join();
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

}  // namespace

int main(int count, char** words) {
  const Load load = read_arguments(count, words);
  if (!test::Mosquitto::installed()) {
    std::puts("mosquitto is not installed");
    return 2;
  }
  test::Mosquitto broker("allow_anonymous true\nmax_inflight_messages 0\n");
  const pid_t publisher = ::fork();
  if (publisher == 0) {
    ::raise(SIGSTOP);  // until the subscriber is there
    publish(broker.port(), load);
    ::_exit(0);
  }

  MqttSettings settings;
  settings.port = broker.port();
  settings.client_id = "gate-load";
  settings.subscriptions = {{"plant/#"}};
  settings.read_interval = nanoseconds(load.interval_us * 1000);
  MessageQueue queue(settings.queue_bytes);
  Gate gate(settings, queue);
  Session session(settings, gate, {});
  if (!session.start()) return 2;
  test::await([&] { return session.status().connected; }, "the session");

  ::kill(publisher, SIGCONT);
  std::vector<MessageChunk> chunks;
  std::uint64_t connection = 0;
  std::uint64_t ordinal = 0;
  unsigned received = 0;
  double cpu = cpu_seconds();
  auto begin = Clock::now();
  auto release = begin;
  while (received < load.messages) {
    queue.wait_pop(chunks, milliseconds(100));
    if (received == 0) cpu = cpu_seconds(), begin = Clock::now();
    for (const MessageChunk& chunk : chunks) {
      for (const GateEvent& event : chunk.events) {
        if (event.kind != GateEvent::Kind::publish) continue;
        ++received;
        connection = chunk.connection;
        ordinal = event.ordinal;
      }
    }
    chunks.clear();
    if (Clock::now() - release >= std::chrono::milliseconds(100) || received == load.messages) {
      release = Clock::now();
      gate.release(connection, ordinal);
    }
  }
  const double took = std::chrono::duration<double>(Clock::now() - begin).count();
  cpu = cpu_seconds() - cpu;
  std::printf("%u messages of %u bytes: %.0f a second, %.2f us of CPU a message, %llu reads\n", received, load.payload,
              received / took, cpu / received * 1e6, static_cast<unsigned long long>(gate.figures().reads));
  session.stop();
  ::kill(publisher, SIGKILL);
  ::waitpid(publisher, nullptr, 0);
}
