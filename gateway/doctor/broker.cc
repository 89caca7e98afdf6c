#include "gateway/doctor/broker.h"

#include <fmt/format.h>

namespace tidemark::doctor {
namespace {

using Step = BrokerFacts::Step;

/// A broker that takes longer to answer is overloaded, or far away.
constexpr Duration kSlow = seconds(1);
/// From here on a broker cannot keep a commit's worth of messages under way.
constexpr std::uint16_t kFewUnderWay = 20;

double in_milliseconds(Duration duration) {
  return static_cast<double>(duration.ns) / 1e6;
}

std::string version_text(std::uint8_t level) {
  return level == mqtt::kLevel5 ? "MQTT 5" : "MQTT 3.1.1";
}

bool about_login(std::uint8_t reason, std::uint8_t level) {
  return level == mqtt::kLevel5 ? reason == 0x86 || reason == 0x87 || reason == 0x8C : reason == 4 || reason == 5;
}

bool about_client_id(std::uint8_t reason, std::uint8_t level) {
  return level == mqtt::kLevel5 ? reason == 0x85 : reason == 2;
}

std::string remedy_for(const BrokerFacts& facts, const MqttSettings& settings) {
  switch (facts.step) {
    case Step::secret:
      return "see mqtt.password_file: that it is there, and that the user of the service may read it";
    case Step::name:
      return "see mqtt.broker and the name server (/etc/resolv.conf); an address instead of a name needs none";
    case Step::tcp:
      return "see that the broker runs (systemctl status mosquitto), that mqtt.broker names its host and port, and "
             "that "
             "no firewall stands between";
    case Step::tls:
      return settings.ca_file.empty()
                 ? "if the broker's certificate is of your own authority, name that in mqtt.ca_file; see its names and "
                   "dates, this machine's clock, and mqtt.cert_file if the broker asks for one"
                 : "see that mqtt.ca_file is the authority of the broker's certificate, that the certificate names the "
                   "host of mqtt.broker and has not expired, and mqtt.cert_file if the broker asks for one";
    case Step::connack:
    case Step::suback:
    case Step::answered:
      break;
  }
  if (!facts.refusal) {
    return settings.tls ? "see the broker's own log" : "see the broker's own log, and whether it wants TLS (mqtts://)";
  }
  if (about_login(*facts.refusal, facts.level)) {
    return settings.username.empty() ? "set mqtt.username and mqtt.password_file: it lets nobody in without"
                                     : "see mqtt.username and mqtt.password_file against the broker's user list";
  }
  if (about_client_id(*facts.refusal, facts.level)) return "see the broker's rules for client ids, and mqtt.client_id";
  return "see the broker's own log";
}

void judge_grants(const BrokerFacts& facts, const MqttSettings& settings, Report& report) {
  if (facts.level != mqtt::kLevel5) {
    if (facts.newer_refused) {
      report.warning(
          "it refuses MQTT 5, so 3.1.1 is spoken: many brokers then send only 20 messages at a time, and it "
          "says nothing of how long it keeps the session",
          "use a broker that speaks MQTT 5 (mosquitto 1.6 or later)");
    }
    return;
  }
  if (!facts.granted) return;
  const mqtt::Connack& granted = *facts.granted;
  if (granted.session_expiry && seconds(*granted.session_expiry) < settings.session_expiry) {
    report.warning(fmt::format("it keeps the session for {} s after the connection is lost, not for the {} s that the "
                               "appliance asks for: what it has queued is lost after a longer outage",
                               *granted.session_expiry, settings.session_expiry.ns / seconds(1).ns),
                   "raise the broker's limit of the session expiry");
  }
  if (granted.maximum_qos && *granted.maximum_qos == 0) {
    report.error("it grants QoS 0 at most: what it sends while the appliance is away is lost",
                 "allow QoS 1 in the broker (max_qos of mosquitto), or use another");
  }
  if (granted.receive_maximum && *granted.receive_maximum < kFewUnderWay) {
    report.warning(fmt::format("it takes {} unacknowledged messages from a client at most", *granted.receive_maximum),
                   "raise max_inflight_messages of the broker");
  }
  if (!granted.subscription_identifiers) {
    for (const Subscription& subscription : settings.subscriptions) {
      if (subscription.identifier == 0) continue;
      report.warning(fmt::format("it knows no subscription identifiers, and topics overlap (such as {}): a message may "
                                 "come once for each of them, and its readings then count twice",
                                 subscription.filter),
                     "use a stream whose topic covers the others, or another broker");
      break;
    }
  }
}

std::string granted_text(const BrokerFacts& facts, const MqttSettings& settings) {
  if (facts.level != mqtt::kLevel5 || !facts.granted) return {};
  const mqtt::Connack& granted = *facts.granted;
  return fmt::format(
      "; session kept {} s, receive maximum {}, largest packet {}",
      granted.session_expiry.value_or(static_cast<std::uint32_t>(settings.session_expiry.ns / seconds(1).ns)),
      granted.receive_maximum.value_or(65'535),
      granted.maximum_packet ? fmt::format("{} bytes", *granted.maximum_packet) : "not limited");
}

}  // namespace

Findings judge_broker(const BrokerFacts& facts, const MqttSettings& settings, std::optional<bool> connected) {
  Report report("broker");
  const std::string place = fmt::format("{}:{}", settings.host, settings.port);
  const std::string words =
      facts.refusal ? fmt::format("{} refuses the connection: {}", place, facts.failure) : facts.failure;
  if (facts.step != Step::answered) {
    const bool own_id =
        facts.refusal && (about_login(*facts.refusal, facts.level) || about_client_id(*facts.refusal, facts.level));
    if (own_id && connected.value_or(false)) {
      // A broker may bind a login to one client id; the appliance, which uses that one, is in.
      report.warning(
          fmt::format("{}; the appliance is connected, the doctor asked as client {}", words, facts.client_id),
          "if the broker binds logins to client ids this is as it should be; if the password was changed, the "
          "next reconnect fails: see mqtt.username and mqtt.password_file");
    } else {
      report.error(words, remedy_for(facts, settings));
    }
    return report.take();
  }
  const std::string speed = fmt::format("connected in {:.0f} ms, answered in {:.0f} ms",
                                        in_milliseconds(facts.connecting.value_or(Duration{})),
                                        in_milliseconds(facts.answering.value_or(Duration{})));
  if (facts.answering.value_or(Duration{}) > kSlow) {
    report.warning(fmt::format("{} is slow: {}", place, speed),
                   "see its load, and the network (ping); the appliance waits 10 s for an answer");
  } else {
    report.ok(fmt::format("{} speaks {}{}: {}{}", place, version_text(facts.level), settings.tls ? " over TLS" : "",
                          speed, granted_text(facts, settings)));
  }
  judge_grants(facts, settings, report);
  for (const BrokerFacts::Refused& refused : facts.refused) {
    report.error(fmt::format("it refuses the subscription {}: {}", refused.filter,
                             mqtt::reason_text(refused.reason, mqtt::kLevel5)),
                 "let the user of mqtt.username read this topic (an ACL of the broker)");
  }
  if (facts.subscribed > 0) {
    report.ok(
        fmt::format("{} of {} subscriptions would be granted. What cannot be asked: whether an ACL holds messages back "
                    "(mosquitto grants any subscription), and what it keeps through a restart of its own: see "
                    "persistence, autosave_interval, max_queued_messages (docs/examples/mosquitto.conf)",
                    facts.subscribed, facts.subscribed + facts.refused.size()));
  }
  return report.take();
}

}  // namespace tidemark::doctor
