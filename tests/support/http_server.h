// A server for the tests of those who ask over HTTP: it answers what a test wrote down, also what no server would say.
#pragma once

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace tidemark::test {

/// Gives each connection the next answer and keeps what was asked. Without an answer left it takes no connection: the
/// kernel does, and nothing ever comes.
class HttpServer {
 public:
  enum class Afterwards : std::uint8_t { close, hold };  // the connection; held ones are closed at the end

  /// On a free port of loopback, or at this path.
  explicit HttpServer(std::vector<std::string> answers, const std::string& unix_path = {},
                      Afterwards afterwards = Afterwards::close);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// After as many connections as there are answers.
  const std::vector<std::string>& asked();

 private:
  void listen_on_tcp();
  void listen_on(const std::string& path);
  void serve();
  void answer(int connection, const std::string& text);

  const std::vector<std::string> answers_;
  const Afterwards afterwards_;
  std::vector<std::string> asked_;
  std::vector<int> held_;
  std::uint16_t port_ = 0;
  int socket_ = -1;
  std::thread thread_;
};

/// A whole answer of status 200 whose body comes in chunks of so many bytes.
std::string chunked(const std::string& body, std::size_t chunk);

}  // namespace tidemark::test
