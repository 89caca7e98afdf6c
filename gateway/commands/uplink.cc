// tidemark uplink accept: a person says that what is in Kafka now is right.
#include <cstdio>

#include "edge/store/store.h"
#include "gateway/admin/client.h"
#include "gateway/commands/command.h"
#include "gateway/commands/configured.h"
#include "gateway/secret/secret_file.h"

namespace tidemark {
namespace {

/// The file is the appliance's while it runs: it is asked.
int accept_while_running(const Configuration& configuration) {
  std::string token;
  if (const std::string& path = configuration.admin.token_file; !path.empty()) {
    auto read = read_token("admin.token_file", path);
    if (!read) {
      std::fprintf(stderr, "%s\n", read.error().context.c_str());
      return 1;
    }
    token = *std::move(read);
  }
  const auto answer = post_to_appliance(admin_settings(configuration, token), "/uplink/accept");
  if (!answer) {
    std::fprintf(stderr,
                 "the appliance runs, and does not answer: %s. Nothing was changed. Stop it, run this again, and start "
                 "it\n",
                 answer.error().context.c_str());
    return 1;
  }
  const bool accepted = answer->status == 200;
  std::fprintf(accepted ? stdout : stderr, "%s", answer->body.c_str());
  return accepted ? after_output(0) : 1;
}

}  // namespace

int accept_uplink(const ConfiguredCommand& command) {
  const std::optional<Configuration> configuration = read_configuration(command.configuration);
  if (!configuration) return kExitBadConfiguration;
  StoreOptions options = pipeline_settings(*configuration).store;
  options.create = false;
  const auto failed = [](const Failure<StoreError>& failure) {
    std::fprintf(stderr, "%s\n", failure.context.c_str());
    return 1;
  };
  auto store = Store::open(options);
  if (!store && store.error().code == StoreError::in_use) return accept_while_running(*configuration);
  if (!store) return failed(store.error());
  if (const auto recovered = (*store)->recover({}, {}); !recovered) return failed(recovered.error());
  if ((*store)->setting(Uplink::kContactSetting).value_or("").empty()) {
    std::printf("nothing was acknowledged by any Kafka yet: the next contact is the first\n");
    return after_output(0);
  }
  (*store)->put_setting(Uplink::kContactSetting, "");
  (*store)->put_setting(Uplink::kMachineSetting, "");
  if (const auto done = (*store)->commit({}); !done) return failed(done.error());
  if (const auto closed = (*store)->close(); !closed) return failed(closed.error());
  std::printf(
      "accepted: at the next start the machine, and the cluster, topic and partition that are found are taken for the "
      "right ones, and what is not acknowledged goes there. What was acknowledged before is sent no more.\n");
  return after_output(0);
}

}  // namespace tidemark
