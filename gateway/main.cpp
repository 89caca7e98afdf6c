// The program `tidemark`.
#include <CLI/CLI.hpp>

#include "gateway/commands/command.h"

namespace {

void add_log(CLI::App* command, tidemark::LogCommand& log) {
  CLI::Option_group* which = command->add_option_group("log", "Which log");
  which->add_option("--config", log.configuration,
                    "The appliance's configuration: asked if it runs, else its state file");
  CLI::Option* place = which->add_option("--log", log.log, "file:PATH, http://HOST:PORT or unix:PATH");
  which->require_option(1);
  command->add_option("--token-file", log.token_file, "Its first line is what the appliance's admin.token_file holds")
      ->needs(place);
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
  inspect->add_flag("--follow", inspecting.follow, "Goes on with what comes, until SIGTERM");

  CLI11_PARSE(app, argc, argv);
  if (run->parsed()) return run_appliance(configured);
  if (check->parsed()) return check_configuration(configured);
  if (replay->parsed()) return replay_log(replaying);
  if (verify->parsed()) return verify_log(verifying);
  if (exported->parsed()) return export_fold(exporting);
  if (inspect->parsed()) return inspect_log(inspecting);
  return 0;
}
