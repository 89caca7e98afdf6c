#include "gateway/config/loader.h"

#include <doctest/doctest.h>

#include "gateway/config/estimate.h"

#include "gateway/config/aggregate_names.h"
#include "gateway/config/canonical_text.h"
#include "tests/unit/config/configuration_text.h"

namespace tidemark {
namespace {

Configuration good(std::string_view text) {
  const LoadResult result = load(text);
  CAPTURE((result ? std::string() : all_problems(result.error())));
  REQUIRE(result);
  return *result;
}

constexpr std::string_view kEverything = R"([gateway]
id = "dock-3"
state = "/data/state.db"

[mqtt]
broker = "mqtts://broker.example:9883"
client_id = "me"
version = "3.1.1"
keepalive = "1min"
username = "u"
password_file = "/run/p"
ca_file = "/etc/ca.pem"
cert_file = "/etc/cert.pem"
key_file = "/etc/key.pem"

[store]
commit_delay = 0
max_size = "2GiB"
retention = "36h"

[kafka]
brokers = "kafka-1, kafka-2:9093"
topic = "telemetry"
linger = "5ms"
[kafka.properties]
security.protocol = "SASL_SSL"
"sasl.password_file" = "/run/k"
socket.nagle.disable = true
batch.size = 65536

[admin]
listen = "[::]:1"
token_file = "/run/t"

[limits]
max_series = 500
max_payload = "1KiB"
max_depth = 5
queue = "1MiB"
dead_letters = "2MiB"
memory = "256MiB"
disk_reserve = "0B"
reading_interval = "100ms"

[[stream]]
name = "climate"
topic = "plant/{site}/{device}/climate"
source = "{device}"
tags = { site = "{site}", model = "meta.model" }
format = "json"
each = "readings"
time = "ts"
time_format = "rfc3339"
sequence = "^.n"
sequence_modulus = 65536
window = "1.5s"
offset = "500ms"
out_of_orderness = "1s"
lateness = "10s"
idle_timeout = "2s"
evict_after = "30min"
late_flush = "1s"
max_ahead = "1min"
floor = 2020-02-29T01:00:00.5+01:00
clock_offset = "-2h"
series_ttl = "1h"
aggregates = ["count", "mean"]
bad_clock = "accept"
watermark = "series"
duplicates = "keep"
retained = "use"

[[stream.field]]
path = "climate.temperature"
name = "temperature"
unit = "Cel"
kind = "gauge"

[[stream.field]]
path = "energy"
kind = "counter"

[[stream]]
name = "raw"
topic = "raw/{device}"
format = "scalar"
tags = {}
)";

}  // namespace

TEST_CASE("a stream needs no more than a name and a topic; all else has its default") {
  const Configuration c = good(kStream);
  CHECK(c.gateway.id == "plant-7");
  CHECK(c.gateway.state == "/var/lib/tidemark/state.db");
  CHECK(c.mqtt.host == "127.0.0.1");
  CHECK(c.mqtt.port == 1883);
  CHECK_FALSE(c.mqtt.tls);
  CHECK(c.mqtt.client_id == "tidemark-plant-7");
  CHECK(c.mqtt.version == MqttProtocol::automatic);
  CHECK(c.mqtt.keepalive == seconds(30));
  CHECK(c.store.commit_delay == milliseconds(100));
  CHECK(c.store.max_size == 1u << 30);
  CHECK(c.store.retention == days(7));
  CHECK_FALSE(c.kafka);
  CHECK(c.uplink.max_rate == 0);
  CHECK(c.admin.unix_path.empty());
  CHECK(c.admin.address == "127.0.0.1");
  CHECK(c.admin.port == 8377);
  CHECK(c.limits.max_series == estimate_memory(c).series_that_fit());
  CHECK(c.limits.max_series > 10'000);
  CHECK(c.limits.payload.max_bytes == 256 * 1024);
  CHECK(c.limits.payload.max_depth == 32);
  CHECK(c.limits.queue == 8u << 20);
  CHECK(c.limits.dead_letters == 16u << 20);
  CHECK(c.limits.memory == 64u << 20);
  REQUIRE(c.streams.size() == 1);
  const StreamDefinition& s = c.streams[0];
  CHECK(s.name == "climate");
  CHECK(s.topic == "plant/{site}/{device}/climate");
  CHECK(s.source.empty());
  CHECK(s.default_tags);
  CHECK(s.format == PayloadFormat::json);
  CHECK(s.time.empty());
  CHECK(s.sequence_modulus == 0);
  CHECK(s.window == seconds(10));
  CHECK(s.offset == Duration{});
  CHECK(s.out_of_orderness == seconds(2));
  CHECK(s.lateness == minutes(1));
  CHECK(s.idle_timeout == seconds(5));
  CHECK(s.evict_after == hours(1));
  CHECK(s.late_flush == seconds(5));
  CHECK(s.max_ahead == minutes(5));
  CHECK(s.floor == EventTime{1'420'070'400'000'000'000});
  CHECK(s.series_ttl == days(30));
  CHECK(s.bad_clock == BadClock::quarantine);
  CHECK_FALSE(s.watermark_per_series);
  CHECK(s.drop_duplicates);
  CHECK_FALSE(s.use_retained);
  CHECK(s.fields.empty());
  CHECK(s.aggregates.size() == available_aggregates().size());
}

TEST_CASE("every key reaches its place") {
  const Configuration c = good(kEverything);
  CHECK(c.gateway.id == "dock-3");
  CHECK(c.gateway.state == "/data/state.db");
  CHECK(c.mqtt.host == "broker.example");
  CHECK(c.mqtt.port == 9883);
  CHECK(c.mqtt.tls);
  CHECK(c.mqtt.client_id == "me");
  CHECK(c.mqtt.version == MqttProtocol::v3_1_1);
  CHECK(c.mqtt.keepalive == minutes(1));
  CHECK(c.mqtt.username == "u");
  CHECK(c.mqtt.password_file == "/run/p");
  CHECK(c.mqtt.ca_file == "/etc/ca.pem");
  CHECK(c.mqtt.cert_file == "/etc/cert.pem");
  CHECK(c.mqtt.key_file == "/etc/key.pem");
  CHECK(c.store.commit_delay == Duration{});
  CHECK(c.store.max_size == 2ull << 30);
  CHECK(c.store.retention == hours(36));
  REQUIRE(c.kafka);
  CHECK(c.kafka->brokers == "kafka-1:9092,kafka-2:9093");
  CHECK(c.kafka->topic == "telemetry");
  CHECK(c.kafka->linger == milliseconds(5));
  const std::vector<std::pair<std::string, std::string>> properties = {{"batch.size", "65536"},
                                                                       {"sasl.password_file", "/run/k"},
                                                                       {"security.protocol", "SASL_SSL"},
                                                                       {"socket.nagle.disable", "true"}};
  CHECK(c.kafka->properties == properties);
  CHECK(c.admin.address == "::");
  CHECK(c.admin.port == 1);
  CHECK(c.admin.token_file == "/run/t");
  CHECK(c.limits.max_series == 500);
  CHECK(c.limits.payload.max_bytes == 1024);
  CHECK(c.limits.payload.max_depth == 5);
  CHECK(c.limits.queue == 1u << 20);
  CHECK(c.limits.dead_letters == 2u << 20);
  CHECK(c.limits.memory == 256u << 20);
  CHECK(c.limits.disk_reserve == 0);
  CHECK(c.limits.reading_interval == milliseconds(100));
  REQUIRE(c.streams.size() == 2);
  const StreamDefinition& s = c.streams[0];
  CHECK(s.source == "{device}");
  CHECK_FALSE(s.default_tags);
  const std::vector<std::pair<std::string, std::string>> tags = {{"model", "meta.model"}, {"site", "{site}"}};
  CHECK(s.tags == tags);
  CHECK(s.each == "readings");
  CHECK(s.time == "ts");
  CHECK(s.time_format == TimeFormat::rfc3339);
  CHECK(s.sequence == "^.n");
  CHECK(s.sequence_modulus == 65'536);
  CHECK(s.window == milliseconds(1500));
  CHECK(s.offset == milliseconds(500));
  CHECK(s.out_of_orderness == seconds(1));
  CHECK(s.lateness == seconds(10));
  CHECK(s.idle_timeout == seconds(2));
  CHECK(s.evict_after == minutes(30));
  CHECK(s.late_flush == seconds(1));
  CHECK(s.max_ahead == minutes(1));
  CHECK(s.floor == EventTime{1'582'934'400'500'000'000});
  CHECK(s.clock_offset == hours(-2));
  CHECK(s.series_ttl == hours(1));
  CHECK(s.aggregates == std::vector<std::string>{"count", "mean"});
  CHECK(s.components == *components_of("mean"));
  CHECK(s.bad_clock == BadClock::accept);
  CHECK(s.watermark_per_series);
  CHECK_FALSE(s.drop_duplicates);
  CHECK(s.use_retained);
  const std::vector<FieldDefinition> fields = {{"climate.temperature", "temperature", "Cel", FieldKind::gauge},
                                               {"energy", "energy", "", FieldKind::counter}};
  CHECK(s.fields == fields);
  CHECK(c.streams[1].format == PayloadFormat::scalar);
  CHECK_FALSE(c.streams[1].default_tags);
  CHECK(c.streams[1].tags.empty());
}

TEST_CASE("a SenML stream takes its device from the base name, and one name in several units") {
  const std::string senml =
      std::string(kStream) +
      "[[stream]]\nname = \"power\"\ntopic = \"senml/{gateway}\"\nsource = \"bn\"\nformat = \"senml\"\n"
      "[[stream.field]]\npath = \"p\"\nname = \"power\"\nunit = \"W\"\n"
      "[[stream.field]]\npath = \"p\"\nname = \"kilopower\"\nunit = \"kW\"\n";
  const Configuration c = good(senml);
  REQUIRE(c.streams.size() == 2);
  CHECK(c.streams[1].format == PayloadFormat::senml);
  CHECK(c.streams[1].source == "bn");
  CHECK(c.streams[1].fields.size() == 2);
  CHECK(canonical_text(good(canonical_text(c))) == canonical_text(c));
  CHECK(good(canonical_text(c)).streams[1].format == PayloadFormat::senml);
}

TEST_CASE("the field of a scalar stream needs no path") {
  const std::string scalar = std::string(kStream) + "format = \"scalar\"\n[[stream.field]]\nunit = \"m\"\n";
  using Fields = std::vector<FieldDefinition>;
  CHECK(good(scalar).streams[0].fields == Fields{{"", "value", "m", FieldKind::gauge}});
  CHECK(good(scalar + "name = \"level\"\n").streams[0].fields == Fields{{"", "level", "m", FieldKind::gauge}});
  CHECK(good(scalar + "path = \"level\"\n").streams[0].fields == Fields{{"level", "level", "m", FieldKind::gauge}});
  CHECK(canonical_text(good(canonical_text(good(scalar)))) == canonical_text(good(scalar)));
}

TEST_CASE("a batch has its time without a path, and its keys may name the sources") {
  const std::string batch = "[[stream]]\nname = \"b\"\ntopic = \"v1/gateway/telemetry\"\nformat = \"batch\"\n";
  const StreamDefinition plain = good(batch).streams[0];
  CHECK(plain.format == PayloadFormat::batch);
  CHECK(plain.time.empty());
  CHECK(plain.time_format == TimeFormat::milliseconds);
  const std::string whole = batch + "source = \"device\"\ntime_format = \"s\"\n";
  CHECK(good(whole).streams[0].source == "device");
  CHECK(good(whole).streams[0].time_format == TimeFormat::seconds);
  CHECK(canonical_text(good(canonical_text(good(whole)))) == canonical_text(good(whole)));
  CHECK(canonical_text(good(whole)) != canonical_text(good(batch + "source = \"device\"\n")));
}

TEST_CASE("line protocol needs no more than its format, and its times are nanoseconds unless said otherwise") {
  const std::string lines = std::string(kStream) + "format = \"line_protocol\"\n";
  const StreamDefinition plain = good(lines).streams[0];
  CHECK(plain.format == PayloadFormat::line_protocol);
  CHECK(plain.time_format == TimeFormat::nanoseconds);
  CHECK(plain.default_tags);
  CHECK(canonical_text(good(canonical_text(good(lines)))) == canonical_text(good(lines)));
  const std::string seconds = lines + "time_format = \"s\"\nsource = \"tag.host\"\n";
  CHECK(good(seconds).streams[0].time_format == TimeFormat::seconds);
  CHECK(good(canonical_text(good(seconds))).streams[0].time_format == TimeFormat::seconds);
  CHECK(configuration_hash(good(seconds)) != configuration_hash(good(lines)));
}

TEST_CASE("a cap on what goes to Kafka is a size, and a part of the configuration's hash") {
  const std::string kafka = "[kafka]\nbrokers = \"k\"\ntopic = \"t\"\n";
  const std::string capped = kafka + "[uplink]\nmax_rate = \"20KiB\"\n";
  const Configuration c = good(capped + std::string(kStream));
  CHECK(c.uplink.max_rate == 20u << 10);
  CHECK(good(canonical_text(c)).uplink.max_rate == c.uplink.max_rate);
  CHECK(configuration_hash(c) != configuration_hash(good(kafka + std::string(kStream))));
}

TEST_CASE("local time has an offset, east or west of UTC") {
  for (const auto& [text, offset] :
       {std::pair{"+02:00", hours(2)}, {"-03:30", minutes(-210)}, {"+00:00", Duration{}}}) {
    const Configuration c =
        good(std::string(kStream) + "time = \"ts\"\ntime_format = \"iso8601_local\"\nutc_offset = \"" + text + "\"\n");
    CHECK(c.streams[0].time_format == TimeFormat::iso8601_local);
    CHECK(c.streams[0].utc_offset == offset);
    CHECK(good(canonical_text(c)).streams[0].utc_offset == offset);
  }
}

TEST_CASE("a source's clock offset is named by the source, and a part of the configuration's hash") {
  const std::string text = std::string(kStream) + "[stream.clock_offsets]\n\"dev 2\" = \"90min\"\ndev-1 = \"-1h\"\n";
  const Configuration c = good(text);
  CHECK(c.streams[0].clock_offsets ==
        std::vector<std::pair<std::string, Duration>>{{"dev 2", minutes(90)}, {"dev-1", hours(-1)}});
  CHECK(good(canonical_text(c)).streams[0].clock_offsets == c.streams[0].clock_offsets);
  CHECK(configuration_hash(c) != configuration_hash(good(std::string(kStream))));
}

TEST_CASE("the canonical text is read back as the same configuration") {
  for (const std::string_view text : {kStream, kEverything}) {
    const std::string canonical = canonical_text(good(text));
    CAPTURE(canonical);
    CHECK(canonical_text(good(canonical)) == canonical);
  }
}

TEST_CASE("the hash tells configurations apart, and is deaf to comments, order and units") {
  const std::string hash = configuration_hash(good(kStream));
  CHECK(hash.size() == 32);
  const std::string same = "# a comment\n[store]\ncommit_delay = \"0.1s\"\n" + std::string(kStream) +
                           "window = \"10000ms\"\naggregates = [\"last\", \"first\", \"range\", \"max\", \"min\", "
                           "\"stddev\", \"variance\", \"mean\", \"sum\", \"count\"]\n";
  CHECK(configuration_hash(good(same)) == hash);
  CHECK(configuration_hash(good(std::string(kStream) + "window = \"11s\"")) != hash);
  CHECK(configuration_hash(good(std::string(kStream) + "tags = {}")) != hash);
  CHECK(configuration_hash(good("[mqtt]\nversion = 5\n" + std::string(kStream))) != hash);
}

TEST_CASE("the hash of a known configuration is what it was: readers compare it over years") {
  CHECK(configuration_hash(good(kEverything)) == "9fe5961aff537d49e6855542c077b31b");
}

TEST_CASE("every aggregate that may be written has its components") {
  for (const std::string_view name : available_aggregates()) CHECK(components_of(name));
}

TEST_CASE("a broker's port has the default of its scheme") {
  const auto mqtt = [](const std::string& url) {
    return good("[mqtt]\nbroker = \"" + url + "\"\n" + std::string(kStream)).mqtt;
  };
  CHECK(mqtt("mqtt://h").port == 1883);
  CHECK(mqtt("mqtts://h").port == 8883);
  CHECK(mqtt("mqtts://h").tls);
  CHECK(mqtt("mqtt://h/").host == "h");
  CHECK(mqtt("mqtt://[fe80::1]").host == "fe80::1");
  CHECK(mqtt("mqtt://[fe80::1]:7").port == 7);
}

TEST_CASE("the admin's door is a loopback address, a unix socket, or has a token") {
  const auto admin = [](const std::string& lines) {
    return good("[admin]\n" + lines + "\n" + std::string(kStream)).admin;
  };
  CHECK(admin("listen = \"unix:/run/tidemark/admin.sock\"").unix_path == "/run/tidemark/admin.sock");
  CHECK(admin("listen = \"localhost:0\"").address == "127.0.0.1");
  CHECK(admin("listen = \"127.8.0.1:1\"").address == "127.8.0.1");
  CHECK(admin("listen = \"[::1]:1\"").address == "::1");
  CHECK(admin("listen = \"0.0.0.0:1\"\ntoken_file = \"/t\"").address == "0.0.0.0");
}

TEST_CASE("systemd's specifier for credentials is replaced where the folder is known") {
  const std::string text = "[mqtt]\nusername = \"u\"\npassword_file = \"%d/mqtt\"\n" + std::string(kStream);
  CHECK(good(text).mqtt.password_file == "%d/mqtt");
  const LoadResult inside =
      load_configuration(text, "F", {.host_name = "h", .credentials_directory = "/run/credentials/tidemark.service"});
  REQUIRE(inside);
  CHECK(inside->mqtt.password_file == "/run/credentials/tidemark.service/mqtt");
}

TEST_CASE("series are as many as the memory holds, at most 100,000, unless they are written") {
  const auto series = [](const std::string& limits) {
    const LoadResult result = load("[limits]\n" + limits + "\n" + std::string(kStream));
    REQUIRE(result);
    return result->limits.max_series;
  };
  CHECK(series("memory = \"1GiB\"") == 100'000);
  CHECK(series("memory = \"64MiB\"") < 100'000);
  CHECK(series("memory = \"48MiB\"") < series("memory = \"64MiB\""));
  CHECK(series("max_series = 5") == 5);
}

}  // namespace tidemark
