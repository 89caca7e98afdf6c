#include "tests/unit/mqtt/wire.h"

#include <poll.h>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

namespace tidemark::test {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

bool poll_in(int handle, Deadline patience) {
  pollfd entry{handle, POLLIN, 0};
  return ::poll(&entry, 1, static_cast<int>(patience.count())) > 0;
}

}  // namespace

asio::io_context& Wire::context() {
  static asio::io_context io;
  return io;
}

Wire Wire::connect_to(std::uint16_t port) {
  tcp::socket socket(context());
  socket.connect({asio::ip::address_v4::loopback(), port});
  socket.set_option(tcp::no_delay(true));
  return Wire(std::move(socket));
}

void Wire::send(std::string_view bytes) {
  asio::write(socket_, asio::buffer(bytes.data(), bytes.size()));
}

bool Wire::readable(Deadline patience) {
  return !held_.empty() || poll_in(socket_.native_handle(), patience);
}

std::string Wire::receive(std::size_t size, Deadline patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (held_.size() < size) {
    const auto left = std::chrono::duration_cast<Deadline>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0 || !poll_in(socket_.native_handle(), left)) throw Missed("nothing came over the wire");
    char bytes[65536];
    boost::system::error_code ec;
    const std::size_t got = socket_.read_some(asio::buffer(bytes), ec);
    if (ec) throw Missed("the wire was closed: " + ec.message());
    held_.append(bytes, got);
  }
  std::string out = held_.substr(0, size);
  held_.erase(0, size);
  return out;
}

std::string Wire::receive_packet(Deadline patience) {
  std::string out = receive(1, patience);
  std::size_t size = 0;
  for (unsigned shift = 0;; shift += 7) {
    out += receive(1, patience);
    size |= static_cast<std::size_t>(out.back() & 0x7f) << shift;
    if ((out.back() & 0x80) == 0) break;
  }
  return out + receive(size, patience);
}

bool Wire::closes(Deadline patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const auto left = std::chrono::duration_cast<Deadline>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0 || !poll_in(socket_.native_handle(), left)) return false;
    char bytes[65536];
    boost::system::error_code ec;
    socket_.read_some(asio::buffer(bytes), ec);
    if (ec) return true;
  }
}

bool Wire::stays_quiet(Deadline time) {
  return !readable(time);
}

Listener::Listener() : acceptor_(io_, {asio::ip::address_v4::loopback(), 0}) {}

std::uint16_t Listener::port() const {
  return acceptor_.local_endpoint().port();
}

Wire Listener::accept(Deadline patience) {
  if (!poll_in(acceptor_.native_handle(), patience)) throw Missed("nobody connected");
  tcp::socket socket(io_);
  acceptor_.accept(socket);
  socket.set_option(tcp::no_delay(true));
  return Wire(std::move(socket));
}

bool Listener::stays_quiet(Deadline time) {
  return !poll_in(acceptor_.native_handle(), time);
}

std::uint16_t free_port() {
  return Listener().port();
}

}  // namespace tidemark::test
