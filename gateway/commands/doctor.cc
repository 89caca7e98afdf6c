// tidemark doctor: gathers the facts of every area, and says what is wrong and what to do.
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <future>
#include <memory>
#include <random>
#include <thread>

#include "gateway/commands/command.h"
#include "gateway/commands/configured.h"
#include "gateway/commands/log_argument.h"
#include "gateway/config/estimate.h"
#include "gateway/config/loader.h"
#include "gateway/doctor/appliance.h"
#include "gateway/doctor/broker.h"
#include "gateway/doctor/clock.h"
#include "gateway/doctor/kafka.h"
#include "gateway/doctor/medium.h"
#include "gateway/doctor/state.h"
#include "gateway/pipeline/clock.h"
#include "gateway/pipeline/subscriptions.h"

namespace tidemark {
namespace {

using namespace doctor;

// In all at most 28 s with everything dead: first the appliance is asked, then all else at once.
constexpr Duration kAdminLimit = seconds(3);  // of each of two questions
constexpr std::chrono::seconds kAdminPatience{8};
constexpr Duration kBrokerLimit = seconds(10);
constexpr std::chrono::milliseconds kKafkaLimit{5'000};
constexpr std::chrono::seconds kPatience{20};
/// Kafka is asked when it is known what the state file knows of it, or that the file hangs.
constexpr std::chrono::seconds kStatePatience{10};
/// Where no appliance runs to say how many there are.
constexpr std::uint64_t kAssumedSeries = 1'000;

/// Facts that are gathered in a thread of their own. A thread that hangs (a name server, a network file system) is left
/// behind, so it owns all that it uses.
template <typename Facts>
class Gathering {
 public:
  template <typename Gather>
  explicit Gathering(Gather gather) {
    std::packaged_task<Facts()> task(std::move(gather));
    facts_ = task.get_future();
    std::thread(std::move(task)).detach();
  }

  /// Nullopt: not by then.
  std::optional<Facts> by(std::chrono::steady_clock::time_point until) {
    if (facts_.wait_until(until) != std::future_status::ready) return std::nullopt;
    return facts_.get();
  }

 private:
  std::future<Facts> facts_;
};

/// Never the appliance's own, which would throw it out of its session. It begins as that does, so that it can be told
/// in the broker's log, and a broker that knows clients by a prefix lets it in.
std::string own_client_id(const std::string& client_id) {
  std::random_device device;
  return fmt::format("{}-doctor-{:08x}", client_id, device());
}

struct StateKnown {
  PlaceFacts place;
  ContentFacts content;
  MediumFacts medium;
};

class Examination {
 public:
  Examination(const Configuration& configuration, bool json)
      : configuration_(configuration), admin_(admin_place(configuration.admin)), json_(json) {}

  /// The exit status.
  int run();

 private:
  void say(Findings findings);
  void say_configuration();
  void ask();
  Gathering<StateKnown> look_at_state();
  [[nodiscard]] MqttSettings broker_settings() const;
  [[nodiscard]] KafkaPlan kafka_plan() const;

  const Configuration& configuration_;
  const LogPlace admin_;
  const bool json_;
  Findings said_;
  ApplianceFacts appliance_;
};

/// Each finding when it is known: the rest may take a while.
void print(const Findings& findings, bool json) {
  for (const Finding& finding : findings) {
    std::printf("%s\n", (json ? json_line(finding) : text_line(finding)).c_str());
  }
  std::fflush(stdout);
}

int end(const Findings& said, bool json) {
  if (!json) std::printf("%s\n", summary(said).c_str());
  return after_output(exit_status(said));
}

void Examination::say(Findings findings) {
  print(findings, json_);
  said_.insert(said_.end(), findings.begin(), findings.end());
}

void Examination::say_configuration() {
  Report report("configuration");
  const MemoryEstimate memory = estimate_memory(configuration_);
  const std::size_t streams = configuration_.streams.size();
  report.ok(fmt::format("{} {}, no problem; limits.memory holds {} series", streams,
                        streams == 1 ? "stream" : "streams", memory.series_that_fit()));
  say(report.take());
}

void Examination::ask() {
  const LogPlace place = admin_;
  const std::string& token_file = configuration_.admin.token_file;
  if (!token_file.empty() && place.token.empty()) {
    appliance_.place = to_string(place);
    appliance_.token_unreadable = true;
    appliance_.lock = look_at_state_lock(configuration_.gateway.state);
  } else {
    Gathering<ApplianceFacts> asking(
        [place, state = configuration_.gateway.state] { return ask_appliance(place, state, kAdminLimit); });
    if (auto facts = asking.by(std::chrono::steady_clock::now() + kAdminPatience)) {
      appliance_ = *std::move(facts);
    } else {
      // Only the look at the file's lock can take so long: the disk, or a network file system, hangs.
      appliance_.place = to_string(place);
      appliance_.silence = AdminSilence::hung;
      appliance_.silence_reason = fmt::format("{} cannot be looked at, its disk hangs", configuration_.gateway.state);
      appliance_.lock.held = true;
    }
  }
  appliance_.token_file = token_file;
}

Gathering<StateKnown> Examination::look_at_state() {
  return Gathering<StateKnown>([path = configuration_.gateway.state, metrics = appliance_.metrics,
                                free = appliance_.file_is_free() && !appliance_.token_unreadable, place = admin_] {
    StateKnown out;
    out.place = look_at_place(path);
    out.medium = look_at_medium("/sys", out.place.device_major, out.place.device_minor);
    if (metrics) {
      out.content = content_of(*metrics);
      if (auto log = open_log(place)) read_log_times(**log, out.content);
    } else if (free && out.place.file_there) {
      out.content = read_content(path);
    }
    return out;
  });
}

MqttSettings Examination::broker_settings() const {
  MqttSettings settings = mqtt_settings(configuration_);
  settings.subscriptions = plan_subscriptions(filters_of(configuration_.streams), "").subscriptions;
  return settings;
}

KafkaPlan Examination::kafka_plan() const {
  KafkaPlan plan;
  plan.brokers = configuration_.kafka->brokers;
  plan.topic = configuration_.kafka->topic;
  plan.gateway = configuration_.gateway.id;
  plan.create_partitions = configuration_.kafka->create_partitions;
  plan.retention = configuration_.store.retention;
  plan.max_size = configuration_.store.max_size;
  return plan;
}

StateBounds state_bounds(const Configuration& configuration) {
  StateBounds bounds;
  bounds.gateway = configuration.gateway.id;
  bounds.max_size = configuration.store.max_size;
  bounds.disk_reserve = configuration.limits.disk_reserve;
  bounds.greatest_file = estimate_flash(configuration, 1).greatest_file;
  bounds.retention = configuration.store.retention;
  bounds.commit_delay = configuration.store.commit_delay;
  bounds.kafka = configuration.kafka.has_value();
  return bounds;
}

Writing writing_of(const Configuration& configuration, const std::optional<Metrics>& metrics) {
  Writing writing;
  writing.series = metrics ? metrics->count("tidemark_series") : 0;
  writing.series_known = writing.series > 0;
  if (!writing.series_known) {
    writing.series = std::min<std::uint64_t>(kAssumedSeries, estimate_memory(configuration).max_series);
  }
  writing.per_day = estimate_flash(configuration, writing.series).written_per_day;
  return writing;
}

/// Of an area that was not looked at in time.
Findings hung(const std::string& area, const std::string& what, const std::string& remedy) {
  Report report(area);
  report.error(what, remedy);
  return report.take();
}

int Examination::run() {
  say_configuration();
  ask();
  const auto until = std::chrono::steady_clock::now() + kPatience;
  const MqttSettings settings = broker_settings();
  Gathering<BrokerFacts> broker(
      [settings, id = own_client_id(settings.client_id)] { return ask_broker(settings, id, kBrokerLimit); });
  auto state_gathering = look_at_state();
  std::optional<StateKnown> state = state_gathering.by(until - kPatience + kStatePatience);

  std::optional<Contact> contact;
  if (state) {
    contact = appliance_.metrics ? contact_of(*appliance_.metrics) : Contact::parse(state->content.contact);
  }
  std::optional<Gathering<KafkaFacts>> kafka;
  std::optional<Failure<KafkaError>> unasked;
  if (configuration_.kafka) {
    if (auto producer = producer_settings(configuration_)) {
      kafka.emplace([producer = *std::move(producer), plan = kafka_plan(), contact] {
        return ask_kafka(producer, plan, contact, kKafkaLimit);
      });
    } else {
      unasked = producer.error();
    }
  }

  say(judge_clock(look_at_clock(), state ? state->content.newest : std::nullopt));
  say(judge_appliance(appliance_, configuration_.gateway.state));
  if (appliance_.metrics) say(judge_session(*appliance_.metrics));
  if (const auto facts = broker.by(until)) {
    say(judge_broker(
        *facts, settings,
        appliance_.metrics ? std::optional(appliance_.metrics->count("tidemark_mqtt_connected") > 0) : std::nullopt));
  } else {
    say(hung("broker", fmt::format("the name {} is not resolved in time", settings.host),
             "see mqtt.broker and the name server (/etc/resolv.conf); an address instead of a name needs none"));
  }
  if (state) {
    say(judge_state(state->place, state->content, state_bounds(configuration_), wall_clock(),
                    appliance_.metrics.has_value()));
    say(judge_flash(state->medium, writing_of(configuration_, appliance_.metrics)));
  } else {
    say(hung("state", fmt::format("{} could not be looked at in time: its disk hangs", configuration_.gateway.state),
             "see the kernel's log (dmesg); a card that hangs is replaced"));
  }
  if (appliance_.metrics && configuration_.kafka) say(judge_uplink(*appliance_.metrics));
  if (unasked) say(judge_kafka({.failure = unasked, .topic = {}, .offsets = {}}, kafka_plan(), contact));
  if (kafka) {
    if (const auto facts = kafka->by(until)) {
      say(judge_kafka(*facts, kafka_plan(), contact));
    } else {
      say(hung("kafka", fmt::format("{} answers in part, and not in time", configuration_.kafka->brokers),
               "see kafka.brokers, the network and the cluster"));
    }
  }
  return end(said_, json_);
}

}  // namespace

int examine_appliance(const DoctorCommand& command) {
  spdlog::set_level(spdlog::level::off);
  const LoadResult configuration = load_configuration_file(command.configuration);
  if (!configuration) {
    Report report("configuration");
    for (const Problem& problem : configuration.error()) {
      report.error(
          fmt::format("{}:{}:{}: {}", problem.file, problem.position.line, problem.position.column, problem.wrong),
          problem.right);
    }
    const Findings findings = report.take();
    print(findings, command.json);
    return end(findings, command.json);
  }
  const int status = Examination(*configuration, command.json).run();
  // Threads that hang are not waited for, and what they use must not be taken down under them.
  std::fflush(stdout);
  _exit(status);
}

}  // namespace tidemark
