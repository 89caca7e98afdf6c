// tidemark uplink accept: a person says that what is in Kafka now is right.
#include <cstdio>

#include "edge/store/store.h"
#include "gateway/commands/command.h"
#include "gateway/commands/configured.h"

namespace tidemark {

int accept_uplink(const ConfiguredCommand& command) {
  const std::optional<Configuration> configuration = read_configuration(command.configuration);
  if (!configuration) return kExitBadConfiguration;
  StoreOptions options = pipeline_settings(*configuration).store;
  options.create = false;
  const auto failed = [](const Failure<StoreError>& failure) {
    const bool running = failure.code == StoreError::in_use;
    std::fprintf(stderr, "%s%s\n", failure.context.c_str(),
                 running ? " Stop the appliance, run this again, and start it." : "");
    return 1;
  };
  auto store = Store::open(options);
  if (!store) return failed(store.error());
  if (const auto recovered = (*store)->recover({}, {}); !recovered) return failed(recovered.error());
  if ((*store)->setting(Uplink::kContactSetting).value_or("").empty()) {
    std::printf("nothing was acknowledged by any Kafka yet: the next contact is the first\n");
    return after_output(0);
  }
  (*store)->put_setting(Uplink::kContactSetting, "");
  if (const auto done = (*store)->commit({}); !done) return failed(done.error());
  if (const auto closed = (*store)->close(); !closed) return failed(closed.error());
  std::printf(
      "accepted: at the next start the cluster, topic and partition that are found are taken for the right ones, and "
      "what "
      "is not acknowledged goes there. What was acknowledged before is sent no more.\n");
  return after_output(0);
}

}  // namespace tidemark
