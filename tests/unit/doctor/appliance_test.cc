#include "gateway/doctor/appliance.h"

#include <doctest/doctest.h>

#include "tests/unit/doctor/judgement.h"

namespace tidemark::doctor {
namespace {

using test::says;
using test::worst;

constexpr const char* kState = "/var/lib/tidemark/state.db";
constexpr std::string_view kWell =
    "tidemark_uptime_seconds 7200\ntidemark_series 10\ntidemark_series_limit 100\ntidemark_ledger_balanced 1\n"
    "tidemark_mqtt_connected 1\ntidemark_mqtt_reconnects_total 3\ntidemark_acks_held 2\n"
    "tidemark_memory_resident_bytes 1\ntidemark_memory_limit_bytes 2\n";

/// Later lines replace earlier ones of the same name: sums are taken otherwise.
Metrics with(std::string more) {
  std::string text = more;
  std::string_view rest = kWell;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n') + 1);
    rest.remove_prefix(line.size());
    if (more.find(line.substr(0, line.find(' ') + 1)) == std::string::npos) text += line;
  }
  return Metrics::parse(text);
}

ApplianceFacts running(Metrics metrics) {
  ApplianceFacts facts;
  facts.place = "http://127.0.0.1:8377";
  facts.status = 200;
  facts.well = true;
  facts.health = "ok";
  facts.metrics = std::move(metrics);
  facts.lock = {true, true, 17};
  return facts;
}

ApplianceFacts silent(AdminSilence silence, StateLock lock) {
  ApplianceFacts facts;
  facts.place = "http://127.0.0.1:8377";
  facts.silence = silence;
  facts.silence_reason = "Connection refused";
  facts.lock = lock;
  return facts;
}

TEST_CASE("an appliance that is well is said to be, and its file is not free") {
  const ApplianceFacts facts = running(with(""));
  CHECK_FALSE(facts.file_is_free());
  const Findings found = judge_appliance(facts, kState);
  CHECK(worst(found) == Level::ok);
  says(found, Level::ok, {"is well", "2.0 h", "10 series"});
  says(judge_session(*facts.metrics), Level::ok, {"connected", "3 reconnects", "2 messages"});
}

TEST_CASE("the reason of an appliance that makes no progress is told") {
  ApplianceFacts facts = running(with(""));
  facts.well = false;
  facts.health = "not connected to the broker: no TCP connection";
  says(judge_appliance(facts, kState), Level::error, {"no progress", "no TCP connection"});
}

TEST_CASE("without an appliance the file is free, unless a process holds it") {
  const ApplianceFacts absent = silent(AdminSilence::nobody, {true, false, 0});
  CHECK(absent.file_is_free());
  says(judge_appliance(absent, kState), Level::warning, {"no appliance runs", "systemctl start"});
  for (const auto silence : {AdminSilence::nobody, AdminSilence::hung, AdminSilence::broken}) {
    const ApplianceFacts holding = silent(silence, {true, true, 17});
    CHECK_FALSE(holding.file_is_free());
    says(judge_appliance(holding, kState), Level::error, {"process 17 holds", kState, "restart it"});
  }
  says(judge_appliance(silent(AdminSilence::hung, {true, false, 0}), kState), Level::error, {"something else"});
}

TEST_CASE("a token that is missing, wrong or cannot be read is told apart") {
  ApplianceFacts facts = silent(AdminSilence::nobody, {true, true, 17});
  facts.silence.reset();
  facts.status = 401;
  says(judge_appliance(facts, kState), Level::error, {"asks for a token"});
  facts.token_file = "/etc/tidemark/token";
  says(judge_appliance(facts, kState), Level::error, {"does not take the token"});
  facts.status = 0;
  facts.token_unreadable = true;
  says(judge_appliance(facts, kState), Level::error, {"/etc/tidemark/token cannot be read"});
}

TEST_CASE("what a running appliance says of itself becomes a finding") {
  struct Case {
    const char* metric;
    Level level;
    const char* word;
  };
  for (const auto& [metric, level, word] : {
           Case{"tidemark_ledger_balanced 0\n", Level::error, "verify"},
           Case{"tidemark_series 80\n", Level::warning, "limits.max_series"},
           Case{"tidemark_memory_resident_bytes 3\n", Level::warning, "memory"},
       }) {
    CAPTURE(metric);
    const Findings found = judge_appliance(running(with(metric)), kState);
    says(found, level, {word});
    test::all_say_what_to_do(found);
  }
  ApplianceFacts elsewhere = running(with(""));
  elsewhere.lock = {true, false, 0};
  says(judge_appliance(elsewhere, kState), Level::warning, {"does not hold", "gateway.state"});
}

TEST_CASE("what the session has been through becomes a finding") {
  struct Case {
    const char* metric;
    Level level;
    const char* word;
  };
  for (const auto& [metric, level, word] : {
           Case{"tidemark_mqtt_connected 0\n", Level::error, "not connected"},
           Case{"tidemark_mqtt_taken_over 1\n", Level::error, "client id"},
           Case{"tidemark_mqtt_takeovers_total 4\n", Level::warning, "4 times"},
           Case{"tidemark_mqtt_sessions_lost_total 1\n", Level::warning, "persistence"},
           Case{"tidemark_mqtt_refused_filters 2\n", Level::error, "refuses 2"},
           Case{"tidemark_intake_paused 1\n", Level::warning, "paused"},
       }) {
    CAPTURE(metric);
    const Findings found = judge_session(with(metric));
    says(found, level, {word});
    CHECK(worst(found) == level);
    test::all_say_what_to_do(found);
  }
}

}  // namespace
}  // namespace tidemark::doctor
