#include "tests/unit/mqtt/mosquitto.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "tests/unit/mqtt/packet_builders.h"
#include "tests/unit/mqtt/wire.h"

namespace tidemark::test {
namespace {

constexpr const char* kProgram = "/usr/sbin/mosquitto";

pid_t spawn(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  const int failed = posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw Missed("cannot start " + command[0]);
  return pid;
}

}  // namespace

int run(const std::vector<std::string>& command) {
  int status = 0;
  ::waitpid(spawn(command), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool Mosquitto::installed() {
  return ::access(kProgram, X_OK) == 0;
}

Mosquitto::Mosquitto(std::string settings, std::string listener) : port_(free_port()) {
  std::ofstream config(folder_.path() / "mosquitto.conf");
  config << "listener " << port_ << " 127.0.0.1\n"
         << listener << settings << "persistence true\npersistence_location " << folder_.path().string()
         << "/\nmax_queued_messages 0\n";
  // mosquitto gives up root for a user of its own, who must reach its files.
  if (::geteuid() == 0) config << "user root\n";
  config.close();
  start();
}

Mosquitto::~Mosquitto() {
  stop(SIGKILL);
}

void Mosquitto::start() {
  pid_ = spawn({kProgram, "-c", (folder_.path() / "mosquitto.conf").string()});
  await(
      [this] {
        try {
          Wire::connect_to(port_);
          return true;
        } catch (const std::exception&) {
          return false;
        }
      },
      "mosquitto");
}

void Mosquitto::stop(int signal) {
  if (pid_ == 0) return;
  ::kill(pid_, signal);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

void Publisher::publish(unsigned first, unsigned end) const {
  unsigned acknowledged = first;  // all below have been
  await([&] { return publish_some(acknowledged, end); }, "the publisher", Deadline(60'000));
}

bool Publisher::publish_some(unsigned& acknowledged, unsigned end) const {
  try {
    Wire wire = Wire::connect_to(port_);
    std::string hello = text("MQTT") + std::string("\x04\x02", 2) + u16(60) + text("");
    wire.send(packet(0x10, hello));
    wire.receive(4);
    unsigned sent = acknowledged;
    while (acknowledged < end) {
      std::string bytes;
      for (; sent < end && sent < acknowledged + 1000; ++sent) {
        const std::string topic = "topic/" + std::to_string(sent);
        const std::string payload = std::to_string(sent);
        bytes += test::publish({topic, payload, 1, sent % 65'000 + 1}, mqtt::kLevel3_1_1);
      }
      if (!bytes.empty()) wire.send(bytes);
      wire.receive(4);  // mosquitto acknowledges in order
      ++acknowledged;
    }
    return true;
  } catch (const std::exception&) {
    return false;  // the broker is away
  }
}

}  // namespace tidemark::test
