#include <charconv>

#include "gateway/log/http_log.h"
#include "gateway/log/log_source.h"
#include "gateway/log/store_log.h"

namespace tidemark {
namespace {

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

Result<LogPlace, LogError> parse_http(std::string_view rest, std::string_view text) {
  const auto wrong = [&] {
    return fail(LogError::place,
                "\"" + std::string(text) + "\" is not http://HOST:PORT, such as http://127.0.0.1:8377");
  };
  while (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
  const std::size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return wrong();
  std::string_view host = rest.substr(0, colon);
  const std::string_view port = rest.substr(colon + 1);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  LogPlace place;
  place.kind = LogPlace::Kind::tcp;
  place.host = host;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), place.port);
  if (error != std::errc() || end != port.data() + port.size() || place.port == 0 || host.empty()) return wrong();
  return place;
}

}  // namespace

Result<LogPlace, LogError> parse_log_place(std::string_view text) {
  std::string_view rest = text;
  LogPlace place;
  if (take_prefix(rest, "http://")) return parse_http(rest, text);
  if (take_prefix(rest, "kafka:")) {
    return fail(LogError::place,
                "this version does not read Kafka yet; read the appliance's own log instead: http://HOST:PORT or "
                "unix:PATH while it runs, file:PATH while it does not");
  }
  if (take_prefix(rest, "unix:"))
    place.kind = LogPlace::Kind::unix_socket;
  else if (!take_prefix(rest, "file:"))
    rest = {};
  if (rest.empty()) {
    return fail(LogError::place,
                "\"" + std::string(text) + "\" names no log; it is file:PATH, http://HOST:PORT or unix:PATH");
  }
  place.path = rest;
  return place;
}

std::string to_string(const LogPlace& place) {
  switch (place.kind) {
    case LogPlace::Kind::file:
      return "file:" + place.path;
    case LogPlace::Kind::unix_socket:
      return "unix:" + place.path;
    case LogPlace::Kind::tcp:
      break;
  }
  const bool six = place.host.find(':') != std::string::npos;
  return "http://" + (six ? "[" + place.host + "]" : place.host) + ":" + std::to_string(place.port);
}

Result<std::unique_ptr<LogSource>, LogError> open_log(const LogPlace& place) {
  if (place.kind == LogPlace::Kind::file) return StoreLog::open(place.path);
  return std::unique_ptr<LogSource>(std::make_unique<HttpLog>(place));
}

}  // namespace tidemark
