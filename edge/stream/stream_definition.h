// One [[stream]] of the configuration, validated: plain values, no parsing left to do but that of templates and paths.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "edge/aggregate/window_state.h"
#include "edge/time/instant.h"

namespace tidemark {

enum class PayloadFormat : std::uint8_t { json, scalar, batch, line_protocol, senml };  // sparkplug: to come

/// Whether its payloads have a place of their own for times, so that no path is configured.
constexpr bool carries_time(PayloadFormat format) {
  return format != PayloadFormat::json && format != PayloadFormat::scalar;
}

enum class TimeFormat : std::uint8_t { seconds, milliseconds, microseconds, nanoseconds, rfc3339, iso8601_local };
enum class BadClock : std::uint8_t { quarantine, restamp, accept };
enum class FieldKind : std::uint8_t { gauge, counter, state };

struct FieldDefinition {
  std::string path;
  std::string name;
  std::string unit;  // may be empty
  FieldKind kind = FieldKind::gauge;
  friend bool operator==(const FieldDefinition&, const FieldDefinition&) = default;
};

struct StreamDefinition {
  std::string name;
  std::string topic;                                      // template: "plant/{site}/{device}/climate"
  std::string source;                                     // "{device}", text with variables, or a path
  std::vector<std::pair<std::string, std::string>> tags;  // name -> "{variable}" or path
  bool default_tags = true;                               // no `tags`: every topic variable but the source's
  PayloadFormat format = PayloadFormat::json;
  std::string each;                                   // empty: the message is one record
  std::string time;                                   // empty: arrival time
  TimeFormat time_format = TimeFormat::milliseconds;  // also of a line of line protocol, which needs no `time`
  Duration utc_offset{};                              // of iso8601_local: how far local time is ahead of UTC
  std::string sequence;                               // empty: the source does not number its messages
  std::uint64_t sequence_modulus = 0;                 // 0: none
  std::vector<FieldDefinition> fields;                // empty: every number and boolean, named by its path
  std::vector<std::string> aggregates;                // as configured; the results users asked for
  ComponentSet components;                            // what those need

  Duration window = seconds(10);
  Duration offset{};
  Duration out_of_orderness = seconds(2);
  Duration lateness = minutes(1);
  Duration idle_timeout = seconds(5);
  Duration evict_after = hours(1);
  Duration late_flush = seconds(5);
  Duration max_ahead = minutes(5);
  EventTime floor{1'420'070'400'000'000'000};  // 2015-01-01
  Duration clock_offset{};
  std::vector<std::pair<std::string, Duration>> clock_offsets;  // by source, sorted: instead of clock_offset
  Duration series_ttl = days(30);
  BadClock bad_clock = BadClock::quarantine;
  bool watermark_per_series = false;
  bool drop_duplicates = true;
  bool use_retained = false;
};

/// Bounds on one message's payload (DESIGN, "Bounds").
struct PayloadLimits {
  std::uint32_t max_bytes = 256 * 1024;
  std::uint32_t max_depth = 32;
};

}  // namespace tidemark
