#include "gateway/config/canonical_text.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <chrono>

#include "edge/stream/field_kind_name.h"
#include "gateway/config/units.h"

namespace tidemark {
namespace {

// A basic string of TOML 1.0.
std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\u{:04X}", byte);
    } else {
      out += c;
    }
  }
  out += '"';
  return out;
}

class Writer {
 public:
  void section(std::string_view header) { out_ += fmt::format("{}\n", header); }
  void raw(std::string_view key, std::string_view value) { out_ += fmt::format("{} = {}\n", key, value); }
  void number(std::string_view key, std::uint64_t value) { raw(key, fmt::format("{}", value)); }
  void duration(std::string_view key, Duration value) { raw(key, toml_string(format_duration(value))); }
  void size(std::string_view key, std::uint64_t value) { raw(key, toml_string(format_size(value))); }

  /// Nothing for an empty text: it stands for a key that was left out.
  void text(std::string_view key, std::string_view value) {
    if (!value.empty()) raw(key, toml_string(value));
  }

  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
}

void write_mqtt(const MqttConfiguration& mqtt, Writer& out) {
  out.section("[mqtt]");
  out.text("broker", fmt::format("{}://{}:{}", mqtt.tls ? "mqtts" : "mqtt", bracketed(mqtt.host), mqtt.port));
  out.text("client_id", mqtt.client_id);
  if (mqtt.version == MqttProtocol::v5) out.number("version", 5);
  if (mqtt.version == MqttProtocol::v3_1_1) out.text("version", "3.1.1");
  out.duration("keepalive", mqtt.keepalive);
  out.text("username", mqtt.username);
  out.text("password_file", mqtt.password_file);
  out.text("ca_file", mqtt.ca_file);
  out.text("cert_file", mqtt.cert_file);
  out.text("key_file", mqtt.key_file);
}

void write_kafka(const KafkaConfiguration& kafka, Writer& out) {
  out.section("[kafka]");
  out.text("brokers", kafka.brokers);
  out.text("topic", kafka.topic);
  out.duration("linger", kafka.linger);
  if (kafka.create_partitions > 0) out.number("create_partitions", static_cast<std::uint64_t>(kafka.create_partitions));
  out.section("[kafka.properties]");
  for (const auto& [name, value] : kafka.properties) out.raw(toml_string(name), toml_string(value));
}

void write_limits(const LimitConfiguration& limits, Writer& out) {
  out.section("[limits]");
  if (limits.max_series_given) out.number("max_series", limits.max_series);
  out.size("max_payload", limits.payload.max_bytes);
  out.number("max_depth", limits.payload.max_depth);
  out.size("queue", limits.queue);
  out.size("dead_letters", limits.dead_letters);
  out.size("memory", limits.memory);
  out.size("disk_reserve", limits.disk_reserve);
  out.duration("reading_interval", limits.reading_interval);
}

std::string_view name_of(TimeFormat format) {
  switch (format) {
    case TimeFormat::seconds:
      return "s";
    case TimeFormat::milliseconds:
      return "ms";
    case TimeFormat::microseconds:
      return "us";
    case TimeFormat::nanoseconds:
      return "ns";
    case TimeFormat::rfc3339:
      return "rfc3339";
    case TimeFormat::iso8601_local:
      return "iso8601_local";
  }
  return "";
}

std::string_view name_of(PayloadFormat format) {
  switch (format) {
    case PayloadFormat::json:
      return "json";
    case PayloadFormat::scalar:
      return "scalar";
    case PayloadFormat::batch:
      return "batch";
    case PayloadFormat::line_protocol:
      return "line_protocol";
    case PayloadFormat::senml:
      return "senml";
  }
  return "";
}

std::string_view name_of(BadClock bad_clock) {
  switch (bad_clock) {
    case BadClock::quarantine:
      return "quarantine";
    case BadClock::restamp:
      return "restamp";
    case BadClock::accept:
      return "accept";
  }
  return "";
}

// 2015-01-01T00:00:00.000000000Z
std::string date_time(EventTime time) {
  const std::chrono::sys_time<std::chrono::nanoseconds> point{std::chrono::nanoseconds{time.ns}};
  const auto midnight = std::chrono::floor<std::chrono::days>(point);
  const std::chrono::year_month_day date{midnight};
  const std::chrono::hh_mm_ss<std::chrono::nanoseconds> clock{point - midnight};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

void write_tags(const StreamDefinition& stream, Writer& out) {
  if (stream.default_tags) return;
  std::string tags;
  for (const auto& [name, value] : stream.tags) {
    if (!tags.empty()) tags += ", ";
    tags += fmt::format("{} = {}", toml_string(name), toml_string(value));
  }
  out.raw("tags", fmt::format("{{ {} }}", tags));
}

void write_aggregates(const StreamDefinition& stream, Writer& out) {
  // The order in which they are written means nothing.
  std::vector<std::string> names;
  for (const std::string& name : stream.aggregates) names.push_back(toml_string(name));
  std::ranges::sort(names);
  out.raw("aggregates", fmt::format("[{}]", fmt::join(names, ", ")));
}

void write_stream(const StreamDefinition& stream, Writer& out) {
  out.section("[[stream]]");
  out.text("name", stream.name);
  out.text("topic", stream.topic);
  out.text("source", stream.source);
  write_tags(stream, out);
  out.text("format", name_of(stream.format));
  out.text("each", stream.each);
  out.text("time", stream.time);
  const bool timed = !stream.time.empty() || carries_time(stream.format);
  if (timed) out.text("time_format", name_of(stream.time_format));
  if (stream.time_format == TimeFormat::iso8601_local) out.text("utc_offset", format_utc_offset(stream.utc_offset));
  out.text("sequence", stream.sequence);
  if (stream.sequence_modulus != 0) out.number("sequence_modulus", stream.sequence_modulus);
  out.duration("window", stream.window);
  out.duration("offset", stream.offset);
  out.duration("out_of_orderness", stream.out_of_orderness);
  out.duration("lateness", stream.lateness);
  out.duration("idle_timeout", stream.idle_timeout);
  out.duration("evict_after", stream.evict_after);
  out.duration("late_flush", stream.late_flush);
  out.duration("max_ahead", stream.max_ahead);
  out.raw("floor", date_time(stream.floor));
  out.duration("clock_offset", stream.clock_offset);
  out.duration("series_ttl", stream.series_ttl);
  write_aggregates(stream, out);
  out.text("bad_clock", name_of(stream.bad_clock));
  out.text("watermark", stream.watermark_per_series ? "series" : "source");
  out.text("duplicates", stream.drop_duplicates ? "drop" : "keep");
  out.text("retained", stream.use_retained ? "use" : "skip");
  if (!stream.clock_offsets.empty()) out.section("[stream.clock_offsets]");
  for (const auto& [source, offset] : stream.clock_offsets) out.duration(toml_string(source), offset);
  for (const FieldDefinition& field : stream.fields) {
    out.section("[[stream.field]]");
    out.text("path", field.path);
    out.text("name", field.name);
    out.text("unit", field.unit);
    out.text("kind", name_of(field.kind));
  }
}

}  // namespace

std::string canonical_text(const Configuration& configuration) {
  Writer out;
  out.section("[gateway]");
  out.text("id", configuration.gateway.id);
  out.text("state", configuration.gateway.state);
  write_mqtt(configuration.mqtt, out);
  out.section("[store]");
  out.duration("commit_delay", configuration.store.commit_delay);
  out.size("max_size", configuration.store.max_size);
  out.duration("retention", configuration.store.retention);
  if (configuration.kafka) write_kafka(*configuration.kafka, out);
  if (configuration.uplink.max_rate > 0) {
    out.section("[uplink]");
    out.size("max_rate", configuration.uplink.max_rate);
  }
  const AdminConfiguration& admin = configuration.admin;
  out.section("[admin]");
  out.text("listen", admin.unix_path.empty() ? fmt::format("{}:{}", bracketed(admin.address), admin.port)
                                             : "unix:" + admin.unix_path);
  out.text("token_file", admin.token_file);
  write_limits(configuration.limits, out);
  for (const StreamDefinition& stream : configuration.streams) write_stream(stream, out);
  return out.take();
}

std::string configuration_hash(const Configuration& configuration) {
  const std::string text = canonical_text(configuration);
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace tidemark
