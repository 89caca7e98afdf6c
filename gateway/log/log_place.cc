#include <charconv>

#include "gateway/log/http_log.h"
#include "gateway/log/kafka_log.h"
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

// A Kafka topic's name: 1 to 249 of letters, digits, '.', '_', '-'; not "." or "..".
bool is_topic(std::string_view name) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !name.empty() && name.size() <= 249 && name != "." && name != ".." &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

// The topic begins after the last '/': no broker's name has one.
Result<LogPlace, LogError> parse_kafka(std::string_view rest, std::string_view text) {
  const std::size_t slash = rest.rfind('/');
  LogPlace place;
  place.kind = LogPlace::Kind::kafka;
  if (slash != std::string_view::npos) {
    place.brokers = rest.substr(0, slash);
    place.topic = rest.substr(slash + 1);
  }
  const std::string_view brokers = place.brokers;
  const bool listed = !brokers.empty() && brokers.front() != ',' && brokers.back() != ',' &&
                      brokers.find(",,") == std::string_view::npos &&
                      brokers.find_first_of(" \t/") == std::string_view::npos;
  if (!listed || !is_topic(place.topic)) {
    return fail(LogError::place, "\"" + std::string(text) +
                                     "\" is not kafka:BROKERS/TOPIC, such as "
                                     "kafka:kafka-1:9092,kafka-2:9092/telemetry");
  }
  return place;
}

}  // namespace

Result<LogPlace, LogError> parse_log_place(std::string_view text) {
  std::string_view rest = text;
  LogPlace place;
  if (take_prefix(rest, "http://")) return parse_http(rest, text);
  if (take_prefix(rest, "kafka:")) return parse_kafka(rest, text);
  if (take_prefix(rest, "unix:"))
    place.kind = LogPlace::Kind::unix_socket;
  else if (!take_prefix(rest, "file:"))
    rest = {};
  if (rest.empty()) {
    return fail(LogError::place,
                "\"" + std::string(text) +
                    "\" names no log; it is file:PATH, http://HOST:PORT, unix:PATH or kafka:BROKERS/TOPIC");
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
    case LogPlace::Kind::kafka:
      return "kafka:" + place.brokers + "/" + place.topic;
    case LogPlace::Kind::tcp:
      break;
  }
  const bool six = place.host.find(':') != std::string::npos;
  return "http://" + (six ? "[" + place.host + "]" : place.host) + ":" + std::to_string(place.port);
}

Result<std::unique_ptr<LogSource>, LogError> open_log(const LogPlace& place) {
  if (place.kind == LogPlace::Kind::file) return StoreLog::open(place);
  if (place.kind == LogPlace::Kind::kafka) return KafkaLog::open(place);
  return std::unique_ptr<LogSource>(std::make_unique<HttpLog>(place));
}

}  // namespace tidemark
