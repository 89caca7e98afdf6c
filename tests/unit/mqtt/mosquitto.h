// A real mosquitto on a free port of loopback, with a configuration and a folder of its own.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/folder.h"

namespace tidemark::test {

/// Runs a program to its end; its exit status. What it prints is thrown away.
int run(const std::vector<std::string>& command);

class Mosquitto {
 public:
  /// Whether there is one on this machine.
  static bool installed();

  /// `listener` and `settings` are lines of its configuration; the port is chosen.
  explicit Mosquitto(std::string settings = "allow_anonymous true\n", std::string listener = "");
  ~Mosquitto();
  Mosquitto(const Mosquitto&) = delete;
  Mosquitto& operator=(const Mosquitto&) = delete;

  void start();
  /// SIGTERM or another signal, and waits for its end.
  void stop(int signal);

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  Folder folder_;
  std::uint16_t port_;
  pid_t pid_ = 0;
};

/// Publishes over 3.1.1 at QoS 1, with at most 1,000 messages on their way. Comes back over a broker's restart: what
/// was not acknowledged is sent again.
class Publisher {
 public:
  explicit Publisher(std::uint16_t port) : port_(port) {}
  /// "topic/<n>" with the number as payload, for first <= n < end.
  void publish(unsigned first, unsigned end) const;

 private:
  bool publish_some(unsigned& acknowledged, unsigned end) const;
  std::uint16_t port_;
};

}  // namespace tidemark::test
