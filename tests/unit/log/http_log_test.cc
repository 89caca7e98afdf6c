// The log over HTTP against a server that answers what a test wrote down, also what no appliance would say.
#include "gateway/log/http_log.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "edge/bytes/byte_writer.h"
#include "edge/event/event.h"
#include "tests/support/folder.h"
#include "tests/support/http_server.h"

using namespace tidemark;
using test::chunked;

namespace {

using Server = test::HttpServer;

LogPlace place_of(const Server& server) {
  LogPlace place;
  place.kind = LogPlace::Kind::tcp;
  place.host = "127.0.0.1";
  place.port = server.port();
  return place;
}

LogPlace socket_at(const std::string& path) {
  LogPlace place;
  place.kind = LogPlace::Kind::unix_socket;
  place.path = path;
  return place;
}

std::string event_of(std::uint64_t sequence) {
  EventHeader header;
  header.gateway = "plant-7";
  header.epoch = 5;
  header.sequence = sequence;
  return encode_heartbeat(header, {"1.0.0", "00", true, 0});
}

std::string row(std::uint64_t position, const std::string& bytes) {
  ByteWriter out;
  out.u64(position);
  out.u32(static_cast<std::uint32_t>(bytes.size()));
  out.raw(bytes);
  return out.take();
}

std::string answer_of(const std::string& status) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno\n";
}

std::vector<std::uint64_t> positions(const std::vector<LogRow>& rows) {
  std::vector<std::uint64_t> all;
  for (const LogRow& one : rows) all.push_back(one.position);
  return all;
}

using Positions = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("rows come whole, wherever the answer is cut into pieces") {
  const std::string body = row(1, event_of(1)) + row(2, event_of(2)) + row(5, event_of(3));
  for (const std::size_t piece : {1u, 7u, 11u, 12u, 13u, 100u, 100'000u}) {
    CAPTURE(piece);
    Server server({chunked(body, piece)});
    HttpLog log(place_of(server));
    const auto rows = log.read(1, 1 << 20);
    REQUIRE(rows);
    CHECK(positions(*rows) == Positions{1, 2, 5});
    CHECK((*rows)[2].event.bytes == event_of(3));
    CHECK((*rows)[2].event.epoch == 5);
    CHECK((*rows)[2].event.sequence == 3);
  }
}

TEST_CASE("one answer is read in parts, and its end asks anew") {
  const std::string body = row(1, event_of(1)) + row(2, event_of(2));
  Server server({chunked(body, 50), chunked(row(3, event_of(3)), 50)});
  HttpLog log(place_of(server));
  CHECK(positions(*log.read(1, 1)) == Positions{1});
  CHECK(positions(*log.read(2, 1)) == Positions{2});
  CHECK(positions(*log.read(3, 1)).empty());  // for now
  CHECK(positions(*log.read(3, 1)) == Positions{3});
  REQUIRE(server.asked().size() == 2);
  CHECK(server.asked()[0].starts_with("GET /log?from=1 HTTP/1.1\r\n"));
  CHECK(server.asked()[1].starts_with("GET /log?from=3 HTTP/1.1\r\n"));
  CHECK(server.asked()[0].find("Authorization") == std::string::npos);
}

TEST_CASE("a read from elsewhere asks from there") {
  Server server({chunked(row(1, event_of(1)) + row(2, event_of(2)), 50), chunked(row(9, event_of(3)), 50)});
  HttpLog log(place_of(server));
  CHECK(positions(*log.read(1, 1)) == Positions{1});
  CHECK(positions(*log.read(9, 1)) == Positions{9});
  CHECK(server.asked()[1].starts_with("GET /log?from=9 "));
}

TEST_CASE("a token is shown, and what is refused says what to do") {
  Server server({answer_of("401 Unauthorized"), answer_of("401 Unauthorized"), answer_of("404 Not Found")});
  LogPlace place = place_of(server);
  const auto refused = [&](const std::string& words) {
    HttpLog log(place);
    const auto rows = log.read(1, 1);
    REQUIRE_FALSE(rows);
    CHECK(rows.error().code == LogError::refused);
    CAPTURE(rows.error().context);
    CHECK(rows.error().context.find(words) != std::string::npos);
  };
  refused("asks for a token");
  place.token = "let-me-in";
  refused("does not take this token");
  refused("status 404");
  CHECK(server.asked()[1].find("\r\nAuthorization: Bearer let-me-in\r\n") != std::string::npos);
}

TEST_CASE("an answer that is cut is no end of the log") {
  const std::string body = row(1, event_of(1)) + row(2, event_of(2));
  // Within a chunk; and a whole answer that ends within a row.
  const std::string cut = chunked(body, 1000).substr(0, 200);
  const std::string half = chunked(body.substr(0, body.size() - 1), 1000);
  for (const std::string& answer : {cut, half, std::string("HTTP/1.1 200 OK\r\n"), std::string("no HTTP\r\n\r\n")}) {
    CAPTURE(answer);
    Server server({answer});
    HttpLog log(place_of(server));
    const auto rows = log.read(1, 1 << 20);
    REQUIRE_FALSE(rows);
    CHECK(rows.error().code == LogError::no_answer);
  }
}

TEST_CASE("what is not a log is said, and takes no memory") {
  ByteWriter huge;
  huge.u64(1);
  huge.u32(0xffff'ffff);
  for (const std::string& body : {huge.take() + "x", row(0, event_of(1)), row(3, event_of(1)) + row(3, event_of(2)),
                                  row(3, event_of(1)) + row(2, event_of(2))}) {
    Server server({chunked(body, 1000)});
    HttpLog log(place_of(server));
    const auto rows = log.read(1, 1 << 20);
    REQUIRE_FALSE(rows);
    CHECK(rows.error().code == LogError::damaged);
  }
}

TEST_CASE("an event that cannot be read is handed on as it came: whoever proves the log must see it") {
  Server server({chunked(row(1, "rubbish"), 1000)});
  HttpLog log(place_of(server));
  const auto rows = log.read(1, 1 << 20);
  REQUIRE(rows);
  CHECK((*rows)[0].event.bytes == "rubbish");
  CHECK((*rows)[0].event.epoch == 0);
}

TEST_CASE("nobody there is told apart") {
  LogPlace place;
  {
    const Server server({});
    place = place_of(server);
  }
  HttpLog log(place);
  const auto rows = log.read(1, 1);
  REQUIRE_FALSE(rows);
  CHECK(rows.error().code == LogError::no_answer);
  CHECK(rows.error().context.find("is the appliance running") != std::string::npos);
}

TEST_CASE("over a unix socket") {
  const test::Folder folder;
  {
    Server server({chunked(row(1, event_of(1)), 1000)}, folder.file("admin.sock"));
    HttpLog log(socket_at(folder.file("admin.sock")));
    CHECK(positions(*log.read(1, 1)) == Positions{1});
  }
  CHECK_FALSE(HttpLog(socket_at("/" + std::string(200, 'x'))).read(1, 1));
}
