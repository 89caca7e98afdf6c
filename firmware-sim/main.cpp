// The command line of firmware-sim: simulated devices that publish over MQTT and write down the truth of what they
// sent.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "firmware-sim/replay.h"
#include "firmware-sim/run.h"
#include "firmware-sim/stream_config.h"
#include "firmware-sim/time_text.h"

namespace {

using namespace firmware_sim;

constexpr int kUsage = 2;

// What the user typed, before it is checked.
struct BrokerArguments {
  std::string url;
  std::string username;
  std::string password_file;
  std::string ca_file;
  std::string client_id;
  std::uint32_t window = 1'000;
  std::uint32_t connections = 1;
  std::uint32_t patience_s = 60;
  int qos = 1;
};

struct FleetArguments {
  std::uint32_t devices = 10;
  std::uint32_t start_id = 1;
  std::string plant = "plant";
  std::string interval = "1s";
  std::string duration = "60s";
  std::string start_time;
  std::string profile = "clean";
  std::string truth;
  std::vector<std::string> models;
  std::uint64_t seed = 1;
  double rate = 0;
  bool one_reading = false;
  bool no_truth = false;
};

void add_broker_options(CLI::App& app, BrokerArguments& broker) {
  app.add_option("--broker", broker.url, "mqtt://HOST:PORT, or mqtts://HOST:PORT for TLS");
  app.add_option("--username", broker.username, "MQTT user name");
  app.add_option("--password-file", broker.password_file, "file whose first line is the MQTT password");
  app.add_option("--ca-file", broker.ca_file, "PEM file of the certificate authority (default: the system's)");
  app.add_option("--client-id", broker.client_id, "MQTT client id (default: firmware-sim-PID)");
  app.add_option("--qos", broker.qos, "QoS of every publish")->check(CLI::Range(0, 1))->capture_default_str();
  app.add_option("--in-flight", broker.window, "most unacknowledged messages on a connection")
      ->check(CLI::Range(1, 60'000))
      ->capture_default_str();
  app.add_option("--patience", broker.patience_s,
                 "seconds without a broker at the start, or without an acknowledgement at the end, before giving up")
      ->check(CLI::Range(1, 86'400))
      ->capture_default_str();
}

void add_fleet_options(CLI::App& app, FleetArguments& fleet) {
  app.add_option("--devices", fleet.devices, "number of devices")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--interval", fleet.interval, "between two ticks of a device: 1s, 250ms")->capture_default_str();
  app.add_option("--rate", fleet.rate, "ticks a second of all devices together, instead of --interval")
      ->check(CLI::PositiveNumber);
  app.add_option("--duration", fleet.duration, "how long devices measure; 0: until SIGTERM")->capture_default_str();
  app.add_option("--seed", fleet.seed, "same seed, same options: same truth")->capture_default_str();
  app.add_option("--profile", fleet.profile, "what goes wrong: clean, plant or chaos")
      ->check(CLI::IsMember({"clean", "plant", "chaos"}))
      ->capture_default_str();
  app.add_option("--models", fleet.models, "device models, separated by commas (default: all)")->delimiter(',');
  app.add_flag("--payload-one-reading", fleet.one_reading,
               "only thermometers with one reading a message, for benchmarks");
  app.add_option("--plant", fleet.plant, "first level of every topic")->capture_default_str();
  app.add_option("--start-id", fleet.start_id,
                 "number of the first device, so that fleets side by side do not share names")
      ->check(CLI::Range(0, 100'000'000))
      ->capture_default_str();
  app.add_option("--start-time", fleet.start_time,
                 "event time of the beginning: RFC 3339 in UTC, or ms since 1970 "
                 "(default: now)");
  app.add_option("--truth", fleet.truth, "SQLite file for the truth of what was sent");
  app.add_flag("--no-truth", fleet.no_truth, "write no truth");
}

// One message for whatever is wrong with the command line.
struct UsageError {
  std::string text;
};

std::vector<const CatalogueEntry*> chosen_models(const FleetArguments& arguments) {
  if (arguments.one_reading) return {&one_reading_model()};
  std::vector<const CatalogueEntry*> models;
  std::string known;
  for (const CatalogueEntry& entry : catalogue()) {
    known += (known.empty() ? "" : ", ") + std::string(entry.description->name);
    if (arguments.models.empty()) models.push_back(&entry);
  }
  for (const std::string& name : arguments.models) {
    const CatalogueEntry* entry = find_model(name);
    if (entry == nullptr)
      throw UsageError{fmt::format("--models {}: there is no such model; known are {}", name, known)};
    models.push_back(entry);
  }
  return models;
}

RunOptions run_options(const FleetArguments& arguments) {
  RunOptions options;
  FleetOptions& fleet = options.fleet;
  fleet.devices = arguments.devices;
  fleet.first_number = arguments.start_id;
  fleet.plant = arguments.plant;
  fleet.seed = arguments.seed;
  fleet.profile = *find_profile(arguments.profile);
  fleet.models = chosen_models(arguments);
  if (fleet.plant.empty() || fleet.plant.find_first_of("+#") != std::string::npos || fleet.plant[0] == '$') {
    throw UsageError{fmt::format("--plant {}: not a topic; leave out + and # and a leading $", fleet.plant)};
  }
  const auto interval = parse_duration_us(arguments.interval);
  if (!interval) {
    throw UsageError{fmt::format("--interval {}: not a duration; write 1s, 250ms or 2min", arguments.interval)};
  }
  fleet.interval_us = *interval;
  if (arguments.rate > 0) fleet.interval_us = static_cast<std::int64_t>(arguments.devices * 1e6 / arguments.rate);
  if (fleet.interval_us < 1'000) {
    throw UsageError{arguments.rate > 0
                         ? fmt::format("--rate {} with {} devices: less than 1 ms between a device's ticks, "
                                       "and its times would repeat; take more devices",
                                       arguments.rate, arguments.devices)
                         : fmt::format("--interval {}: at least 1ms", arguments.interval)};
  }
  const auto duration = parse_duration_us(arguments.duration);
  if (!duration) {
    throw UsageError{
        fmt::format("--duration {}: not a duration; write 60s or 5min, or 0 for no end", arguments.duration)};
  }
  fleet.duration_us = *duration == 0 ? kForever_us : *duration;
  if (!arguments.start_time.empty()) {
    options.start_ms = parse_time_ms(arguments.start_time);
    if (!options.start_ms) {
      throw UsageError{fmt::format("--start-time {}: not a time; write 2026-03-01T12:00:00Z, or ms since 1970",
                                   arguments.start_time)};
    }
  }
  if (arguments.no_truth && !arguments.truth.empty()) throw UsageError{"--truth and --no-truth contradict each other"};
  options.truth = arguments.truth;
  return options;
}

DispatchOptions dispatch_options(const BrokerArguments& arguments) {
  if (arguments.url.empty()) throw UsageError{"--broker is missing: write --broker mqtt://127.0.0.1:1883"};
  auto broker = parse_broker(arguments.url, arguments.username, arguments.password_file, arguments.ca_file);
  if (!broker) throw UsageError{broker.error().context};
  DispatchOptions options;
  options.broker = *broker;
  options.client_id = arguments.client_id.empty() ? fmt::format("firmware-sim-{}", ::getpid()) : arguments.client_id;
  options.connections = arguments.connections;
  options.window = arguments.window;
  options.qos = arguments.qos;
  options.patience = std::chrono::seconds(arguments.patience_s);
  return options;
}

template <typename T>
int complain(const Result<T>& result) {
  fmt::print(stderr, "firmware-sim: {}\n", result.error().context);
  return result.error().code == SimError::bad_option ? kUsage : EXIT_FAILURE;
}

int run_command(const FleetArguments& fleet, const BrokerArguments& broker, bool often) {
  if (fleet.truth.empty() && !fleet.no_truth) {
    throw UsageError{"--truth FILE is missing; --no-truth if none is wanted"};
  }
  RunOptions options = run_options(fleet);
  options.dispatch = dispatch_options(broker);
  options.dispatch.connections = std::min(options.dispatch.connections, options.fleet.devices);
  options.often = often;
  const auto all = run_live(std::move(options));
  if (!all) return complain(all);
  return *all ? EXIT_SUCCESS : EXIT_FAILURE;
}

int replay_command(ReplayOptions options, const BrokerArguments& broker, bool often) {
  options.dispatch = dispatch_options(broker);
  options.often = often;
  const auto all = replay(options);
  if (!all) return complain(all);
  return *all ? EXIT_SUCCESS : EXIT_FAILURE;
}

int record_command(const FleetArguments& fleet, const std::string& path) {
  RunOptions options = run_options(fleet);
  if (options.fleet.duration_us == kForever_us) throw UsageError{"--duration 0: a recording needs an end"};
  const auto done = run_recording(options, path);
  return done ? EXIT_SUCCESS : complain(done);
}

int streams_command(const FleetArguments& fleet, const std::string& window) {
  if (!parse_duration_us(window)) throw UsageError{fmt::format("--window {}: not a duration; write 10s", window)};
  fmt::print("{}", stream_config(chosen_models(fleet), fleet.plant, window));
  return EXIT_SUCCESS;
}

// Reads the command line and does what it says. Returns the exit status.
int command_line(int argc, char** argv) {
  CLI::App app{
      "firmware-sim: simulated devices that publish over MQTT, with faults, and write the truth of what they sent.\n"
      "Without a subcommand it runs devices against --broker in real time. SIGTERM: stops sending, waits for the last\n"
      "acknowledgements, finishes the truth, exits 0. Exit status: 0 all acknowledged, 1 not, 2 wrong arguments."};
  app.name("firmware-sim");
  app.require_subcommand(0, 1);
  BrokerArguments broker;
  FleetArguments fleet;
  bool often = false;
  add_broker_options(app, broker);
  add_fleet_options(app, fleet);
  app.add_option("--connections", broker.connections, "MQTT connections that share the devices")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  app.add_flag("--progress", often, "a line of progress every second where there is no terminal (else every 10 s)");

  CLI::App& replay = *app.add_subcommand("replay", "publish recorded logs (NDJSON, packed with gzip or not)");
  BrokerArguments replay_broker;
  ReplayOptions replay_options;
  add_broker_options(replay, replay_broker);
  replay.add_option("files", replay_options.files, "logs, one after the other; - is the standard input")->required();
  replay
      .add_option("--speed", replay_options.speed,
                  "1: as it was recorded, 10: ten times as fast (default: as fast as it goes)")
      ->check(CLI::PositiveNumber);
  replay.add_option("--topic-key", replay_options.topic_key,
                    "the whole line is the payload; its member with this name is the topic");
  replay.add_option("--at-key", replay_options.at_key,
                    "the whole line is the payload; its member with this name is the time in ms");
  replay.add_option("--topic-override", replay_options.topic_override, "publish everything to this topic");
  replay.add_flag("--progress", often, "a line of progress every second where there is no terminal (else every 10 s)");

  CLI::App& record = *app.add_subcommand("record", "write what a run would send to a log, without a broker");
  FleetArguments record_fleet;
  std::string record_path;
  add_fleet_options(record, record_fleet);
  record.add_option("file", record_path, "NDJSON; packed if it ends in .gz; - is the standard output")->required();

  CLI::App& streams = *app.add_subcommand("streams", "print the appliance's [[stream]] configuration of these devices");
  FleetArguments streams_fleet;
  std::string window = "10s";
  streams.add_option("--plant", streams_fleet.plant, "first level of every topic; \"{plant}\" takes all")
      ->capture_default_str();
  streams.add_option("--models", streams_fleet.models, "device models, separated by commas (default: all)")
      ->delimiter(',');
  streams.add_flag("--payload-one-reading", streams_fleet.one_reading, "as for a run");
  streams.add_option("--window", window, "window of every stream")->capture_default_str();

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? EXIT_SUCCESS : kUsage;
  }
  try {
    if (replay.parsed()) return replay_command(std::move(replay_options), replay_broker, often);
    if (record.parsed()) return record_command(record_fleet, record_path);
    if (streams.parsed()) return streams_command(streams_fleet, window);
    return run_command(fleet, broker, often);
  } catch (const UsageError& wrong) {
    fmt::print(stderr, "firmware-sim: {}\n", wrong.text);
    return kUsage;
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return command_line(argc, argv);
  } catch (const std::exception& broken) {
    // Only what nobody can plan for comes here, such as memory that is not to be had.
    std::fputs("firmware-sim: ", stderr);
    std::fputs(broken.what(), stderr);
    std::fputs("\n", stderr);
    return EXIT_FAILURE;
  }
}
