// tidemark check: the configuration's problems, or what it will take.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>

#include "gateway/commands/command.h"
#include "gateway/commands/configured.h"
#include "gateway/config/estimate.h"
#include "gateway/pipeline/subscriptions.h"

namespace tidemark {
namespace {

/// Overlapping topics in one line; empty: there are none.
std::string describe_overlap(const Configuration& configuration) {
  std::vector<std::string> overlapping;
  for (const Subscription& subscription : plan_subscriptions(filters_of(configuration.streams), "").subscriptions) {
    if (subscription.identifier != 0) overlapping.push_back(subscription.filter);
  }
  if (overlapping.empty()) return {};
  if (configuration.mqtt.version == MqttProtocol::v3_1_1) {
    return fmt::format(
        "warning: the topics {} overlap, and with mqtt.version = \"3.1.1\" a broker may send a message once for each "
        "of "
        "them: its readings then count twice; use MQTT 5, or a stream whose topic covers the others\n",
        fmt::join(overlapping, ", "));
  }
  return fmt::format(
      "note: the topics {} overlap: with MQTT 5 each stream gets a message once; a broker without subscription "
      "identifiers may send it once for each topic, and its readings then count twice\n",
      fmt::join(overlapping, ", "));
}

}  // namespace

int check_configuration(const ConfiguredCommand& command) {
  const std::optional<Configuration> configuration = read_configuration(command.configuration);
  if (!configuration) return kExitBadConfiguration;
  const std::size_t streams = configuration->streams.size();
  std::printf("%s: %zu %s, no problem\n%s%s\n", command.configuration.c_str(), streams,
              streams == 1 ? "stream" : "streams", describe_overlap(*configuration).c_str(),
              describe_estimate(*configuration).c_str());
  if (configuration->kafka) {
    if (const std::string login = login_trouble(configuration->kafka->properties); !login.empty()) {
      std::printf("warning: %s\n", login.c_str());
    }
  }
  return after_output(0);
}

}  // namespace tidemark
