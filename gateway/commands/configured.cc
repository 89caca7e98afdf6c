#include "gateway/commands/configured.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "gateway/config/canonical_text.h"
#include "gateway/config/loader.h"
#include "gateway/config/problem.h"
#include "gateway/log/kafka_arguments.h"
#include "gateway/secret/kafka_properties.h"

namespace tidemark {

int after_output(int status) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  std::fprintf(stderr, "the output cannot be written: %s\n", std::strerror(errno));
  return status == 0 ? 1 : status;
}

std::optional<Configuration> read_configuration(const std::string& path) {
  LoadResult loaded = load_configuration_file(path);
  if (loaded) return std::move(*loaded);
  for (const Problem& problem : loaded.error()) std::fprintf(stderr, "%s\n", format_problem(problem).c_str());
  return std::nullopt;
}

AdminSettings admin_settings(const Configuration& configuration, const std::string& token) {
  AdminSettings settings;
  settings.unix_path = configuration.admin.unix_path;
  settings.address = configuration.admin.address;
  settings.port = configuration.admin.port;
  settings.token = token;
  return settings;
}

MqttSettings mqtt_settings(const Configuration& configuration) {
  const MqttConfiguration& from = configuration.mqtt;
  MqttSettings settings;
  settings.host = from.host;
  settings.port = from.port;
  settings.tls = from.tls;
  settings.client_id = from.client_id;
  settings.version = from.version == MqttProtocol::v5       ? MqttVersion::v5
                     : from.version == MqttProtocol::v3_1_1 ? MqttVersion::v3_1_1
                                                            : MqttVersion::automatic;
  settings.keepalive = from.keepalive;
  settings.username = from.username;
  settings.password_file = from.password_file;
  settings.ca_file = from.ca_file;
  settings.cert_file = from.cert_file;
  settings.key_file = from.key_file;
  settings.max_payload = configuration.limits.payload.max_bytes;
  settings.queue_bytes = configuration.limits.queue;
  return settings;
}

Result<ProducerSettings, KafkaError> producer_settings(const Configuration& configuration) {
  ProducerSettings settings;
  settings.brokers = configuration.kafka->brokers;
  settings.client_id = "tidemark-" + configuration.gateway.id;
  settings.linger = configuration.kafka->linger;
  auto properties = read_kafka_secrets(configuration.kafka->properties, "kafka.properties.");
  if (!properties) return fail(KafkaError::configuration, std::move(properties.error().context));
  settings.properties = *std::move(properties);
  settings.files = kafka_files(configuration.kafka->properties);
  return settings;
}

UplinkSettings uplink_settings(const Configuration& configuration) {
  UplinkSettings settings;
  settings.gateway = configuration.gateway.id;
  settings.topic = configuration.kafka->topic;
  settings.create_partitions = configuration.kafka->create_partitions;
  settings.max_rate = configuration.uplink.max_rate;
  settings.producer = [&configuration] { return producer_settings(configuration); };
  return settings;
}

PipelineSettings pipeline_settings(const Configuration& configuration) {
  PipelineSettings settings;
  settings.gateway = configuration.gateway.id;
  settings.processor.streams = configuration.streams;
  settings.processor.payload = configuration.limits.payload;
  settings.processor.max_series = configuration.limits.max_series;
  settings.store.path = configuration.gateway.state;
  settings.store.max_log_bytes = configuration.store.max_size;
  settings.store.max_dead_letter_bytes = configuration.limits.dead_letters;
  settings.commit_delay = configuration.store.commit_delay;
  settings.retention = configuration.store.retention;
  settings.disk_reserve = configuration.limits.disk_reserve;
  settings.version = TIDEMARK_VERSION;
  settings.configuration_hash = configuration_hash(configuration);
  return settings;
}

}  // namespace tidemark
