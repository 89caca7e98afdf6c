// The program `tidemark`.
#include <CLI/CLI.hpp>

#include "gateway/commands/command.h"

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

  CLI11_PARSE(app, argc, argv);
  if (run->parsed()) return run_appliance(configured);
  if (check->parsed()) return check_configuration(configured);
  return 0;
}
