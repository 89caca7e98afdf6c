#include "gateway/log/http_log.h"

#include <algorithm>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <optional>

#include "edge/bytes/byte_reader.h"
#include "edge/event/event.h"

namespace tidemark {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Protocol = asio::generic::stream_protocol;
using boost::system::error_code;

constexpr auto kSilence = std::chrono::seconds(30);
constexpr std::size_t kRowHeader = 12;

}  // namespace

class HttpLog::Answer {
 public:
  explicit Answer(const LogPlace& place) : place_(place) { parser_.body_limit(boost::none); }

  Result<void, LogError> ask(std::uint64_t from) {
    if (const error_code error = connect()) {
      return fail(LogError::no_answer, to_string(place_) + ": " + error.message() +
                                           "; is the appliance running, and is this its admin.listen?");
    }
    http::request<http::empty_body> request(
        http::verb::get, (place_.parked ? "/parked?from=" : "/log?from=") + std::to_string(from), 11);
    request.set(http::field::host, place_.host.empty() ? "localhost" : place_.host);
    request.set(http::field::user_agent, "tidemark");
    request.set(http::field::connection, "close");
    if (!place_.token.empty()) request.set(http::field::authorization, "Bearer " + place_.token);
    error_code error = await([&](auto done) { http::async_write(stream_, request, done); });
    if (!error) error = await([&](auto done) { http::async_read_header(stream_, buffer_, parser_, done); });
    if (error) return fail(LogError::no_answer, to_string(place_) + ": " + error.message());
    const unsigned status = parser_.get().result_int();
    if (status == 401) {
      return fail(LogError::refused, to_string(place_) +
                                         (place_.token.empty() ? " asks for a token" : " does not take this token") +
                                         "; name a file of the token that its admin.token_file holds: --token-file "
                                         "with --log, or admin.token_file in the file of --config");
    }
    if (status != 200) {
      return fail(LogError::refused, to_string(place_) + " answers with status " + std::to_string(status) +
                                         " and no log; is it Tidemark's admin.listen?");
    }
    return {};
  }

  /// Rows that have come whole, at most about `max_bytes`; reads on while there are none. Empty: the end of the answer.
  Result<std::vector<LogRow>, LogError> rows(std::uint64_t from, std::uint64_t max_bytes) {
    std::vector<LogRow> rows;
    std::uint64_t bytes = 0;
    while (bytes < max_bytes) {
      if (const auto taken = take_row(from, rows); !taken)
        return tl::unexpected(taken.error());
      else if (*taken) {
        from = rows.back().position + 1;
        bytes += rows.back().event.bytes.size();
      } else if (parser_.is_done()) {
        if (used_ != body_.size()) return cut_off("it ends within a row");
        break;
      } else if (const error_code error = read_more()) {
        return cut_off(error.message());
      }
    }
    return rows;
  }

 private:
  // Starts an asynchronous operation and waits for it: the only way to have a time limit on it.
  template <typename Start>
  error_code await(Start start) {
    error_code result = asio::error::timed_out;
    stream_.expires_after(kSilence);
    start([&result](error_code error, auto...) { result = error; });
    io_.restart();
    io_.run();
    return result == beast::error::timeout ? error_code(asio::error::timed_out) : result;
  }

  error_code connect() {
    if (place_.kind == LogPlace::Kind::unix_socket) {
      if (place_.path.size() >= sizeof(sockaddr_un::sun_path)) return asio::error::name_too_long;
      const Protocol::endpoint endpoint = asio::local::stream_protocol::endpoint(place_.path);
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

  error_code read_more() {
    body_.erase(0, used_);
    used_ = 0;
    const std::size_t had = body_.size();
    body_.resize(had + kPiece);
    parser_.get().body().data = body_.data() + had;
    parser_.get().body().size = kPiece;
    error_code error = await([&](auto done) { http::async_read(stream_, buffer_, parser_, done); });
    body_.resize(had + kPiece - parser_.get().body().size);
    if (error == http::error::need_buffer) error = {};
    return error;
  }

  /// False: it has not come whole yet.
  Result<bool, LogError> take_row(std::uint64_t from, std::vector<LogRow>& rows) {
    const std::string_view rest = std::string_view(body_).substr(used_);
    if (rest.size() < kRowHeader) return false;
    ByteReader in(rest);
    LogRow row;
    row.position = in.u64();
    const std::uint32_t size = in.u32();
    if (row.position < from || size > kMaxEventBytes) {
      return fail(LogError::damaged, to_string(place_) + " sends what is not a log");
    }
    if (rest.size() - kRowHeader < size) return false;
    row.event.bytes = in.raw(size);
    if (const auto header = decode_header(row.event.bytes)) {
      row.event.epoch = header->epoch;
      row.event.sequence = header->sequence;
    }
    used_ += kRowHeader + size;
    rows.push_back(std::move(row));
    return true;
  }

  [[nodiscard]] tl::unexpected<Failure<LogError>> cut_off(const std::string& why) const {
    return fail(LogError::no_answer,
                to_string(place_) + ": the log broke off (" + why + "); what was read of it is kept");
  }

  static constexpr std::size_t kPiece = 256 * 1024;

  const LogPlace& place_;
  asio::io_context io_{1};
  beast::basic_stream<Protocol> stream_{io_};
  beast::flat_buffer buffer_;
  http::response_parser<http::buffer_body> parser_;
  std::string body_;
  std::size_t used_ = 0;  // of body_
};

HttpLog::HttpLog(LogPlace place) : place_(std::move(place)) {}

HttpLog::~HttpLog() = default;

Result<std::vector<LogRow>, LogError> HttpLog::read(std::uint64_t from, std::uint64_t max_bytes) {
  if (!answer_ || next_ != from) {
    answer_ = std::make_unique<Answer>(place_);
    if (auto asked = answer_->ask(from); !asked) {
      answer_.reset();
      return tl::unexpected(asked.error());
    }
  }
  auto rows = answer_->rows(from, max_bytes);
  if (!rows || rows->empty()) {
    // At the end of an answer the next read asks anew: more may have come since.
    answer_.reset();
  } else {
    next_ = rows->back().position + 1;
  }
  return rows;
}

}  // namespace tidemark
