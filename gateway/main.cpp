// The program `tidemark`.
#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <string_view>

#include "gateway/commands/command.h"
#include "gateway/config/nearest.h"
#include "gateway/config/problem.h"

namespace {

using tidemark::in_quotes;
using tidemark::suggestion;

constexpr std::array<std::string_view, 8> kCommands = {"run",    "check",   "replay", "verify",
                                                       "export", "inspect", "uplink", "doctor"};
constexpr int kExitBadArguments = 2;

void add_log(CLI::App* command, tidemark::LogCommand& log) {
  CLI::Option_group* which = command->add_option_group("log", "Which log");
  which->add_option("--config", log.configuration,
                    "The appliance's configuration: asked if it runs, else its state file");
  CLI::Option* place =
      which->add_option("--log", log.log, "file:PATH, http://HOST:PORT, unix:PATH or kafka:BROKERS/TOPIC");
  which->require_option(1, 2);
  command->add_option("--token-file", log.token_file, "Its first line is what the appliance's admin.token_file holds")
      ->needs(place);
  // One of librdkafka a time: a value may hold commas.
  command
      ->add_option("--kafka-property", log.kafka_properties,
                   "With kafka: NAME=VALUE of librdkafka; a secret as NAME_file=PATH")
      ->needs(place)
      ->take_all();
  command->add_option("--partitions", log.partitions, "With kafka: only these, such as 0-3,7")->needs(place);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace tidemark;
  CLI::App app("Exact, durable window aggregates of MQTT sensor streams, beside the machines.", "tidemark");
  app.set_version_flag("--version", TIDEMARK_VERSION);
  app.require_subcommand(1);

  ConfiguredCommand configured;
  CLI::App* run = app.add_subcommand("run", "The appliance; SIGTERM drains and stops it");
  run->add_option("--config", configured.configuration, "The configuration, TOML")->required();
  CLI::App* check = app.add_subcommand("check", "Every problem of a configuration, and what it will take");
  check->add_option("--config", configured.configuration, "The configuration, TOML")->required();

  DoctorCommand examining;
  CLI::App* doctor = app.add_subcommand("doctor", "What is wrong around the appliance, and what to do");
  doctor->add_option("--config", examining.configuration, "The configuration, TOML")->required();
  doctor->add_flag("--json", examining.json, "A JSON object a finding: level, area, what, do");
  doctor->footer(
      "Looks at the configuration, the clock, the appliance and its session, the broker, the state file, the medium\n"
      "it lies on, and Kafka; beside a running appliance, which it asks at admin.listen, or without one. It changes\n"
      "nothing: it asks the broker under a client id of its own, and takes no message. At most about 30 s.\n"
      "Exit: 0 all is well, 1 warnings, 2 errors.");

  CLI::App* uplink = app.add_subcommand("uplink", "The link to Kafka");
  uplink->require_subcommand(1);
  CLI::App* accept = uplink->add_subcommand("accept", "What is found in Kafka is right: another cluster, topic or log");
  accept->add_option("--config", configured.configuration, "The configuration, TOML")->required();

  ReplayCommand replaying;
  CLI::App* replay = app.add_subcommand("replay", "Folds the log into views, an SQLite file");
  add_log(replay, replaying.log);
  replay->add_option("--views", replaying.views, "The file of the views; it goes on where it stands")->required();
  replay->add_option("--rollup", replaying.rollups, "Sizes of larger windows, such as 1min,15min")->delimiter(',');
  replay->add_flag("--follow", replaying.follow, "Goes on with what comes, until SIGTERM");
  replay->add_flag("--from-retained", replaying.from_retained, "Also if the beginning of the log is gone");

  LogCommand verifying;
  CLI::App* verify = app.add_subcommand("verify", "Proves the log: continuity, digests, ledger, fold");
  add_log(verify, verifying);

  ExportCommand exporting;
  CLI::App* exported = app.add_subcommand("export", "The views as canonical text");
  exported->add_option("--views", exporting.views, "The file of the views")->required();
  exported->add_option("--size", exporting.size, "Windows of this size; without it the base windows");
  exported->add_option("--format", exporting.format, "csv or jsonl")->check(CLI::IsMember({"csv", "jsonl"}));

  InspectCommand inspecting;
  CLI::App* inspect = app.add_subcommand("inspect", "Events as JSON lines");
  add_log(inspect, inspecting.log);
  inspect->add_option("--from", inspecting.from, "The position to begin with");
  CLI::Option* follow = inspect->add_flag("--follow", inspecting.follow, "Goes on with what comes, until SIGTERM");
  inspect->add_flag("--parked", inspecting.log.parked, "Not the log: the events that Kafka did not take")
      ->excludes(follow);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    // CLI11 misses a command before it looks at what was written in its place.
    if (argc > 1 && app.get_subcommands().empty() && argv[1][0] != '-') {
      std::fprintf(stderr, "there is no command %s; %s\n", in_quotes(argv[1]).c_str(),
                   suggestion(argv[1], kCommands, "commands").c_str());
    } else {
      app.exit(error);
    }
    return kExitBadArguments;
  }
  if (run->parsed()) return run_appliance(configured);
  if (check->parsed()) return check_configuration(configured);
  if (doctor->parsed()) return examine_appliance(examining);
  if (accept->parsed()) return accept_uplink(configured);
  if (replay->parsed()) return replay_log(replaying);
  if (verify->parsed()) return verify_log(verifying);
  if (exported->parsed()) return export_fold(exporting);
  if (inspect->parsed()) return inspect_log(inspecting);
  return 0;
}
