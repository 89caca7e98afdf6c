#include "gateway/admin/client.h"

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>

namespace tidemark {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using Protocol = asio::generic::stream_protocol;

constexpr auto kSilence = std::chrono::seconds(10);

Protocol::endpoint endpoint_of(const AdminSettings& appliance) {
  if (!appliance.unix_path.empty()) return asio::local::stream_protocol::endpoint(appliance.unix_path);
  asio::ip::address address = asio::ip::make_address(appliance.address);
  // What listens on every address is asked on its own machine.
  if (address.is_unspecified()) {
    address = address.is_v4() ? asio::ip::address(asio::ip::address_v4::loopback())
                              : asio::ip::address(asio::ip::address_v6::loopback());
  }
  return asio::ip::tcp::endpoint(address, appliance.port);
}

}  // namespace

Result<AdminAnswer, AdminError> post_to_appliance(const AdminSettings& appliance, const std::string& path) {
  asio::io_context io;
  beast::basic_stream<Protocol> stream(io);
  // Starts an asynchronous operation and waits for it: the only way to have a time limit on it.
  const auto await = [&](auto start) {
    error_code result = asio::error::timed_out;
    stream.expires_after(kSilence);
    start([&result](error_code error, auto...) { result = error; });
    io.restart();
    io.run();
    return result;
  };
  http::request<http::empty_body> request(http::verb::post, path, 11);
  request.set(http::field::host, appliance.unix_path.empty() ? appliance.address : "localhost");
  request.set(http::field::connection, "close");
  if (!appliance.token.empty()) request.set(http::field::authorization, "Bearer " + appliance.token);
  request.prepare_payload();
  beast::flat_buffer buffer;
  http::response<http::string_body> response;
  const Protocol::endpoint endpoint = endpoint_of(appliance);
  error_code error = await([&](auto done) { stream.async_connect(endpoint, done); });
  if (!error) error = await([&](auto done) { http::async_write(stream, request, done); });
  if (!error) error = await([&](auto done) { http::async_read(stream, buffer, response, done); });
  if (error) {
    const std::string where = appliance.unix_path.empty() ? appliance.address + ":" + std::to_string(appliance.port)
                                                          : "unix:" + appliance.unix_path;
    return fail(AdminError::listen, "admin.listen = \"" + where + "\": " + error.message());
  }
  return AdminAnswer{response.result_int(), std::move(response.body())};
}

}  // namespace tidemark
