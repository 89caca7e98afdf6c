#include "gateway/doctor/broker.h"

#include <doctest/doctest.h>

#include "tests/unit/doctor/judgement.h"

namespace tidemark::doctor {
namespace {

using Step = BrokerFacts::Step;
using test::says;
using test::worst;

MqttSettings settings() {
  MqttSettings out;
  out.host = "broker.plant";
  out.subscriptions = {{"plant/+/climate", 0}};
  return out;
}

BrokerFacts well() {
  BrokerFacts facts;
  facts.step = Step::answered;
  facts.connecting = milliseconds(2);
  facts.answering = milliseconds(1);
  facts.granted = mqtt::Connack{};
  facts.granted->subscription_identifiers = true;
  facts.subscribed = 1;
  return facts;
}

BrokerFacts failed(Step step, std::optional<std::uint8_t> refusal = {}, std::uint8_t level = mqtt::kLevel5) {
  BrokerFacts facts;
  facts.step = step;
  facts.failure = "not well";
  facts.client_id = "tidemark-7-doctor-01234567";
  facts.refusal = refusal;
  facts.level = level;
  return facts;
}

TEST_CASE("a broker that grants all is well") {
  const Findings found = judge_broker(well(), settings(), true);
  CHECK(worst(found) == Level::ok);
  says(found, Level::ok, {"MQTT 5", "session kept 604800 s", "receive maximum 65535", "not limited"});
  says(found, Level::ok, {"1 of 1 subscriptions", "persistence"});
}

TEST_CASE("each step that fails has a remedy of its own") {
  struct Case {
    Step step;
    const char* remedy;
  };
  for (const auto& [step, remedy] :
       {Case{Step::secret, "password_file"}, Case{Step::name, "name server"}, Case{Step::tcp, "broker runs"},
        Case{Step::tls, "ca_file"}, Case{Step::connack, "mqtts://"}, Case{Step::suback, "own log"}}) {
    const Findings found = judge_broker(failed(step), settings(), std::nullopt);
    says(found, Level::error, {"not well", remedy});
    test::all_say_what_to_do(found);
  }
}

TEST_CASE("a refused login points at user and password; beside a connected appliance it may be the doctor's own id") {
  for (const auto& [reason, level] : {std::pair<std::uint8_t, std::uint8_t>{0x87, mqtt::kLevel5},
                                      {0x86, mqtt::kLevel5},
                                      {5, mqtt::kLevel3_1_1},
                                      {4, mqtt::kLevel3_1_1}}) {
    CAPTURE(reason);
    MqttSettings with_login = settings();
    says(judge_broker(failed(Step::connack, reason, level), with_login, false), Level::error,
         {"lets nobody in without"});
    with_login.username = "edge";
    says(judge_broker(failed(Step::connack, reason, level), with_login, std::nullopt), Level::error,
         {"mqtt.password_file against"});
    says(judge_broker(failed(Step::connack, reason, level), with_login, true), Level::warning,
         {"the appliance is connected", "tidemark-7-doctor-01234567"});
  }
  // A broker that is shutting down refuses everyone.
  CHECK(worst(judge_broker(failed(Step::connack, 0x8B), settings(), true)) == Level::error);
}

TEST_CASE("what a broker grants less than the appliance wants is told") {
  BrokerFacts facts = well();
  facts.granted->session_expiry = 3600;
  says(judge_broker(facts, settings(), true), Level::warning, {"3600 s", "604800 s"});
  facts = well();
  facts.granted->maximum_qos = 0;
  says(judge_broker(facts, settings(), true), Level::error, {"QoS 0"});
  facts = well();
  facts.granted->receive_maximum = 10;
  says(judge_broker(facts, settings(), true), Level::warning, {"10 unacknowledged"});
  facts = well();
  facts.granted->subscription_identifiers = false;
  CHECK(worst(judge_broker(facts, settings(), true)) == Level::ok);
  MqttSettings overlapping = settings();
  overlapping.subscriptions.push_back({"plant/+/+", 7});
  says(judge_broker(facts, overlapping, true), Level::warning, {"subscription identifiers", "plant/+/+"});
  facts = well();
  facts.answering = seconds(3);
  says(judge_broker(facts, settings(), true), Level::warning, {"slow"});
}

TEST_CASE("a broker without MQTT 5 is a warning, one that was asked for 3.1.1 is not") {
  BrokerFacts facts = well();
  facts.level = mqtt::kLevel3_1_1;
  CHECK(worst(judge_broker(facts, settings(), true)) == Level::ok);
  facts.newer_refused = true;
  says(judge_broker(facts, settings(), true), Level::warning, {"refuses MQTT 5"});
}

TEST_CASE("a subscription that is refused is an error with its filter") {
  BrokerFacts facts = well();
  facts.subscribed = 0;
  facts.refused = {{"plant/+/climate", 0x87}};
  says(judge_broker(facts, settings(), true), Level::error, {"plant/+/climate", "not authorized", "ACL"});
}

}  // namespace
}  // namespace tidemark::doctor
