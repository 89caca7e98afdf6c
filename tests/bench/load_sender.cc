// A sender that costs little: QoS 1 over MQTT 3.1.1, with as many messages in a write as are due. It stands for a fleet
// whose CPU is somewhere else; firmware-sim behaves as devices do, and costs as much as what is measured.
//
//   load_sender --port PORT --messages N [--rate MESSAGES_A_SECOND] [--devices N] [--readings N] [--in-flight N]
//
// Rate 0 (the default): as fast as the broker acknowledges. Devices take turns, each on plant/north/d-NNNNN/climate. A
// message holds `readings` readings, a second of event time apart: {"ts":MS,"temperature":T}, or {"r":[...]} of
// several. Event time ends at the present: at a rate of `devices` messages a second it is the time of sending. Ends
// when every message is acknowledged, and prints how long that took and its own CPU.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/mqtt/packet_builders.h"

namespace {

using namespace tidemark;
using Clock = std::chrono::steady_clock;

struct Load {
  long port = 0;
  long messages = 100'000;
  long rate = 0;
  long devices = 10'000;
  long readings = 1;
  long in_flight = 20'000;
};

Load read_arguments(int count, char** words) {
  Load load;
  const std::pair<std::string_view, long*> options[] = {
      {"--port", &load.port},       {"--messages", &load.messages}, {"--rate", &load.rate},
      {"--devices", &load.devices}, {"--readings", &load.readings}, {"--in-flight", &load.in_flight}};
  for (int i = 1; i + 1 < count; i += 2) {
    for (const auto& [name, value] : options) {
      if (words[i] == name) *value = std::strtol(words[i + 1], nullptr, 10);
    }
  }
  if (load.port <= 0 || load.devices <= 0 || load.readings <= 0 || load.in_flight <= 0 || load.in_flight > 60'000) {
    throw std::runtime_error("--port is needed; counts are positive, --in-flight at most 60000");
  }
  return load;
}

class Connection {
 public:
  explicit Connection(long port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("connect");
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    write(test::packet(0x10, test::text("MQTT") + std::string("\x04\x02", 2) + test::u16(600) + test::text("load")));
    while (read_.size() < 4) read();
    if (read_.substr(0, 4) != std::string("\x20\x02\x00\x00", 4)) fail("CONNACK");
    read_.clear();
  }
  ~Connection() { ::close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Reads acknowledgements while it waits for room: a broker that cannot send stops reading.
  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno != EAGAIN) fail("send");
      if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
      if (!bytes.empty()) wait(POLLIN | POLLOUT, -1);
    }
  }

  /// Acknowledgements that have come within `timeout` ms; each PUBACK is four bytes.
  long acknowledged(int timeout) {
    wait(POLLIN, timeout);
    const long count = static_cast<long>(read_.size() / 4);
    read_.erase(0, static_cast<std::size_t>(count) * 4);
    return count;
  }

 private:
  void wait(int events, int timeout) {
    pollfd poll{socket_, static_cast<short>(events), 0};
    if (::poll(&poll, 1, timeout) > 0 && (poll.revents & (POLLIN | POLLHUP | POLLERR)) != 0) read();
  }
  void read() {
    char room[64 * 1024];
    const ssize_t got = ::recv(socket_, room, sizeof room, 0);
    if (got <= 0) fail("recv");
    read_.append(room, static_cast<std::size_t>(got));
  }
  [[noreturn]] static void fail(const char* what) {
    throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
  }

  int socket_;
  std::string read_;
};

class Fleet {
 public:
  explicit Fleet(const Load& load) : load_(load) {
    const long ticks = (load.messages + load.devices - 1) / load.devices * load.readings;
    const auto now =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
    // With a rate, the present moves on while it sends.
    const long seconds = load.rate > 0 ? ticks - load.messages / load.rate : ticks;
    begin_ms_ = now.count() - seconds * 1'000;
    char text[64];
    for (long i = 0; i < load.devices; ++i) {
      std::snprintf(text, sizeof text, "plant/north/d-%05ld/climate", i);
      topics_.emplace_back(text);
    }
  }

  void append_message(std::string& out) {
    const long device = sent_ % load_.devices;
    const long tick = sent_ / load_.devices * load_.readings;
    payload_.clear();
    if (load_.readings > 1) payload_ += R"({"r":[)";
    for (long i = 0; i < load_.readings; ++i) {
      value_ = value_ * 1'103'515'245 + 12'345;
      char text[80];
      std::snprintf(text, sizeof text, "%s{\"ts\":%ld,\"temperature\":%u.%02u}", i == 0 ? "" : ",",
                    begin_ms_ + (tick + i) * 1'000, 20 + value_ / 65'536 % 5, value_ / 65'536 % 100);
      payload_ += text;
    }
    if (load_.readings > 1) payload_ += "]}";
    // In 3.1.1 acknowledgements come in the order of the messages: ids may go round.
    const auto id = static_cast<unsigned>(sent_++ % 65'000 + 1);
    out += test::publish({topics_[static_cast<std::size_t>(device)], payload_, 1, id}, mqtt::kLevel3_1_1);
  }
  [[nodiscard]] long sent() const { return sent_; }

 private:
  const Load load_;
  std::vector<std::string> topics_;
  std::string payload_;
  long begin_ms_ = 0;
  long sent_ = 0;
  std::uint32_t value_ = 1;
};

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

void send(const Load& load) {
  constexpr std::size_t kMostBytes = 64 * 1024;
  Connection connection(load.port);
  Fleet fleet(load);
  const auto begin = Clock::now();
  std::string out;
  long acknowledged = 0;
  while (acknowledged < load.messages) {
    long due = load.messages;
    if (load.rate > 0) {
      const double passed = std::chrono::duration<double>(Clock::now() - begin).count();
      due = std::min(due, static_cast<long>(passed * static_cast<double>(load.rate)) + 1);
    }
    due = std::min(due, acknowledged + load.in_flight);
    out.clear();
    while (fleet.sent() < due && out.size() < kMostBytes) fleet.append_message(out);
    connection.write(out);
    // With a rate: what 2 ms bring goes in one write.
    const bool more = fleet.sent() < std::min(load.messages, acknowledged + load.in_flight);
    acknowledged += connection.acknowledged(more && load.rate == 0 ? 0 : more ? 2 : 100);
  }
  const double took = std::chrono::duration<double>(Clock::now() - begin).count();
  std::printf("%ld messages of %ld readings acknowledged in %.3f s: %.0f a second, %.2f us of CPU a message\n",
              load.messages, load.readings, took, static_cast<double>(load.messages) / took,
              cpu_seconds() / static_cast<double>(load.messages) * 1e6);
}

}  // namespace

int main(int count, char** words) {
  try {
    send(read_arguments(count, words));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "load_sender: %s\n", error.what());
    return 1;
  }
}
