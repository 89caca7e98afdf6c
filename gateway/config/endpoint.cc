#include "gateway/config/endpoint.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>

namespace tidemark {
namespace {

// sockaddr_un holds 108 bytes with the closing zero; a longer path could not be bound.
constexpr std::size_t kLongestUnixPath = 107;

tl::unexpected<Mistake> mistake(std::string wrong, std::string right) {
  return tl::unexpected(Mistake{std::move(wrong), std::move(right)});
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

// A DNS name, a container's name (which may have underscores) or an IPv4 address.
bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() <= 253 && text.front() != '-' && text.front() != '.' &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
                  c == '_';
         });
}

bool is_ipv4(const std::string& text) {
  in_addr address{};
  return inet_pton(AF_INET, text.c_str(), &address) == 1;
}

bool is_ipv6(const std::string& text) {
  in6_addr address{};
  return inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

struct HostPort {
  std::string host;
  std::optional<std::uint16_t> port;
  bool bracketed = false;
};

tl::expected<HostPort, Mistake> parse_host_port(std::string_view text, std::string_view example) {
  HostPort out;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    out.host = text.substr(1, close == std::string_view::npos ? close : close - 1);
    out.bracketed = true;
    std::string_view rest = close == std::string_view::npos ? std::string_view{} : text.substr(close + 1);
    if (close == std::string_view::npos || !is_ipv6(out.host) || (!rest.empty() && rest.front() != ':')) {
      return mistake(fmt::format("{} is not an IPv6 address in brackets", in_quotes(text)),
                     fmt::format("write {}", example));
    }
    has_port = !rest.empty();
    if (has_port) port = rest.substr(1);
  } else {
    const std::size_t colon = text.find(':');
    has_port = colon != std::string_view::npos;
    out.host = text.substr(0, colon);
    if (has_port) port = text.substr(colon + 1);
    if (is_ipv6(std::string(text))) {
      return mistake(fmt::format("the IPv6 address {} has no brackets", in_quotes(text)),
                     fmt::format("write \"[{}]\" and the port behind it", text));
    }
    if (!is_host_name(out.host)) {
      return mistake(out.host.empty() ? "the host is missing" : fmt::format("{} is not a host", in_quotes(out.host)),
                     fmt::format("write {}", example));
    }
  }
  if (has_port) {
    out.port = parse_port(port);
    if (!out.port) {
      return mistake(fmt::format("{} is not a port", in_quotes(port)), "ports are whole numbers up to 65535");
    }
  }
  return out;
}

}  // namespace

tl::expected<BrokerAddress, Mistake> parse_broker_url(std::string_view text) {
  constexpr std::string_view kExample = "\"mqtt://HOST:1883\" or \"mqtts://HOST:8883\"";
  const std::size_t separator = text.find("://");
  // What stands before an '@' may be a secret: it is not repeated.
  const bool has_user = text.find('@') != std::string_view::npos;
  if (separator == std::string_view::npos) {
    return mistake(has_user ? "the scheme is missing" : fmt::format("{} has no scheme", in_quotes(text)),
                   fmt::format("write {} (mqtts is TLS)", kExample));
  }
  const std::string_view scheme = text.substr(0, separator);
  std::string_view rest = text.substr(separator + 3);
  if (scheme != "mqtt" && scheme != "mqtts") {
    std::string right = fmt::format("write {}", kExample);
    if (scheme == "tcp") right = fmt::format("write \"mqtt://{}\"", rest);
    if (scheme == "ssl" || scheme == "tls") right = fmt::format("write \"mqtts://{}\"", rest);
    if (scheme == "ws" || scheme == "wss") right = fmt::format("MQTT over WebSocket is not supported: {}", right);
    if (has_user) right = fmt::format("write {}", kExample);
    return mistake(
        has_user ? "the scheme is not a broker's" : fmt::format("{} is not a scheme of a broker", in_quotes(scheme)),
        right);
  }
  if (has_user) {
    return mistake("the URL holds a user or password",
                   "write mqtt.username and mqtt.password_file, and the URL without");
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find_first_of("/?#") != std::string_view::npos) {
    return mistake(fmt::format("{} has a path", in_quotes(text)), fmt::format("write {}", kExample));
  }
  auto parsed = parse_host_port(rest, kExample);
  if (!parsed) return tl::unexpected(parsed.error());
  if (parsed->port == 0) return mistake("port 0 is no broker's", fmt::format("write {}", kExample));
  const bool tls = scheme == "mqtts";
  return BrokerAddress{parsed->host, parsed->port.value_or(tls ? 8883 : 1883), tls};
}

tl::expected<ListenAddress, Mistake> parse_listen_address(std::string_view text) {
  constexpr std::string_view kExample = "\"127.0.0.1:8377\", \"[::1]:8377\" or \"unix:/run/tidemark/admin.sock\"";
  ListenAddress out;
  if (text.starts_with("unix:")) {
    out.unix_path = text.substr(5);
    out.loopback = true;
    if (!out.unix_path.starts_with('/')) {
      return mistake(fmt::format("the socket's path {} is not absolute", in_quotes(out.unix_path)),
                     "write \"unix:/run/tidemark/admin.sock\"");
    }
    if (out.unix_path.size() > kLongestUnixPath) {
      return mistake(fmt::format("the socket's path has {} bytes", out.unix_path.size()),
                     fmt::format("a unix socket's path has at most {}", kLongestUnixPath));
    }
    return out;
  }
  auto parsed = parse_host_port(text, kExample);
  if (!parsed) return tl::unexpected(parsed.error());
  if (!parsed->port) return mistake(fmt::format("{} has no port", in_quotes(text)), fmt::format("write {}", kExample));
  out.address = parsed->host == "localhost" ? "127.0.0.1" : parsed->host;
  out.port = *parsed->port;
  if (!parsed->bracketed && !is_ipv4(out.address)) {
    return mistake(fmt::format("{} is not an IP address", in_quotes(parsed->host)), fmt::format("write {}", kExample));
  }
  out.loopback = parsed->bracketed ? out.address == "::1" : out.address.starts_with("127.");
  return out;
}

tl::expected<std::string, Mistake> parse_kafka_brokers(std::string_view text) {
  std::string out;
  while (true) {
    const std::size_t comma = text.find(',');
    std::string_view one = text.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    auto parsed = parse_host_port(one, "\"kafka-1:9092,kafka-2:9092\"");
    if (!parsed) return tl::unexpected(parsed.error());
    if (parsed->port == 0) return mistake("port 0 is no broker's", "write \"kafka-1:9092,kafka-2:9092\"");
    if (!out.empty()) out += ',';
    out += parsed->bracketed ? fmt::format("[{}]", parsed->host) : parsed->host;
    out += fmt::format(":{}", parsed->port.value_or(9092));
    if (comma == std::string_view::npos) return out;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace tidemark
