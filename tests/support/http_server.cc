#include "tests/support/http_server.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>
#include <utility>

namespace tidemark::test {
namespace {

void require(bool well, const char* what) {
  if (!well) throw std::runtime_error(std::string("the test's HTTP server: ") + what);
}

}  // namespace

HttpServer::HttpServer(std::vector<std::string> answers, const std::string& unix_path, Afterwards afterwards)
    : answers_(std::move(answers)), afterwards_(afterwards) {
  unix_path.empty() ? listen_on_tcp() : listen_on(unix_path);
  require(listen(socket_, 8) == 0, "listen");
  thread_ = std::thread([this] { serve(); });
}

HttpServer::~HttpServer() {
  // A test that failed before it had asked for all of them is not waited for.
  shutdown(socket_, SHUT_RDWR);
  asked();
  for (const int connection : held_) close(connection);
  close(socket_);
}

const std::vector<std::string>& HttpServer::asked() {
  if (thread_.joinable()) thread_.join();
  return asked_;
}

void HttpServer::listen_on_tcp() {
  socket_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  require(bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
  require(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getsockname");
  port_ = ntohs(address.sin_port);
}

void HttpServer::listen_on(const std::string& path) {
  socket_ = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  require(path.size() < sizeof(address.sun_path), "the path is too long");
  path.copy(address.sun_path, path.size());
  require(bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0, "bind");
}

void HttpServer::serve() {
  for (const std::string& text : answers_) {
    const int connection = accept(socket_, nullptr, nullptr);
    if (connection < 0) return;
    answer(connection, text);
    if (afterwards_ == Afterwards::hold) {
      held_.push_back(connection);
    } else {
      close(connection);
    }
  }
}

void HttpServer::answer(int connection, const std::string& text) {
  std::string request;
  while (request.find("\r\n\r\n") == std::string::npos) {
    char piece[4096];
    const ssize_t got = recv(connection, piece, sizeof(piece), 0);
    if (got <= 0) break;
    request.append(piece, static_cast<std::size_t>(got));
  }
  asked_.push_back(request);
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t wrote = send(connection, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (wrote <= 0) break;
    sent += static_cast<std::size_t>(wrote);
  }
}

std::string chunked(const std::string& body, std::size_t chunk) {
  std::string out = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
  for (std::size_t at = 0; at < body.size(); at += chunk) {
    const std::string part = body.substr(at, chunk);
    char size[20];
    std::snprintf(size, sizeof(size), "%zx\r\n", part.size());
    out += size + part + "\r\n";
  }
  return out + "0\r\n\r\n";
}

}  // namespace tidemark::test
