#include "gateway/admin/server.h"

#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <thread>

namespace tidemark {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Socket = asio::generic::stream_protocol::socket;
using boost::system::error_code;
using Stream = beast::basic_stream<asio::generic::stream_protocol>;

constexpr auto kIdle = std::chrono::seconds(30);
constexpr auto kPause = std::chrono::milliseconds(100);  // between two looks for the next piece

std::string unescape(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

AdminRequest parse_target(std::string_view target) {
  AdminRequest request;
  const std::size_t mark = target.find('?');
  request.path = unescape(target.substr(0, mark));
  if (mark == std::string_view::npos) return request;
  std::string_view rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    const std::string_view value = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    request.query[unescape(pair.substr(0, equals))] = unescape(value);
  }
  return request;
}

/// Compares in a time that does not tell how much of it was right.
bool same_secret(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto other = static_cast<unsigned char>(b.empty() ? '\0' : b[i % b.size()]);
    difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^ other);
  }
  return difference == 0;
}

/// Whether the other side has closed: it sends nothing more, so what can be read is the end.
bool reader_left(Socket& socket) {
  char byte = 0;
  const ssize_t n = recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

/// Awaits an answer that some other thread gives. `ask` is a named object of the caller's: GCC 12 destroys temporaries
/// of a co_await expression twice (GCC bugs 99576 and 100611).
template <typename Value>
asio::awaitable<Value> answer_of(std::function<void(std::function<void(Value)>)> ask) {
  const auto initiate = [ask = std::move(ask)](auto handler) mutable {
    const auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    const auto executor = asio::get_associated_executor(*shared);
    ask([shared, executor](Value value) {
      asio::post(executor, [shared, value = std::move(value)]() mutable { std::move (*shared)(std::move(value)); });
    });
  };
  return asio::async_initiate<const asio::use_awaitable_t<>, void(Value)>(std::move(initiate), asio::use_awaitable);
}

}  // namespace

class AdminServer::Listener {
 public:
  Listener(AdminSettings settings, AdminHandler handler)
      : settings_(std::move(settings)), handler_(std::move(handler)) {}

  Result<void, AdminError> start() {
    try {
      open();
    } catch (const boost::system::system_error& error) {
      const std::string where = settings_.unix_path.empty() ? settings_.address + ":" + std::to_string(settings_.port)
                                                            : "unix:" + settings_.unix_path;
      return fail(AdminError::listen, "admin.listen = \"" + where + "\": " + error.code().message() +
                                          "; choose another address or port, or stop what uses it");
    }
    asio::co_spawn(io_, accept(), asio::detached);
    thread_ = std::thread([this] { io_.run(); });
    return {};
  }

  void stop() {
    if (!thread_.joinable()) return;
    io_.stop();
    thread_.join();
    if (!settings_.unix_path.empty()) unlink(settings_.unix_path.c_str());
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  /// A socket file outlives a process that was killed. It goes only if it is one and nobody listens on it: what else
  /// may stand there by a slip of the pen is somebody's.
  void remove_abandoned(const asio::local::stream_protocol::endpoint& endpoint) {
    struct stat about {};
    if (lstat(settings_.unix_path.c_str(), &about) != 0 || !S_ISSOCK(about.st_mode)) return;
    asio::local::stream_protocol::socket probe(io_);
    error_code error;
    probe.connect(endpoint, error);
    if (error == asio::error::connection_refused) unlink(settings_.unix_path.c_str());
  }

  void open() {
    if (!settings_.unix_path.empty()) {
      const asio::local::stream_protocol::endpoint endpoint(settings_.unix_path);
      remove_abandoned(endpoint);
      acceptor_.open(endpoint.protocol());
      acceptor_.bind(endpoint);
      chmod(settings_.unix_path.c_str(), 0660);
    } else {
      const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(settings_.address), settings_.port);
      acceptor_.open(endpoint.protocol());
      acceptor_.set_option(asio::socket_base::reuse_address(true));
      acceptor_.bind(endpoint);
      const asio::generic::stream_protocol::endpoint bound = acceptor_.local_endpoint();
      asio::ip::tcp::endpoint tcp;
      tcp.resize(bound.size());
      std::memcpy(tcp.data(), bound.data(), bound.size());
      port_ = tcp.port();
    }
    acceptor_.listen();
  }

  asio::awaitable<void> accept() {
    for (;;) {
      auto [error, socket] = co_await acceptor_.async_accept(asio::as_tuple(asio::use_awaitable));
      if (error == asio::error::operation_aborted) co_return;
      if (error) {
        // Out of file descriptors, most likely: give those that are served time to leave.
        asio::steady_timer pause(io_, std::chrono::seconds(1));
        co_await pause.async_wait(asio::use_awaitable);
        continue;
      }
      asio::co_spawn(io_, serve(std::move(socket)), asio::detached);
    }
  }

  asio::awaitable<void> serve(Socket socket) {
    ++connections_;
    try {
      Stream stream(std::move(socket));
      beast::flat_buffer buffer;
      while (co_await exchange(stream, buffer)) {
      }
      stream.socket().shutdown(asio::socket_base::shutdown_send);
    } catch (const boost::system::system_error&) {
      // The reader left or sent what is not HTTP: its connection ends, nobody else's does.
    }
    --connections_;
  }

  /// One request and its answer. Whether the connection goes on.
  asio::awaitable<bool> exchange(Stream& stream, beast::flat_buffer& buffer) {
    stream.expires_after(kIdle);
    http::request_parser<http::string_body> parser;  // a body is read to be refused in good order
    parser.header_limit(16 * 1024);
    parser.body_limit(16 * 1024);
    const auto [error, size] = co_await http::async_read(stream, buffer, parser, asio::as_tuple(asio::use_awaitable));
    if (error) co_return false;
    const http::request<http::string_body>& request = parser.get();
    AdminResponse response = co_await answer(request);
    if (request.method() == http::verb::head) {
      response.body.clear();
      response.more = nullptr;
    }
    stream.expires_after(kIdle);
    if (response.more) {
      co_await send_pieces(stream, request, std::move(response));
      co_return false;
    }
    http::response<http::string_body> reply(static_cast<http::status>(response.status), request.version());
    reply.set(http::field::content_type, response.content_type);
    reply.set(http::field::cache_control, "no-store");
    if (response.status == 401) reply.set(http::field::www_authenticate, "Bearer");
    reply.keep_alive(request.keep_alive());
    reply.body() = std::move(response.body);
    reply.prepare_payload();
    co_await http::async_write(stream, reply, asio::use_awaitable);
    co_return request.keep_alive();
  }

  asio::awaitable<AdminResponse> answer(const http::request<http::string_body>& request) {
    const auto plain = [](unsigned status, std::string text) {
      AdminResponse response;
      response.status = status;
      response.body = std::move(text);
      return response;
    };
    if (connections_ > kMostConnections) co_return plain(503, "too many connections; try again\n");
    if (!settings_.token.empty()) {
      const std::string_view given(request[http::field::authorization].data(),
                                   request[http::field::authorization].size());
      if (!same_secret("Bearer " + settings_.token, given)) {
        co_return plain(401, "a token is asked for: Authorization: Bearer TOKEN\n");
      }
    }
    const bool post = request.method() == http::verb::post;
    if (!post && request.method() != http::verb::get && request.method() != http::verb::head) {
      co_return plain(405, "only GET, HEAD and POST\n");
    }
    // Browsers say from which page a POST comes; ours sends none.
    if (post && request.count(http::field::origin) > 0) co_return plain(403, "not from a page of a browser\n");
    AdminRequest asked = parse_target(std::string_view(request.target().data(), request.target().size()));
    asked.post = post;
    const std::function<void(std::function<void(AdminResponse)>)> ask = [this, &asked](auto reply) {
      handler_(asked, std::move(reply));
    };
    AdminResponse response = co_await answer_of<AdminResponse>(ask);
    co_return response;
  }

  asio::awaitable<void> send_pieces(Stream& stream, const http::request<http::string_body>& request,
                                    AdminResponse response) {
    http::response<http::empty_body> head(static_cast<http::status>(response.status), request.version());
    head.set(http::field::content_type, response.content_type);
    head.set(http::field::cache_control, "no-store");
    head.keep_alive(false);
    head.chunked(true);
    http::response_serializer<http::empty_body> serializer(head);
    co_await http::async_write_header(stream, serializer, asio::use_awaitable);
    std::optional<std::string> piece = std::move(response.body);
    const std::function<void(AdminPiece)> ask = [&response](AdminPiece reply) { response.more(std::move(reply)); };
    while (piece) {
      stream.expires_after(kIdle);
      if (piece->empty()) {
        if (reader_left(stream.socket())) co_return;
        asio::steady_timer pause(io_, kPause);
        co_await pause.async_wait(asio::use_awaitable);
      } else {
        co_await asio::async_write(stream, http::make_chunk(asio::buffer(*piece)), asio::use_awaitable);
      }
      piece = co_await answer_of<std::optional<std::string>>(ask);
    }
    co_await asio::async_write(stream, http::make_chunk_last(), asio::use_awaitable);
  }

  const AdminSettings settings_;
  const AdminHandler handler_;
  asio::io_context io_{1};
  asio::basic_socket_acceptor<asio::generic::stream_protocol> acceptor_{io_};
  std::thread thread_;
  std::uint16_t port_ = 0;
  std::size_t connections_ = 0;  // of the server's thread
};

AdminServer::AdminServer(AdminSettings settings, AdminHandler handler)
    : listener_(std::make_unique<Listener>(std::move(settings), std::move(handler))) {}

AdminServer::~AdminServer() {
  stop();
}

Result<void, AdminError> AdminServer::start() {
  return listener_->start();
}

void AdminServer::stop() {
  listener_->stop();
}

std::uint16_t AdminServer::port() const {
  return listener_->port();
}

}  // namespace tidemark
