// The commands of the program `tidemark`. Each returns its exit status.
#pragma once

#include <string>
#include <vector>

namespace tidemark {

struct ConfiguredCommand {
  std::string configuration;  // a path
};

/// The appliance: until SIGTERM or SIGINT. 0; 2: the configuration is wrong; 1: it could not start.
int run_appliance(const ConfiguredCommand& command);

/// 0, or 2 with every problem of the configuration.
int check_configuration(const ConfiguredCommand& command);

}  // namespace tidemark
