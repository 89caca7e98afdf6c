// The commands of the program `tidemark`. Each returns its exit status.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tidemark {

struct ConfiguredCommand {
  std::string configuration;  // a path
};

/// Which log: of a configuration, or at a place. One of the two is empty, unless the place is in Kafka: then the
/// configuration says how it is reached.
struct LogCommand {
  std::string configuration;                  // a path
  std::string log;                            // a SPEC: file:PATH, http://HOST:PORT, unix:PATH, kafka:BROKERS/TOPIC
  std::string token_file;                     // a path, with `log`; empty: no token
  std::vector<std::string> kafka_properties;  // NAME=VALUE or NAME_file=PATH
  std::string partitions;                     // of Kafka: "0-3,7"; empty: all
  bool parked = false;                        // of an appliance: the events that Kafka did not take
};

struct ReplayCommand {
  LogCommand log;
  std::string views;                 // a path
  std::vector<std::string> rollups;  // durations
  bool follow = false;
  bool from_retained = false;
};

struct ExportCommand {
  std::string views;  // a path
  std::string size;   // a duration; empty: base windows
  std::string format = "csv";
};

struct InspectCommand {
  LogCommand log;
  std::uint64_t from = 1;
  bool follow = false;
};

struct DoctorCommand {
  std::string configuration;  // a path
  bool json = false;          // a JSON object a finding, instead of text
};

/// The appliance: until SIGTERM or SIGINT. 0; 2: the configuration is wrong; 1: it could not start.
int run_appliance(const ConfiguredCommand& command);

/// Consent to another cluster, topic or log than the one that acknowledged events before, for an appliance that is not
/// running. 0; 1: not; 2: the configuration is wrong.
int accept_uplink(const ConfiguredCommand& command);

/// 0, or 2 with every problem of the configuration.
int check_configuration(const ConfiguredCommand& command);

/// Everything that can be wrong around the appliance, whether it runs or not: what is, and what to do. 0 all is well;
/// 1 warnings; 2 errors. Does not return: what hangs is left behind.
int examine_appliance(const DoctorCommand& command);

/// The log into views. 0 at the end of the log (with follow: after SIGTERM or SIGINT); 1: not; 2: wrong arguments.
int replay_log(const ReplayCommand& command);

/// The log proved, or what is wrong with it. 0: proven; 1: not.
int verify_log(const LogCommand& command);

/// The views as text on standard output. 0; 1: not; 2: wrong arguments.
int export_fold(const ExportCommand& command);

/// Events as JSON lines on standard output. 0; 1: not.
int inspect_log(const InspectCommand& command);

}  // namespace tidemark
