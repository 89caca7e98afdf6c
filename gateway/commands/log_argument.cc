#include "gateway/commands/log_argument.h"

#include <cstdio>

#include "gateway/commands/configured.h"
#include "gateway/log/kafka_arguments.h"
#include "gateway/secret/secret_file.h"

namespace tidemark {

LogPlace admin_place(const AdminConfiguration& admin) {
  LogPlace place;
  if (!admin.unix_path.empty()) {
    place.kind = LogPlace::Kind::unix_socket;
    place.path = admin.unix_path;
  } else {
    place.kind = LogPlace::Kind::tcp;
    // Who listens on every address is reached on the machine's own.
    place.host = admin.address == "0.0.0.0" ? "127.0.0.1" : admin.address == "::" ? "::1" : admin.address;
    place.port = admin.port;
  }
  if (admin.token_file.empty()) return place;
  auto token = read_token("admin.token_file", admin.token_file);
  if (token) {
    place.token = *std::move(token);
  } else {
    // Not the end: the appliance may run with another configuration by now, and says whether it wants one.
    std::fprintf(stderr, "%s\n", token.error().context.c_str());
  }
  return place;
}

namespace {

std::optional<OpenedLog> open_kafka(const LogCommand& command, LogPlace place, int& exit) {
  OpenedLog opened;
  exit = kExitBadConfiguration;
  const auto refuse = [](const Failure<LogError>& failure) {
    std::fprintf(stderr, "%s\n", failure.context.c_str());
    return std::nullopt;
  };
  if (!command.configuration.empty()) {
    const auto configuration = read_configuration(command.configuration);
    if (!configuration) return std::nullopt;
    if (configuration->kafka) {
      auto properties = kafka_properties(configuration->kafka->properties, "kafka.properties.");
      if (!properties) return refuse(properties.error());
      place.properties = std::move(*properties);
    }
  }
  auto properties = parse_kafka_properties(command.kafka_properties);
  if (!properties) return refuse(properties.error());
  // What is said here comes after the configuration's, and wins.
  place.properties.insert(place.properties.end(), properties->begin(), properties->end());
  auto partitions = parse_partitions(command.partitions);
  if (!partitions) return refuse(partitions.error());
  place.partitions = std::move(*partitions);
  auto source = open_log(place);
  if (!source) return refuse(source.error());
  exit = 1;
  auto there = (*source)->partitions();
  if (!there) return refuse(there.error());
  opened.source = std::move(*source);
  opened.place = std::move(place);
  opened.partitions = std::move(*there);
  return opened;
}

}  // namespace

ForeignWarning::~ForeignWarning() {
  const ForeignRecords records = source_.foreign();
  if (records.count == 0) return;
  look();
  std::fprintf(stderr, "%llu records of the topic were no events and were passed over\n",
               static_cast<unsigned long long>(records.count));
}

void ForeignWarning::look() {
  if (said_) return;
  const ForeignRecords records = source_.foreign();
  if (records.count == 0) return;
  said_ = true;
  std::fprintf(
      stderr,
      "WARNING: the topic holds records that are no events of Tidemark, or damaged ones; they are passed over. "
      "The first: %s. Does somebody else write to this topic?\n",
      records.first.c_str());
}

std::optional<OpenedLog> open_log_argument(const LogCommand& command, bool only_running, int& exit) {
  OpenedLog opened;
  std::string nobody;  // where an appliance was looked for in vain
  exit = 1;
  const auto refuse = [](const Failure<LogError>& failure) {
    std::fprintf(stderr, "%s\n", failure.context.c_str());
    return std::nullopt;
  };
  if (!command.log.empty()) {
    auto place = parse_log_place(command.log);
    if (!place) return refuse(place.error());
    if (place->kind == LogPlace::Kind::kafka && command.parked) {
      std::fputs(
          "what is parked is at the appliance, not in Kafka: --config FILE, or --log http://HOST:PORT, unix:PATH "
          "or file:PATH\n",
          stderr);
      exit = kExitBadConfiguration;
      return std::nullopt;
    }
    if (place->kind == LogPlace::Kind::kafka) return open_kafka(command, std::move(*place), exit);
    if (!command.configuration.empty() || !command.kafka_properties.empty() || !command.partitions.empty()) {
      std::fputs("--config beside --log, --kafka-property and --partitions are for --log kafka:BROKERS/TOPIC\n",
                 stderr);
      exit = kExitBadConfiguration;
      return std::nullopt;
    }
    opened.place = *place;
    opened.place.parked = command.parked;
    if (!command.token_file.empty()) {
      const auto token = read_token("--token-file", command.token_file);
      if (!token) {
        std::fprintf(stderr, "%s\n", token.error().context.c_str());
        return std::nullopt;
      }
      opened.place.token = *token;
    }
    if (only_running && place->kind == LogPlace::Kind::file) {
      std::fprintf(stderr,
                   "--follow needs a running appliance: a file that nobody writes does not go on; use --config or "
                   "--log http://HOST:PORT, unix:PATH or kafka:BROKERS/TOPIC\n");
      return std::nullopt;
    }
  } else {
    opened.configuration = read_configuration(command.configuration);
    if (!opened.configuration) {
      exit = kExitBadConfiguration;
      return std::nullopt;
    }
    opened.place = admin_place(opened.configuration->admin);
    opened.place.parked = command.parked;
    if (!only_running) {
      // Whether somebody listens shows by asking.
      auto running = open_log(opened.place);
      if (running) {
        const auto asked = (*running)->read_partition(0, 1, 1);
        if (!asked && asked.error().code == LogError::no_answer) {
          nobody = "nobody answers at " + to_string(opened.place) + ", so its state file was looked at: ";
          opened.place = {};
          opened.place.path = opened.configuration->gateway.state;
          opened.place.parked = command.parked;
        } else if (!asked) {
          return refuse(asked.error());
        }
      }
    }
  }
  auto source = open_log(opened.place);
  if (!source) {
    std::fputs(nobody.c_str(), stderr);
    return refuse(source.error());
  }
  opened.source = std::move(*source);
  opened.partitions = {0};
  return opened;
}

}  // namespace tidemark
