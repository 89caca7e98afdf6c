#include "gateway/doctor/admin_question.h"

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "gateway/mqtt/chrono.h"

namespace tidemark::doctor {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Protocol = asio::generic::stream_protocol;
using boost::system::error_code;

/// Thousands of streams make megabytes of metrics.
constexpr std::uint64_t kMostBytes = 64ull << 20;

class Question {
 public:
  Question(const LogPlace& place, Duration limit)
      : place_(place), until_(std::chrono::steady_clock::now() + to_chrono(limit)) {}

  Result<AdminAnswer, AdminSilence> ask(const std::string& path) {
    if (const error_code error = connect()) {
      return fail(error == asio::error::timed_out ? AdminSilence::hung : AdminSilence::nobody, error.message());
    }
    http::request<http::empty_body> request(http::verb::get, path, 11);
    request.set(http::field::host, place_.host.empty() ? "localhost" : place_.host);
    request.set(http::field::user_agent, "tidemark-doctor");
    request.set(http::field::connection, "close");
    if (!place_.token.empty()) request.set(http::field::authorization, "Bearer " + place_.token);
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> answer;
    answer.body_limit(kMostBytes);
    error_code error = await([&](auto done) { http::async_write(stream_, request, done); });
    if (!error) error = await([&](auto done) { http::async_read(stream_, buffer, answer, done); });
    if (error)
      return fail(error == asio::error::timed_out ? AdminSilence::hung : AdminSilence::broken, error.message());
    return AdminAnswer{answer.get().result_int(), std::move(answer.get().body())};
  }

 private:
  /// Starts an asynchronous operation and waits for it: the only way to have a time limit on it.
  template <typename Start>
  error_code await(Start start) {
    error_code result = asio::error::timed_out;
    stream_.expires_at(until_);
    start([&result](error_code error, auto...) { result = error; });
    io_.restart();
    io_.run();
    return result == beast::error::timeout ? error_code(asio::error::timed_out) : result;
  }

  error_code connect() {
    Protocol::endpoint endpoint;
    if (place_.kind == LogPlace::Kind::unix_socket) {
      if (place_.path.size() >= sizeof(sockaddr_un::sun_path)) return asio::error::name_too_long;
      endpoint = asio::local::stream_protocol::endpoint(place_.path);
    } else {
      error_code error;
      const auto address = asio::ip::make_address(place_.host, error);
      if (error) return error;
      endpoint = asio::ip::tcp::endpoint(address, place_.port);
    }
    return await([&](auto done) { stream_.async_connect(endpoint, done); });
  }

  const LogPlace& place_;
  const std::chrono::steady_clock::time_point until_;
  asio::io_context io_{1};
  beast::basic_stream<Protocol> stream_{io_};
};

}  // namespace

Result<AdminAnswer, AdminSilence> ask_admin(const LogPlace& place, const std::string& path, Duration limit) {
  return Question(place, limit).ask(path);
}

}  // namespace tidemark::doctor
