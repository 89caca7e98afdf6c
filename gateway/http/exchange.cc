#include "gateway/http/exchange.h"

#include <algorithm>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <utility>

namespace tidemark {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using Protocol = asio::generic::stream_protocol;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kPiece = 64 * 1024;

tl::unexpected<Failure<HttpError>> failed(error_code error, HttpError otherwise) {
  return fail(error == asio::error::timed_out ? HttpError::silent : otherwise, error.message());
}

}  // namespace

class HttpExchange::Connection {
 public:
  Connection(HttpPlace place, HttpLimits limits) : place_(std::move(place)), silence_(limits.silence.ns) {
    if (limits.whole) until_ = Clock::now() + std::chrono::nanoseconds(limits.whole->ns);
    if (limits.body_bytes) {
      parser_.body_limit(*limits.body_bytes);
    } else {
      parser_.body_limit(boost::none);
    }
  }

  error_code connect() {
    if (!place_.unix_path.empty()) {
      // Asio throws for such a path.
      if (place_.unix_path.size() >= sizeof(sockaddr_un::sun_path)) return asio::error::name_too_long;
      const Protocol::endpoint endpoint = asio::local::stream_protocol::endpoint(place_.unix_path);
      return await([&](auto done) { stream_.async_connect(endpoint, done); });
    }
    asio::ip::tcp::resolver resolver(io_);
    error_code error;
    const auto found = resolver.resolve(place_.host, std::to_string(place_.port), error);
    if (error) return error;
    for (const auto& entry : found) {
      const Protocol::endpoint endpoint = entry.endpoint();
      error = await([&](auto done) { stream_.async_connect(endpoint, done); });
      if (!error) break;
      stream_.close();
    }
    return error;
  }

  error_code ask(const HttpRequest& asked) {
    http::request<http::empty_body> request(asked.verb == HttpRequest::Verb::post ? http::verb::post : http::verb::get,
                                            asked.target, 11);
    request.set(http::field::host, place_.unix_path.empty() ? place_.host : "localhost");
    request.set(http::field::user_agent, "tidemark");
    request.set(http::field::connection, "close");
    if (!asked.token.empty()) request.set(http::field::authorization, "Bearer " + asked.token);
    request.prepare_payload();
    const error_code error = await([&](auto done) { http::async_write(stream_, request, done); });
    if (error) return error;
    return await([&](auto done) { http::async_read_header(stream_, buffer_, parser_, done); });
  }

  [[nodiscard]] unsigned status() const { return parser_.get().result_int(); }

  error_code read(std::span<char> room, std::size_t& size) {
    size = 0;
    if (parser_.is_done() || room.empty()) return {};
    auto& body = parser_.get().body();
    body.data = room.data();
    body.size = room.size();
    const error_code error = await([&](auto done) { http::async_read(stream_, buffer_, parser_, done); });
    size = room.size() - body.size;
    // The room is full, and there is more.
    return error == http::error::need_buffer ? error_code() : error;
  }

 private:
  /// Starts an asynchronous operation and waits for it: the only way to have a time limit on it.
  template <typename Start>
  error_code await(Start start) {
    error_code result = asio::error::timed_out;
    stream_.expires_at(std::min(Clock::now() + silence_, until_));
    start([&result](error_code error, auto...) { result = error; });
    io_.restart();
    io_.run();
    return result == beast::error::timeout ? error_code(asio::error::timed_out) : result;
  }

  const HttpPlace place_;
  const std::chrono::nanoseconds silence_;
  Clock::time_point until_ = Clock::time_point::max();
  asio::io_context io_{1};
  beast::basic_stream<Protocol> stream_{io_};
  beast::flat_buffer buffer_;
  http::response_parser<http::buffer_body> parser_;
};

HttpExchange::HttpExchange(HttpPlace place, HttpLimits limits)
    : connection_(std::make_unique<Connection>(std::move(place), limits)) {}

HttpExchange::~HttpExchange() = default;

Result<void, HttpError> HttpExchange::connect() {
  if (const error_code error = connection_->connect()) return failed(error, HttpError::nobody);
  return {};
}

Result<unsigned, HttpError> HttpExchange::ask(const HttpRequest& request) {
  if (const error_code error = connection_->ask(request)) return failed(error, HttpError::broken);
  return connection_->status();
}

Result<std::size_t, HttpError> HttpExchange::read(std::span<char> room) {
  std::size_t size = 0;
  if (const error_code error = connection_->read(room, size)) return failed(error, HttpError::broken);
  return size;
}

Result<std::string, HttpError> HttpExchange::rest() {
  std::string body;
  for (;;) {
    const std::size_t had = body.size();
    body.resize(had + kPiece);
    const auto size = read(std::span(body).subspan(had));
    if (!size) return tl::unexpected(size.error());
    body.resize(had + *size);
    if (*size < kPiece) return body;
  }
}

Result<HttpAnswer, HttpError> ask_http(const HttpPlace& place, const HttpRequest& request, const HttpLimits& limits) {
  HttpExchange exchange(place, limits);
  if (auto connected = exchange.connect(); !connected) return tl::unexpected(connected.error());
  const auto status = exchange.ask(request);
  if (!status) return tl::unexpected(status.error());
  auto body = exchange.rest();
  if (!body) return tl::unexpected(body.error());
  return HttpAnswer{*status, *std::move(body)};
}

}  // namespace tidemark
