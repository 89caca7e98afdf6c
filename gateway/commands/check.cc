// tidemark check: the configuration's problems, or what it will take.
#include <cstdio>

#include "gateway/commands/command.h"
#include "gateway/commands/configured.h"
#include "gateway/config/estimate.h"

namespace tidemark {

int check_configuration(const ConfiguredCommand& command) {
  const std::optional<Configuration> configuration = read_startable_configuration(command.configuration);
  if (!configuration) return kExitBadConfiguration;
  const std::size_t streams = configuration->streams.size();
  std::printf("%s: %zu %s, no problem\n%s\n", command.configuration.c_str(), streams,
              streams == 1 ? "stream" : "streams", describe_estimate(*configuration).c_str());
  return after_output(0);
}

}  // namespace tidemark
