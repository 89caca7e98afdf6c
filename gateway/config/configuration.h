// The configuration of the appliance, validated: plain values. docs/CONFIGURATION.md describes every key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "edge/stream/stream_definition.h"
#include "edge/time/instant.h"

namespace tidemark {

struct GatewayConfiguration {
  std::string id;  // 1 to 64 of letters, digits, '.', '_', '-'
  std::string state = "/var/lib/tidemark/state.db";
};

/// `automatic`: 5, and 3.1.1 where the broker refuses 5.
enum class MqttProtocol : std::uint8_t { automatic, v5, v3_1_1 };

struct MqttConfiguration {
  std::string host = "127.0.0.1";  // a name or an address; IPv6 without brackets
  std::uint16_t port = 1883;
  bool tls = false;
  std::string client_id;
  MqttProtocol version = MqttProtocol::automatic;
  Duration keepalive = seconds(30);  // whole seconds, 5 s to 65,535 s
  std::string username;              // empty: none
  std::string password_file;         // empty: none
  std::string ca_file;               // empty: the system's
  std::string cert_file;             // empty: no client certificate
  std::string key_file;              // empty: the key stands in cert_file
};

struct StoreConfiguration {
  Duration commit_delay = milliseconds(100);  // 0: natural groups
  std::uint64_t max_size = 1ull << 30;        // bytes of the log
  Duration retention = days(7);
};

struct KafkaConfiguration {
  std::string brokers;  // "host:port,host:port"
  std::string topic;
  Duration linger = milliseconds(5);
  std::int32_t create_partitions = 0;                           // of a topic that is not there; 0: it is waited for
  std::vector<std::pair<std::string, std::string>> properties;  // sorted by name; `NAME_file`: the secret NAME's file
};

struct UplinkConfiguration {
  std::uint64_t max_rate = 0;  // bytes a second that go to Kafka, compressed; 0: no cap
};

struct AdminConfiguration {
  std::string unix_path;  // not empty: a unix socket; then address and port mean nothing
  std::string address = "127.0.0.1";
  std::uint16_t port = 8377;
  std::string token_file;  // set for every address that is not loopback
};

struct LimitConfiguration {
  std::uint32_t max_series = 100'000;  // unless given, no more than `memory` holds
  bool max_series_given = false;       // it stands in the file: then the memory budget must hold as many
  PayloadLimits payload;
  std::uint64_t queue = 8ull << 20;          // bytes taken from MQTT and not yet decided
  std::uint64_t dead_letters = 16ull << 20;  // bytes
  std::uint64_t memory = 64ull << 20;        // bytes; see estimate.h
  std::uint64_t disk_reserve = 64ull << 20;  // bytes left free beside the state file
  Duration reading_interval = seconds(1);    // how often one series is expected to send: for the estimate alone
};

struct Configuration {
  GatewayConfiguration gateway;
  MqttConfiguration mqtt;
  StoreConfiguration store;
  std::optional<KafkaConfiguration> kafka;
  UplinkConfiguration uplink;
  AdminConfiguration admin;
  LimitConfiguration limits;
  std::vector<StreamDefinition> streams;  // at least one; names are unique
};

}  // namespace tidemark
