// One request over HTTP and its answer: over TCP or a unix socket, with a limit on every wait.
//
// Operation: `connect`, `ask`, then `read` until it gives less than there was room for, or `rest`. A failure ends the
// exchange. `ask_http` does all of it. Concurrency: one thread; every call blocks. Limitations: no TLS; a request has
// no body; no limit holds while a host's name is looked up.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "edge/bytes/result.h"
#include "edge/time/instant.h"

namespace tidemark {

/// The context is the system's or the parser's own word for it, without the place.
enum class HttpError : std::uint8_t {
  nobody,  // no connection
  silent,  // a limit has passed
  broken,  // the connection ended too soon, what came is not HTTP, or its body is over the limit
};

struct HttpPlace {
  std::string unix_path;  // not empty: of a unix socket
  std::string host;       // a name or an address, IPv6 without brackets
  std::uint16_t port = 0;
};

struct HttpLimits {
  Duration silence = seconds(30);           // of each wait: one address, the request, the answer's head, each `read`
  std::optional<Duration> whole;            // of all of them together, from when the exchange was made
  std::optional<std::uint64_t> body_bytes;  // a larger body is not read to its end
};

struct HttpRequest {
  enum class Verb : std::uint8_t { get, post };
  Verb verb = Verb::get;
  std::string target;  // "/log?from=1"
  std::string token;   // for Authorization: Bearer; empty: none
};

struct HttpAnswer {
  unsigned status = 0;
  std::string body;
};

class HttpExchange {
 public:
  HttpExchange(HttpPlace place, HttpLimits limits);
  ~HttpExchange();
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  /// Tries every address of the host in turn; the failure is the last one's.
  Result<void, HttpError> connect();

  /// Once, after `connect`. The answer's status, as soon as its head is there.
  Result<unsigned, HttpError> ask(const HttpRequest& request);

  /// What comes next of the body. Fewer bytes than `room` has: its end.
  Result<std::size_t, HttpError> read(std::span<char> room);

  /// What is left of the body.
  Result<std::string, HttpError> rest();

 private:
  class Connection;  // keeps Asio and Beast out of this header: they cost every file that includes them 15 s
  std::unique_ptr<Connection> connection_;
};

/// From the connection to the end of the body.
Result<HttpAnswer, HttpError> ask_http(const HttpPlace& place, const HttpRequest& request, const HttpLimits& limits);

}  // namespace tidemark
