// The appliance itself, as it answers on its admin address: whether it is well, and how its session at the broker is.
#pragma once

#include <optional>
#include <string>

#include "gateway/doctor/admin_question.h"
#include "gateway/doctor/finding.h"
#include "gateway/doctor/metrics_text.h"
#include "gateway/doctor/state_lock.h"

namespace tidemark::doctor {

struct ApplianceFacts {
  std::string place;                    // "http://127.0.0.1:8377"
  std::string token_file;               // empty: no token is shown
  bool token_unreadable = false;        // then nothing was asked
  std::optional<AdminSilence> silence;  // nullopt: something answered
  std::string silence_reason;
  unsigned status = 0;             // of /metrics
  std::optional<Metrics> metrics;  // of an appliance; nullopt: none answered
  bool well = false;               // /healthz says 200
  std::string health;              // its first line
  StateLock lock;

  /// The state file may be opened: no appliance answers, and nobody holds it.
  [[nodiscard]] bool file_is_free() const { return !metrics && !lock.held; }
};

/// `place` with the token to show. Blocks, at most about twice `limit`.
ApplianceFacts ask_appliance(const LogPlace& place, const std::string& state, Duration limit);

/// `state`: the path of the state file.
Findings judge_appliance(const ApplianceFacts& facts, const std::string& state);

/// Of a running appliance.
Findings judge_session(const Metrics& metrics);

}  // namespace tidemark::doctor
