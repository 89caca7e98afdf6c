// One end of a TCP connection for scripts: every wait has a deadline, and a deadline missed throws.
#pragma once

#include <poll.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tidemark::test {

struct Missed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using Deadline = std::chrono::milliseconds;
inline constexpr Deadline kPatience{10'000};

class Wire {
 public:
  explicit Wire(boost::asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}
  static Wire connect_to(std::uint16_t port);

  void send(std::string_view bytes);

  /// Exactly `size` bytes.
  std::string receive(std::size_t size, Deadline patience = kPatience);
  /// One MQTT packet.
  std::string receive_packet(Deadline patience = kPatience);
  /// Whether the other end closes (or resets), whatever comes before that.
  bool closes(Deadline patience = kPatience);
  /// Whether nothing at all comes for so long.
  bool stays_quiet(Deadline time);

  void close() { socket_.close(); }

 private:
  bool readable(Deadline patience);
  static boost::asio::io_context& context();

  boost::asio::ip::tcp::socket socket_;
  std::string held_;
};

/// Listens on a free port of loopback.
class Listener {
 public:
  Listener();
  [[nodiscard]] std::uint16_t port() const;
  Wire accept(Deadline patience = kPatience);
  bool stays_quiet(Deadline time);

 private:
  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
};

/// Polls until `condition()` or throws.
template <typename Condition>
void await(Condition&& condition, const char* what, Deadline patience = kPatience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) throw Missed(std::string("waited in vain: ") + what);
    ::poll(nullptr, 0, 1);
  }
}

std::uint16_t free_port();

}  // namespace tidemark::test
