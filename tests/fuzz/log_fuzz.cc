// The log over HTTP, read by HttpLog from a server that answers whatever it likes. The first byte chooses: the rest is
// the whole answer; or its body, with a right head before it, by length or until the end.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "edge/bytes/assert.h"
#include "edge/bytes/byte_writer.h"
#include "edge/event/event.h"
#include "gateway/log/http_log.h"
#include "tests/fuzz/seeds.h"

namespace tidemark::test {
namespace {

/// Answers every request with the same bytes, on a socket in a folder of its own.
class Server {
 public:
  Server() {
    char folder[] = "/tmp/tidemark-fuzz-XXXXXX";
    TIDEMARK_ASSERT(::mkdtemp(folder) != nullptr);
    folder_ = folder;
    path_ = folder_ + "/log";
    socket_ = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    TIDEMARK_ASSERT(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    TIDEMARK_ASSERT(::listen(socket_, 8) == 0);
    std::thread([this] { serve(); }).detach();
  }
  ~Server() {
    ::unlink(path_.c_str());
    ::rmdir(folder_.c_str());
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void answer_with(std::string bytes) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(bytes);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  void serve() {
    for (;;) {
      const int client = ::accept(socket_, nullptr, nullptr);
      if (client < 0) continue;
      std::string request;
      char room[1024];
      while (request.find("\r\n\r\n") == std::string::npos) {
        const ssize_t got = ::recv(client, room, sizeof room, 0);
        if (got <= 0) break;
        request.append(room, static_cast<std::size_t>(got));
      }
      std::string answer;
      {
        const std::lock_guard lock(mutex_);
        answer = answer_;
      }
      (void)!::send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
      ::close(client);
    }
  }

  std::string folder_, path_;
  int socket_ = -1;
  std::mutex mutex_;
  std::string answer_;
};

std::string row(std::uint64_t position, std::string_view event) {
  ByteWriter out;
  out.u64(position);
  out.u32(static_cast<std::uint32_t>(event.size()));
  out.raw(event);
  return out.take();
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  Heartbeat heartbeat;
  heartbeat.version = "1";
  EventHeader header;
  header.gateway = "plant-7";
  header.epoch = 9;
  header.sequence = 1;
  const std::string event = encode_heartbeat(header, heartbeat);
  const std::string rows = row(1, event) + row(2, event) + row(5, "no event");
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string("14\r\n") +
                              row(1, "12345678") + "\r\n0\r\n\r\n";
  return {std::string(1, '\0') + chunked,
          std::string(1, '\0') + "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", std::string(1, '\1') + rows,
          std::string(1, '\2') + rows};
}

}  // namespace tidemark::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemark;
  if (size == 0) return 0;
  static test::Server server;
  const std::string rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::string answer = rest;
  if (data[0] % 3 == 1)
    answer = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(rest.size()) + "\r\n\r\n" + rest;
  if (data[0] % 3 == 2) answer = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + rest;
  server.answer_with(std::move(answer));

  LogPlace place;
  place.kind = LogPlace::Kind::unix_socket;
  place.path = server.path();
  HttpLog log(place);
  std::uint64_t from = 1;
  for (int reads = 0; reads < 4; ++reads) {
    const auto rows = log.read(from, 4'096);
    if (!rows || rows->empty()) break;
    for (const LogRow& row : *rows) {
      TIDEMARK_ASSERT(row.position >= from);
      TIDEMARK_ASSERT(row.event.bytes.size() <= kMaxEventBytes);
      // Nothing follows the greatest position.
      if (row.position == UINT64_MAX) return 0;
      from = row.position + 1;
    }
  }
  return 0;
}
