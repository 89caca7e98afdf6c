#include "gateway/config/loader.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>

#include "gateway/config/endpoint.h"
#include "gateway/config/estimate.h"
#include "gateway/config/kafka_loader.h"
#include "gateway/config/section.h"
#include "gateway/config/stream_loader.h"
#include "gateway/config/units.h"

namespace tidemark {
namespace {

// A configuration of thousands of streams takes less; a state file named by mistake takes more.
constexpr std::size_t kLongestFile = 4u << 20;
constexpr std::uint64_t kKiB = 1ull << 10;
constexpr std::uint64_t kMiB = 1ull << 20;
constexpr std::uint64_t kGiB = 1ull << 30;

Section section_of(Section& top, std::string_view name, ProblemList& problems) {
  const toml::table* const table = top.table(name);
  return {table, std::string(name), table == nullptr ? Position{} : position_of(*table), problems};
}

// The path of a file. systemd's specifier for its credentials works as it does in a unit: "%d/name".
bool load_path(Section& section, std::string_view key, const Surroundings& surroundings, std::string& out) {
  if (!section.text(key, out)) return false;
  if (out.starts_with("%d/") && !surroundings.credentials_directory.empty()) {
    out.replace(0, 2, surroundings.credentials_directory);
  }
  return true;
}

bool is_gateway_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

GatewayConfiguration load_gateway(Section section, const Surroundings& surroundings) {
  constexpr std::string_view kRight = "write 1 to 64 letters, digits, '.', '_' or '-'";
  GatewayConfiguration out;
  if (section.text("id", out.id)) {
    if (!is_gateway_id(out.id))
      section.wrong("id", fmt::format("{} cannot be used", in_quotes(out.id)), std::string(kRight));
  } else if (!section.has("id")) {
    out.id = surroundings.host_name;
    // Two gateways with one id would be one to every reader of the log, so a name that many machines have is none.
    if (!is_gateway_id(out.id) || out.id == "localhost") {
      section.missing("id", fmt::format("the host's name {} cannot stand in for it: {}, another for each gateway",
                                        in_quotes(out.id), kRight));
    }
  }
  section.text("state", out.state);
  section.finish();
  return out;
}

void load_version(Section& section, MqttProtocol& out) {
  const toml::node* const node = section.find("version");
  if (node == nullptr) return;
  if (node->value_exact<std::int64_t>() == 5 || node->value_exact<std::string>() == "5") {
    out = MqttProtocol::v5;
  } else if (node->value_exact<std::string>() == "3.1.1") {
    out = MqttProtocol::v3_1_1;
  } else {
    section.wrong("version", "is not a version of MQTT", "write 5 or \"3.1.1\", or leave it out for either");
  }
}

void load_credentials(Section& section, const Surroundings& surroundings, MqttConfiguration& out) {
  section.text("username", out.username);
  section.secret("password", "password_file");
  load_path(section, "password_file", surroundings, out.password_file);
  if (section.has("password_file") && !section.has("username")) {
    section.wrong("password_file", "has no username beside it", "write mqtt.username, too");
  }
  load_path(section, "ca_file", surroundings, out.ca_file);
  load_path(section, "cert_file", surroundings, out.cert_file);
  section.secret("key", "key_file");
  load_path(section, "key_file", surroundings, out.key_file);
  if (section.has("key_file") && !section.has("cert_file")) {
    section.wrong("key_file", "has no cert_file beside it", "write mqtt.cert_file, too");
  }
  for (const std::string_view key : {"ca_file", "cert_file", "key_file"}) {
    if (section.has(key) && !out.tls) {
      section.wrong(key, "means nothing without TLS", "write broker = \"mqtts://HOST:8883\", or leave it out");
    }
  }
}

MqttConfiguration load_mqtt(Section section, const Surroundings& surroundings, const std::string& gateway) {
  MqttConfiguration out;
  std::string broker;
  if (section.text("broker", broker)) {
    if (auto parsed = parse_broker_url(broker)) {
      out.host = parsed->host;
      out.port = parsed->port;
      out.tls = parsed->tls;
    } else {
      section.wrong("broker", fmt::format("is wrong: {}", parsed.error().wrong), parsed.error().right);
      out.tls = true;  // unknown: nothing is said of keys that belong to TLS
    }
  }
  out.client_id = "tidemark-" + gateway;
  section.text("client_id", out.client_id);
  load_version(section, out.version);
  if (section.duration("keepalive", {seconds(5), seconds(65'535)}, out.keepalive) &&
      out.keepalive.ns % seconds(1).ns != 0) {
    section.wrong("keepalive", fmt::format("is {}", format_duration(out.keepalive)),
                  "MQTT counts whole seconds: write them");
  }
  load_credentials(section, surroundings, out);
  section.finish();
  return out;
}

StoreConfiguration load_store(Section section) {
  StoreConfiguration out;
  section.duration("commit_delay", {Duration{}, seconds(10)}, out.commit_delay);
  section.size("max_size", {8 * kMiB, 1024 * kGiB}, out.max_size);
  section.duration("retention", {minutes(1), days(3650)}, out.retention);
  section.finish();
  return out;
}

UplinkConfiguration load_uplink(Section section, bool kafka) {
  UplinkConfiguration out;
  // Below a KiB a second the protocol's own requests would take most of it.
  section.size("max_rate", {kKiB, kGiB}, out.max_rate);
  if (section.has("max_rate") && !kafka) {
    section.wrong("max_rate", "means nothing without [kafka]", "add [kafka] with brokers and topic, or leave it out");
  }
  section.finish();
  return out;
}

AdminConfiguration load_admin(Section section, const Surroundings& surroundings) {
  AdminConfiguration out;
  section.secret("token", "token_file");
  load_path(section, "token_file", surroundings, out.token_file);
  std::string listen;
  if (section.text("listen", listen)) {
    if (auto parsed = parse_listen_address(listen)) {
      out.unix_path = parsed->unix_path;
      out.address = parsed->address;
      out.port = parsed->port;
      if (!parsed->loopback && !section.has("token_file")) {
        section.wrong("listen", fmt::format("{} can be reached from other machines", in_quotes(listen)),
                      "write admin.token_file, too, or listen on 127.0.0.1 or a unix socket");
      }
    } else {
      section.wrong("listen", fmt::format("is wrong: {}", parsed.error().wrong), parsed.error().right);
    }
  }
  section.finish();
  return out;
}

LimitConfiguration load_limits(Section& section) {
  LimitConfiguration out;
  std::int64_t number = out.max_series;
  out.max_series_given = section.integer("max_series", 1, 10'000'000, number);
  out.max_series = static_cast<std::uint32_t>(number);
  std::uint64_t bytes = 0;
  if (section.size("max_payload", {256, 16 * kMiB}, bytes)) out.payload.max_bytes = static_cast<std::uint32_t>(bytes);
  number = out.payload.max_depth;
  if (section.integer("max_depth", 1, 1024, number)) out.payload.max_depth = static_cast<std::uint32_t>(number);
  section.size("queue", {64 * kKiB, kGiB}, out.queue);
  section.size("dead_letters", {64 * kKiB, kGiB}, out.dead_letters);
  section.size("memory", {kMiB, 1024 * kGiB}, out.memory);
  section.size("disk_reserve", {0, 1024 * kGiB}, out.disk_reserve);
  section.duration("reading_interval", {milliseconds(1), days(1)}, out.reading_interval);
  if (out.queue < out.payload.max_bytes) {
    const std::string_view key = section.has("queue") ? "queue" : "max_payload";
    section.wrong(key,
                  fmt::format("leaves a queue of {} for payloads of {}", format_size(out.queue),
                              format_size(out.payload.max_bytes)),
                  "make limits.queue at least limits.max_payload");
  }
  section.finish();
  return out;
}

std::vector<LoadedStream> load_streams(Section& top, const PayloadLimits& limits, ProblemList& problems) {
  std::vector<LoadedStream> out;
  std::map<std::string, Position> names;
  const bool is_table = top.has("stream") && top.find("stream")->is_table();
  const std::vector<const toml::table*> tables = top.tables("stream");
  // One [stream] is read all the same, so that what is wrong inside is shown at once; `tables` has said what is wrong.
  if (is_table) out.push_back(load_stream(*top.find("stream")->as_table(), limits, problems));
  for (const toml::table* const table : tables) {
    out.push_back(load_stream(*table, limits, problems));
    const LoadedStream& stream = out.back();
    if (stream.definition.name.empty()) continue;
    const Position place = stream.places.at("name");
    const auto [other, is_new] = names.emplace(stream.definition.name, place);
    if (!is_new) {
      problems.add(place, {fmt::format("stream.name {} is already that of the stream in line {}",
                                       in_quotes(stream.definition.name), other->second.line),
                           "give each stream a name of its own"});
    }
  }
  const toml::node* const written = top.find("stream");
  if (written == nullptr || (written->is_array() && written->as_array()->empty())) {
    problems.add({}, {"no stream is configured", "add [[stream]] with at least a name and a topic"});
  }
  return out;
}

// DESIGN, "Bounds": refused at start if over the memory budget, with the sum shown.
void check_memory(const Configuration& configuration, const Section& limits, const std::vector<LoadedStream>& streams,
                  ProblemList& problems) {
  const MemoryEstimate estimate = estimate_memory(configuration);
  const bool given = configuration.limits.max_series_given;
  const std::uint64_t demanded =
      given ? configuration.limits.max_series : std::min<std::uint64_t>(kLeastSeries, configuration.limits.max_series);
  if (estimate.at(demanded) <= configuration.limits.memory) return;
  const StreamMemory& largest = estimate.largest();
  Position position = limits.position(given ? "max_series" : "memory");
  if (!limits.has("memory") && !given) {
    const auto stream =
        std::ranges::find(streams, largest.stream, [](const LoadedStream& s) { return s.definition.name; });
    position = stream->places.at(stream->places.contains("lateness") ? "lateness"
                                 : stream->places.contains("window") ? "window"
                                                                     : "");
  }
  problems.add(
      position,
      {fmt::format("{} series need {}, over limits.memory of {}: {}", demanded, approximate_size(estimate.at(demanded)),
                   format_size(configuration.limits.memory), estimate.sum(demanded)),
       fmt::format("set limits.memory to at least \"{}MiB\", or lower limits.max_series, or the lateness or "
                   "raise the window of stream {}",
                   estimate.at(demanded) / kMiB + 1, in_quotes(largest.stream))});
}

Configuration load_tables(const toml::table& table, const Surroundings& surroundings, ProblemList& problems) {
  Section top(&table, "", {}, problems);
  Configuration out;
  out.gateway = load_gateway(section_of(top, "gateway", problems), surroundings);
  out.mqtt = load_mqtt(section_of(top, "mqtt", problems), surroundings, out.gateway.id);
  out.store = load_store(section_of(top, "store", problems));
  if (const toml::table* const kafka = top.table("kafka")) out.kafka = load_kafka(*kafka, problems);
  out.uplink = load_uplink(section_of(top, "uplink", problems), out.kafka.has_value());
  out.admin = load_admin(section_of(top, "admin", problems), surroundings);
  Section limits = section_of(top, "limits", problems);
  out.limits = load_limits(limits);
  const std::vector<LoadedStream> streams = load_streams(top, out.limits.payload, problems);
  for (const LoadedStream& stream : streams) out.streams.push_back(stream.definition);
  top.later("clock");
  top.finish();
  // The sum means something only if every number in it does.
  if (problems.empty()) check_memory(out, limits, streams, problems);
  if (problems.empty() && !out.limits.max_series_given) {
    out.limits.max_series = static_cast<std::uint32_t>(estimate_memory(out).series_that_fit());
  }
  return out;
}

}  // namespace

LoadResult load_configuration(std::string_view text, const std::string& file, const Surroundings& surroundings) {
  ProblemList problems(file);
  Configuration configuration;
  try {
    const toml::table table = toml::parse(text, file);
    configuration = load_tables(table, surroundings, problems);
  } catch (const toml::parse_error& error) {
    const toml::source_position& at = error.source().begin;
    problems.add({at.line, at.column},
                 {fmt::format("this is not TOML: {}", error.description()),
                  "mend the syntax (https://toml.io/en/v1.0.0); text and durations stand in quotes"});
  }
  if (!problems.empty()) return tl::unexpected(problems.sorted());
  return configuration;
}

LoadResult load_configuration_file(const std::string& path) {
  const auto unreadable = [&](std::string wrong) {
    return tl::unexpected(std::vector<Problem>{{path, {}, std::move(wrong), "name a TOML file that can be read"}});
  };
  std::ifstream stream(path, std::ios::binary);
  std::string text(kLongestFile + 1, '\0');
  // Reading a folder fails only here, at the first byte.
  if (!stream || (!stream.read(text.data(), static_cast<std::streamsize>(text.size())) && !stream.eof())) {
    return unreadable(fmt::format("the file cannot be read: {}", std::strerror(errno)));
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kLongestFile) {
    return unreadable(fmt::format("the file is larger than {}", format_size(kLongestFile)));
  }
  Surroundings surroundings;
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) == 0) surroundings.host_name = host.data();
  if (const char* const directory = std::getenv("CREDENTIALS_DIRECTORY"))
    surroundings.credentials_directory = directory;
  return load_configuration(text, path, surroundings);
}

}  // namespace tidemark
