// tidemark run: the appliance from its configuration to its last commit.
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <malloc.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <random>
#include <thread>

#include "gateway/admin/server.h"
#include "gateway/commands/command.h"
#include "gateway/commands/configured.h"
#include "gateway/config/difference.h"
#include "gateway/config/estimate.h"
#include "gateway/config/loader.h"
#include "gateway/mqtt/gate.h"
#include "gateway/mqtt/session.h"
#include "gateway/pipeline/pipeline.h"
#include "gateway/pipeline/routes.h"
#include "gateway/secret/secret_file.h"

namespace tidemark {
namespace {

/// After this without a round of the pipeline's loop the process ends: a new one goes on from what is durable.
constexpr Duration kHung = seconds(60);
constexpr int kExitHung = 71;

/// The signals this process waits for are blocked in every thread, so they reach only the one that waits.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

std::uint64_t random_number() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

/// Whether a message ever came: then an earlier run had a session, and a broker without one has lost it.
bool has_received(const State& state) {
  return state.gateway[Counter::received] > 0 ||
         std::any_of(state.streams.begin(), state.streams.end(),
                     [](const StreamState& stream) { return stream.total[Counter::received] > 0; });
}

class Appliance {
 public:
  /// `path`: of the configuration's file, to be read again.
  Appliance(const Configuration& configuration, std::string path, MonotonicTime began)
      : configuration_(configuration),
        path_(std::move(path)),
        mqtt_(mqtt_settings(configuration)),
        queue_(mqtt_.queue_bytes),
        pipeline_(pipeline_settings(configuration), queue_,
                  [this](std::uint64_t connection, std::uint64_t ordinal) { gate_->release(connection, ordinal); }),
        began_(began) {}

  /// False: it could not start; why has been said.
  bool start() {
    const std::filesystem::path folder = std::filesystem::path(configuration_.gateway.state).parent_path();
    std::error_code ignored;  // the store says what is wrong with the folder
    if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
    // Until the gate is there, nothing can be released.
    mqtt_.jitter_seed = random_number();
    gate_ = std::make_unique<Gate>(mqtt_, queue_);
    if (const auto opened = pipeline_.open(random_number() | 1); !opened) {
      spdlog::critical("{}", opened.error().context);
      return false;
    }
    mqtt_.subscriptions = pipeline_.subscriptions().subscriptions;
    mqtt_.retired_filters = pipeline_.subscriptions().retired;
    mqtt_.session_expected = has_received(pipeline_.processor().state());
    session_ = std::make_unique<Session>(mqtt_, *gate_, [](const std::string& reason) {
      spdlog::critical("{}; the process ends and goes on from what is durable when it is started again", reason);
      spdlog::default_logger()->flush();
      _exit(kExitHung);
    });
    start_uplink();
    return start_admin() && start_session();
  }

  /// Until a signal says that it is enough. The exit status.
  int run(const sigset_t& signals) {
    std::thread pipeline([this] { clean_ = pipeline_.run(); });
    wait_for_signal(signals);
    spdlog::info("draining: no more is read from the broker; what was read is committed and acknowledged");
    gate_->stop_intake();
    pipeline_.stop();
    pipeline.join();
    session_->stop();
    admin_->stop();
    if (uplink_) uplink_->stop();
    if (clean_) {
      spdlog::info("stopped: everything acknowledged is in {}", configuration_.gateway.state);
    } else {
      spdlog::warn(
          "stopped while there was no room: what was not committed was not acknowledged, and the broker keeps it");
    }
    return 0;
  }

 private:
  void start_uplink() {
    if (!configuration_.kafka) return;
    UplinkSource source;
    source.read = [this](std::uint64_t from, std::uint64_t max_bytes,
                         std::function<void(std::optional<UplinkSource::Rows>)> answer) {
      pipeline_.post([this, from, max_bytes, answer = std::move(answer)] {
        // A failure is the pipeline's to deal with: its next commit meets it, too.
        auto rows = pipeline_.store().read_log(from, max_bytes);
        answer(rows ? std::optional(*std::move(rows)) : std::nullopt);
      });
    };
    source.begin_epoch = [this](std::function<void(std::uint64_t)> answer) {
      pipeline_.post([this, answer = std::move(answer)] { pipeline_.begin_epoch(random_number() | 1, answer); });
    };
    source.park = [this](LogRow row, std::function<void(bool)> answer) {
      pipeline_.post([this, row = std::move(row), answer = std::move(answer)] {
        answer(pipeline_.store().park(row, wall_clock()).has_value());
      });
    };
    UplinkSettings settings = uplink_settings(configuration_);
    settings.parked = pipeline_.store().parked();
    settings.machine = Machine::at("/");
    uplink_ = std::make_unique<Uplink>(std::move(settings), std::move(source));
    const PipelineFigures& figures = pipeline_.figures();
    const auto setting = [this](const char* name) { return pipeline_.store().setting(name).value_or(""); };
    UplinkBeginning beginning;
    beginning.log = pipeline_.store().figures();
    beginning.epoch_row = figures.epoch_row;
    beginning.epoch = figures.epoch;
    beginning.sequence = figures.sequence;
    beginning.previous_epoch = figures.previous_epoch;
    beginning.previous_sequence = figures.previous_sequence;
    beginning.segments = setting(Uplink::kSegmentsSetting);
    beginning.contact = setting(Uplink::kContactSetting);
    beginning.lineage = setting(Uplink::kLineageSetting);
    beginning.machine = setting(Uplink::kMachineSetting);
    uplink_->start(beginning);
    pipeline_.follow(*uplink_);
  }

  bool start_admin() {
    std::string token;
    if (const std::string& path = configuration_.admin.token_file; !path.empty()) {
      auto read = read_token("admin.token_file", path);
      if (!read) {
        spdlog::critical("{}", read.error().context);
        return false;
      }
      token = *std::move(read);
    }
    MetricBounds bounds;
    bounds.queue = configuration_.limits.queue;
    bounds.log = configuration_.store.max_size;
    bounds.dead_letters = configuration_.limits.dead_letters;
    bounds.parked = StoreOptions().max_parked_bytes;
    bounds.payload = configuration_.limits.payload.max_bytes;
    bounds.memory = configuration_.limits.memory;
    routes_ = std::make_unique<Routes>(pipeline_, *session_, configuration_.gateway.id, bounds, began_);
    admin_ = std::make_unique<AdminServer>(
        admin_settings(configuration_, token),
        [this](const AdminRequest& request, auto reply) { routes_->answer(request, std::move(reply)); });
    if (const auto started = admin_->start(); !started) {
      spdlog::critical("{}", started.error().context);
      return false;
    }
    return true;
  }

  bool start_session() {
    if (const auto started = session_->start(); !started) {
      spdlog::critical("{}", started.error().context);
      return false;
    }
    return true;
  }

  void wait_for_signal(const sigset_t& signals) {
    for (;;) {
      const timespec second{1, 0};
      const int signal = sigtimedwait(&signals, nullptr, &second);
      if (signal == SIGTERM || signal == SIGINT) return;
      if (signal == SIGHUP) reload();
      const Duration still = steady_clock() - pipeline_.progress();
      if (still > kHung) {
        spdlog::critical(
            "the pipeline has not moved for {} s; the process ends and goes on from what is durable when it "
            "is started again",
            still.ns / 1'000'000'000);
        spdlog::default_logger()->flush();
        _exit(kExitHung);
      }
    }
  }

  /// Reads the file again. Other streams are taken as they are; what is wrong, or needs a restart, changes nothing.
  void reload() {
    const LoadResult loaded = load_configuration_file(path_);
    if (!loaded) {
      for (const Problem& problem : loaded.error()) spdlog::error("{}", format_problem(problem));
      spdlog::error("SIGHUP: the new configuration has mistakes: the one before stays in use, nothing was changed");
      return;
    }
    if (const auto keys = keys_for_a_restart(configuration_, *loaded); !keys.empty()) {
      spdlog::error(
          "SIGHUP: a change of {} needs a restart: the configuration before stays in use, nothing was changed. Restart "
          "(nothing is lost by that), or take it back",
          fmt::join(keys, ", "));
      return;
    }
    auto streams = pipeline_settings(*loaded);
    pipeline_.post([this, streams = std::move(streams)]() mutable {
      const std::size_t count = streams.processor.streams.size();
      const std::string hash = streams.configuration_hash;
      pipeline_.reload(std::move(streams.processor), hash, [this, count, hash](Result<void, PipelineError> adopted) {
        if (!adopted) {
          spdlog::error("SIGHUP: {}: the configuration before stays in use, nothing was changed",
                        adopted.error().context);
          return;
        }
        const SubscriptionPlan& plan = pipeline_.subscriptions();
        session_->subscribe(plan.subscriptions, plan.retired);
        spdlog::info("SIGHUP: configuration {} is in use, with {} streams", hash, count);
      });
    });
  }

  const Configuration& configuration_;
  const std::string path_;
  MqttSettings mqtt_;
  MessageQueue queue_;
  std::unique_ptr<Gate> gate_;
  Pipeline pipeline_;
  std::unique_ptr<Uplink> uplink_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Routes> routes_;
  std::unique_ptr<AdminServer> admin_;
  const MonotonicTime began_;
  bool clean_ = false;
};

/// What glibc holds on to for speed, given back. Measured with 10,000 series at 10,000 messages a second: 0.9 MiB less
/// resident, the same CPU.
void keep_memory_small() {
#ifdef __GLIBC__
  constexpr int kOneHeap = 1;                 // not one for each thread
  constexpr int kLargeAllocation = 64 << 10;  // buffers of a group go back to the system with it
  mallopt(M_ARENA_MAX, kOneHeap);
  mallopt(M_MMAP_THRESHOLD, kLargeAllocation);
  mallopt(M_TRIM_THRESHOLD, 2 * kLargeAllocation);
#endif
}

}  // namespace

int run_appliance(const ConfiguredCommand& command) {
  keep_memory_small();
  const MonotonicTime began = steady_clock();
  const sigset_t signals = block_signals();
  const std::optional<Configuration> configuration = read_configuration(command.configuration);
  if (!configuration) return kExitBadConfiguration;
  spdlog::info("tidemark {} starts as gateway {}\n{}", TIDEMARK_VERSION, configuration->gateway.id,
               describe_estimate(*configuration));
  if (configuration->kafka) {
    if (const std::string login = login_trouble(configuration->kafka->properties); !login.empty()) {
      spdlog::warn("Kafka: {}", login);
    }
  }
  Appliance appliance(*configuration, command.configuration, began);
  if (!appliance.start()) return 1;
  const int status = appliance.run(signals);
  // Threads of libraries are still there, and what they use must not be taken down under them.
  spdlog::default_logger()->flush();
  std::fflush(stdout);
  _exit(status);
}

}  // namespace tidemark
