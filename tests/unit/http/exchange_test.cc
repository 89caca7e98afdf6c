#include "gateway/http/exchange.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "tests/support/folder.h"
#include "tests/support/http_server.h"

using namespace tidemark;
using test::chunked;
using test::HttpServer;

namespace {

HttpPlace place_of(const HttpServer& server) {
  return {{}, "127.0.0.1", server.port()};
}

HttpRequest get(std::string target, std::string token = {}) {
  return {HttpRequest::Verb::get, std::move(target), std::move(token)};
}

std::string answer(const std::string& status, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// More than one read of `rest`, and no byte like its neighbours.
std::string long_body() {
  std::string body;
  for (int i = 0; body.size() < 300'000; ++i) body += std::to_string(i) + ",";
  return body;
}

}  // namespace

TEST_CASE("status and body come as they were sent, whether or not the status is a good one") {
  for (const auto& [line, status] : {std::pair("200 OK", 200u), std::pair("503 Busy", 503u)}) {
    HttpServer server({answer(line, "words\n")});
    const auto got = ask_http(place_of(server), get("/healthz"), {});
    REQUIRE(got);
    CHECK(got->status == status);
    CHECK(got->body == "words\n");
  }
}

TEST_CASE("a body may come by its length, in chunks, until the connection ends, or not at all") {
  const std::string body = long_body();
  HttpServer server(
      {answer("200 OK", body), chunked(body, 10'000), "HTTP/1.1 200 OK\r\n\r\n" + body, answer("200 OK", "")});
  for (const std::string& wanted : {body, body, body, std::string()}) {
    const auto got = ask_http(place_of(server), get("/"), {});
    REQUIRE(got);
    CHECK(got->body == wanted);
  }
}

TEST_CASE("the request has its verb, its target and its token") {
  HttpServer server({answer("200 OK", ""), answer("200 OK", "")});
  REQUIRE(ask_http(place_of(server), get("/log?from=7"), {}));
  REQUIRE(ask_http(place_of(server), {HttpRequest::Verb::post, "/uplink/accept", "let-me-in"}, {}));
  const auto has = [](const std::string& request, const std::string& line) {
    return request.find("\r\n" + line + "\r\n") != std::string::npos;
  };
  const std::vector<std::string>& asked = server.asked();
  CHECK(asked[0].starts_with("GET /log?from=7 HTTP/1.1\r\n"));
  CHECK(has(asked[0], "Host: 127.0.0.1"));
  CHECK(asked[0].find("Authorization") == std::string::npos);
  CHECK(asked[1].starts_with("POST /uplink/accept HTTP/1.1\r\n"));
  CHECK(has(asked[1], "Authorization: Bearer let-me-in"));
  CHECK(has(asked[1], "Content-Length: 0"));
}

TEST_CASE("a body is read in pieces of any size, and fewer bytes than there is room for are its end") {
  const std::string body = "0123456789abcdefghij";
  for (const std::size_t chunk : {1u, 3u, 20u}) {
    HttpServer server({chunked(body, chunk)});
    HttpExchange exchange(place_of(server), {});
    REQUIRE(exchange.connect());
    CHECK(exchange.ask(get("/")) == 200u);
    std::array<char, 8> room{};
    std::vector<std::string> pieces;
    for (std::size_t size = room.size(); size == room.size();) {
      const auto read = exchange.read(room);
      REQUIRE(read);
      size = *read;
      pieces.emplace_back(room.data(), size);
    }
    CHECK(pieces == std::vector<std::string>{"01234567", "89abcdef", "ghij"});
    CHECK(exchange.read(room) == 0u);
  }
}

TEST_CASE("a body that fills the last piece ends with an empty one") {
  HttpServer server({answer("200 OK", "12345678")});
  HttpExchange exchange(place_of(server), {});
  REQUIRE(exchange.connect());
  REQUIRE(exchange.ask(get("/")));
  std::array<char, 8> room{};
  CHECK(exchange.read(room) == 8u);
  CHECK(exchange.read(room) == 0u);
}

TEST_CASE("a body over the limit is refused, whether its length was said or not; one of the limit is not") {
  const std::string body(1000, 'x');
  HttpServer server({answer("200 OK", body), chunked(body, 100), answer("200 OK", body), chunked(body, 100)});
  HttpLimits limits;
  for (const std::uint64_t most : {999u, 999u, 1000u, 1000u}) {
    limits.body_bytes = most;
    const auto got = ask_http(place_of(server), get("/"), limits);
    REQUIRE(got.has_value() == (most == 1000));
    if (got) continue;
    CHECK(got.error().code == HttpError::broken);
    CHECK(got.error().context == "body limit exceeded");
  }
}

TEST_CASE("nobody there is told apart from what breaks off and from what is not HTTP") {
  HttpPlace empty;
  {
    const HttpServer server(std::vector<std::string>{});
    empty = place_of(server);
  }
  const auto nobody = ask_http(empty, get("/"), {});
  REQUIRE_FALSE(nobody);
  CHECK(nobody.error().code == HttpError::nobody);
  CHECK(nobody.error().context == "Connection refused");

  const std::vector<std::string> broken{"SSH-2.0-OpenSSH\r\n", "HTTP/1.1 200 OK\r\n", "",
                                        answer("200 OK", "words").substr(0, 42), chunked("words", 2).substr(0, 80)};
  HttpServer server(broken);
  for (const std::string& text : broken) {
    CAPTURE(text);
    const auto got = ask_http(place_of(server), get("/"), {});
    REQUIRE_FALSE(got);
    CHECK(got.error().code == HttpError::broken);
  }
}

TEST_CASE("silence ends the wait, before the head and within the body") {
  const HttpLimits limits{milliseconds(50), std::nullopt, std::nullopt};
  const HttpServer mute({});
  HttpServer stalled({answer("200 OK", "words").substr(0, 42)}, {}, HttpServer::Afterwards::hold);
  for (const HttpServer* server : {&mute, static_cast<const HttpServer*>(&stalled)}) {
    const auto got = ask_http(place_of(*server), get("/"), limits);
    REQUIRE_FALSE(got);
    CHECK(got.error().code == HttpError::silent);
    CHECK(got.error().context == "Connection timed out");
  }
}

TEST_CASE("the limit of the whole holds where no single wait is too long") {
  const HttpServer mute({});
  const auto got = ask_http(place_of(mute), get("/"), {hours(1), milliseconds(50), std::nullopt});
  REQUIRE_FALSE(got);
  CHECK(got.error().code == HttpError::silent);
}

TEST_CASE("over a unix socket; a path that is too long for one is nobody's") {
  const test::Folder folder;
  const std::string path = folder.file("admin.sock");
  HttpServer server({answer("200 OK", "words")}, path);
  const auto got = ask_http({path, {}, 0}, get("/"), {});
  REQUIRE(got);
  CHECK(got->body == "words");
  CHECK(server.asked()[0].find("\r\nHost: localhost\r\n") != std::string::npos);

  for (const std::string& other : {folder.file("other.sock"), "/" + std::string(200, 'x')}) {
    const auto none = ask_http({other, {}, 0}, get("/"), {});
    REQUIRE_FALSE(none);
    CHECK(none.error().code == HttpError::nobody);
  }
}

TEST_CASE("a name is looked up") {
  HttpServer server({answer("200 OK", "words")});
  CHECK(ask_http({{}, "localhost", server.port()}, get("/"), {}));
}
