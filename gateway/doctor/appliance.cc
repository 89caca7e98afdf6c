#include "gateway/doctor/appliance.h"

#include <fmt/format.h>

namespace tidemark::doctor {
namespace {

/// New series are rejected at the bound; DESIGN: alarm at 80 %.
constexpr double kSeriesAlarm = 0.8;

std::string holder_of(const StateLock& lock) {
  return lock.process == 0 ? std::string("a process") : fmt::format("process {}", lock.process);
}

void judge_silence(const ApplianceFacts& facts, const std::string& state, Report& report) {
  if (facts.token_unreadable) {
    report.error(fmt::format("admin.token_file {} cannot be read, so the appliance was not asked", facts.token_file),
                 "run the doctor as a user who may read it, or put a token into its first line");
    return;
  }
  if (facts.lock.held) {
    const std::string what = facts.silence
                                 ? fmt::format("does not answer at {} ({})", facts.place, facts.silence_reason)
                                 : fmt::format("is not what answers at {} (status {})", facts.place, facts.status);
    report.error(
        fmt::format("{} holds {} and {}: it hangs, or it was started with another admin.listen", holder_of(facts.lock),
                    state, what),
        "look at its log (journalctl -u tidemark); if it hangs, restart it: what it acknowledged is in the file");
    return;
  }
  if (facts.silence == AdminSilence::nobody) {
    report.warning(
        fmt::format("no appliance runs: nobody answers at {} ({})", facts.place, facts.silence_reason),
        "start it (systemctl start tidemark), and look into its log if it does not stay: meanwhile the broker "
        "keeps what its queue for the session holds");
    return;
  }
  std::string how = fmt::format("answers with status {}", facts.status);
  if (facts.silence == AdminSilence::hung) how = "takes a connection and does not answer";
  if (facts.silence == AdminSilence::broken) how = fmt::format("does not speak HTTP ({})", facts.silence_reason);
  report.error(fmt::format("{} {}, and {} {}: something else uses the address of admin.listen", facts.place, how, state,
                           facts.lock.known ? "is held by nobody" : "is not there, or may not be looked at"),
               "find out what it is (ss -ltnp), and give one of the two another address");
}

}  // namespace

ApplianceFacts ask_appliance(const LogPlace& place, const std::string& state, Duration limit) {
  ApplianceFacts facts;
  facts.place = to_string(place);
  facts.lock = look_at_state_lock(state);
  const auto health = ask_admin(place, "/healthz", limit);
  if (!health) {
    facts.silence = health.error().code;
    facts.silence_reason = health.error().context;
    return facts;
  }
  facts.well = health->status == 200;
  facts.health = health->body.substr(0, health->body.find('\n'));
  facts.status = health->status;
  // Needs the pipeline, which /healthz does not: an appliance whose disk hangs answers the one and not the other.
  const auto answer = ask_admin(place, "/metrics", limit);
  if (!answer) {
    facts.silence = answer.error().code;
    facts.silence_reason = answer.error().context;
    return facts;
  }
  facts.status = answer->status;
  if (answer->status != 200) return facts;
  Metrics metrics = Metrics::parse(answer->body);
  if (metrics.value("tidemark_uptime_seconds")) facts.metrics = std::move(metrics);
  return facts;
}

Findings judge_appliance(const ApplianceFacts& facts, const std::string& state) {
  Report report("appliance");
  if (facts.status == 401) {
    report.error(fmt::format("{} {}", facts.place,
                             facts.token_file.empty() ? "asks for a token, and admin.token_file names none"
                                                      : "does not take the token of admin.token_file"),
                 "name the file that the running appliance was started with; after a change of the token restart it");
    return report.take();
  }
  if (!facts.metrics) {
    judge_silence(facts, state, report);
    return report.take();
  }
  const Metrics& metrics = *facts.metrics;
  const std::string known = fmt::format(
      "at {}{}, up for {:.1f} h, {} series", facts.place, facts.token_file.empty() ? "" : " (with its token)",
      metrics.value("tidemark_uptime_seconds").value_or(0) / 3600, metrics.count("tidemark_series"));
  if (facts.well) {
    report.ok("it is well: " + known);
  } else {
    report.error(fmt::format("it makes no progress: {}; {}", facts.health, known),
                 "mend what it names (see the lines below); it goes on by itself, and what it has not acknowledged the "
                 "broker keeps");
  }
  if (facts.lock.known && !facts.lock.held) {
    report.warning(fmt::format("it runs, and does not hold {}: it was started with another gateway.state", state),
                   "restart it, or give the doctor the configuration that it was started with");
  }
  if (metrics.value("tidemark_ledger_balanced").value_or(1) == 0) {
    report.error("its ledger does not balance: readings are counted in more or in fewer places than one",
                 "run tidemark verify --config FILE, keep its output and the log, and report it; it goes on meanwhile");
  }
  const double limit = metrics.value("tidemark_series_limit").value_or(0);
  if (const double series = metrics.value("tidemark_series").value_or(0); limit > 0 && series >= kSeriesAlarm * limit) {
    report.warning(fmt::format("{} of at most {} series are used; at the bound new ones are rejected", series, limit),
                   "raise limits.max_series (and limits.memory), or find who makes new topics");
  }
  if (metrics.count("tidemark_memory_resident_bytes") > metrics.count("tidemark_memory_limit_bytes")) {
    report.warning(fmt::format("it takes {} MiB of memory, and limits.memory promises {} MiB",
                               metrics.count("tidemark_memory_resident_bytes") >> 20,
                               metrics.count("tidemark_memory_limit_bytes") >> 20),
                   "see that the machine has room for it, or lower limits.max_series");
  }
  return report.take();
}

Findings judge_session(const Metrics& metrics) {
  Report report("session");
  const auto value = [&](const char* name) { return metrics.value(name).value_or(0); };
  const std::uint64_t reconnects = metrics.count("tidemark_mqtt_reconnects_total");
  const std::uint64_t held = metrics.count("tidemark_acks_held");
  const std::string since = " since it was started";
  if (value("tidemark_mqtt_taken_over") > 0) {
    report.error("another client uses this client id, and the two throw each other out",
                 "give each gateway its own gateway.id or mqtt.client_id; look for a cloned card");
  } else if (const auto times = metrics.count("tidemark_mqtt_takeovers_total"); times > 0) {
    report.warning(fmt::format("{} times{} another client took this client id", times, since),
                   "give each gateway its own gateway.id or mqtt.client_id; look for a cloned card");
  }
  if (value("tidemark_mqtt_connected") == 0) {
    report.error(fmt::format("the appliance is not connected to the broker; {} attempts failed{}",
                             metrics.count("tidemark_mqtt_failures_total"), since),
                 "see the broker below: it tries again by itself");
  } else {
    report.ok(fmt::format("connected and subscribed, {} reconnects{}, {} messages not yet acknowledged", reconnects,
                          since, held));
  }
  if (const auto refused = metrics.count("tidemark_mqtt_refused_filters"); refused > 0) {
    report.error(fmt::format("the broker refuses {} of the subscriptions: their messages do not come", refused),
                 "let the user of mqtt.username read these topics (an ACL of the broker); /healthz names the first");
  }
  if (const auto lost = metrics.count("tidemark_mqtt_sessions_lost_total"); lost > 0) {
    report.warning(
        fmt::format("{} times{} the broker had forgotten the session: what it had queued is lost", lost, since),
        "make the broker keep it: persistence true, autosave_interval 1, and no shorter "
        "persistent_client_expiration than the longest outage (docs/examples/mosquitto.conf)");
  }
  if (value("tidemark_intake_paused") > 0) {
    report.warning(fmt::format("reading from the broker is paused, with {} messages not acknowledged: they come faster "
                               "than they can be committed, or commits are held",
                               held),
                   "see the state file below; if it is well, raise store.commit_delay or send less often");
  }
  return report.take();
}

}  // namespace tidemark::doctor
