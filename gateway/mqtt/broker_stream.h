// The gate's leg to the broker: TCP, or TLS over it. One read and one write may be under way at a time.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>

#include "gateway/mqtt/settings.h"

namespace tidemark {

/// Errors as values from every awaited operation.
inline constexpr auto kAsTuple = boost::asio::as_tuple(boost::asio::use_awaitable);

/// How far a connection has come.
enum class BrokerStage : std::uint8_t { name, tcp, tls, connected };

class BrokerStream {
 public:
  explicit BrokerStream(boost::asio::io_context& io) : resolver_(io), socket_(io) {}

  /// Name, TCP, TLS. nullopt: connected; otherwise a sentence that says what failed. `close` makes it fail soon.
  boost::asio::awaitable<std::optional<std::string>> connect(const MqttSettings& settings);

  /// What `connect` is at, or where it failed.
  [[nodiscard]] BrokerStage stage() const { return stage_; }

  boost::asio::awaitable<std::tuple<boost::system::error_code, std::size_t>> read_some(std::span<char> room);

  template <typename Handler>
  void async_write(std::string_view bytes, Handler handler) {
    const auto buffer = boost::asio::buffer(bytes.data(), bytes.size());
    if (tls_) {
      boost::asio::async_write(*tls_, buffer, std::move(handler));
    } else {
      boost::asio::async_write(socket_, buffer, std::move(handler));
    }
  }

  /// Whether the next `read_some` is known to find data without asking the kernel (whole TLS records read ahead).
  [[nodiscard]] bool holds_more();

  /// Whether the kernel holds bytes for us.
  [[nodiscard]] bool kernel_holds_more();

  /// While quiet, arriving data does not wake the thread: the kernel wakes it for a full buffer or the end only.
  void quiet(bool on);

  void shutdown_send();
  void close();

 private:
  std::optional<std::string> prepare_tls(const MqttSettings& settings);

  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<boost::asio::ssl::context> context_;
  std::unique_ptr<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
  BrokerStage stage_ = BrokerStage::name;
  bool closed_ = false;
};

}  // namespace tidemark
