// The admin HTTP server: transport only. What is asked and answered is the routes' business.
//
// Operation: `start` listens and serves on one thread; `stop` ends it. GET, HEAD, and POST for what changes something,
// which a page of another origin in somebody's browser may not send; a token, where one is set, comes as
// `Authorization: Bearer TOKEN`. At most kMostConnections at once: whoever comes later is told 503.
// Concurrency: the handler is called on the server's thread and must not block; its answer may be given on any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "edge/bytes/result.h"

namespace tidemark {

enum class AdminError : std::uint8_t { listen, token };

struct AdminSettings {
  std::string unix_path;  // not empty: a unix socket
  std::string address = "127.0.0.1";
  std::uint16_t port = 8377;  // 0: any free one
  std::string token;          // empty: none asked
};

struct AdminRequest {
  std::string path;                          // "/log"
  std::map<std::string, std::string> query;  // decoded
  bool post = false;
};

/// The next piece of a streamed body. Nullopt: the end. Empty: nothing yet, ask again a little later.
using AdminPiece = std::function<void(std::optional<std::string>)>;

struct AdminResponse {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::function<void(AdminPiece)> more;  // set: the body goes on, piece by piece, until the reader leaves
};

using AdminHandler = std::function<void(const AdminRequest&, std::function<void(AdminResponse)>)>;

class AdminServer {
 public:
  AdminServer(AdminSettings settings, AdminHandler handler);
  ~AdminServer();  // as `stop`
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  Result<void, AdminError> start();
  void stop();

  /// After `start`, of a TCP socket.
  [[nodiscard]] std::uint16_t port() const;

  static constexpr std::size_t kMostConnections = 16;

 private:
  class Listener;
  std::unique_ptr<Listener> listener_;
};

}  // namespace tidemark
