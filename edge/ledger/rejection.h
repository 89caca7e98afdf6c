// Why a message or a reading was not taken (SEMANTICS, rule 34). A small fixed set; the order is stored, only append.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tidemark {

enum class Rejection : std::uint8_t {
  too_large,      // the payload is over the limit
  malformed,      // not what the stream's format says
  too_deep,       // nested deeper than the limit
  missing_field,  // the source, a tag or every configured field is absent
  wrong_type,     // a value is not a number or boolean
  nonfinite,      // NaN or an infinity
  out_of_range,   // beyond the range of a double, or a time beyond the range of event time
  no_time,        // the configured time is absent or unreadable
  series_limit,   // a new series while the limit is reached
  retained,       // a retained message delivered at subscribe time
  unknown_topic,  // no stream's topic matches
};

inline constexpr std::array<std::string_view, 11> kRejectionNames = {
    "too_large",    "malformed", "too_deep",     "missing_field", "wrong_type",   "nonfinite",
    "out_of_range", "no_time",   "series_limit", "retained",      "unknown_topic"};

inline constexpr std::size_t kRejections = kRejectionNames.size();

constexpr std::string_view name_of(Rejection reason) {
  return kRejectionNames[static_cast<std::size_t>(reason)];
}

}  // namespace tidemark
