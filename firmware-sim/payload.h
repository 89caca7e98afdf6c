// Measurements to the bytes of a payload, with or without damage.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "firmware-sim/model.h"

namespace firmware_sim {

struct Sample {
  std::int64_t event_ms = 0;  // as the device will write it, since 1970
  std::array<FixedDecimal, kMaxFields> values{};
};

/// Damage to single places of an otherwise valid payload.
struct Blemish {
  enum class Place : std::uint8_t { none, one_value, every_value };
  Place place = Place::none;
  std::size_t sample = 0;  // of one_value
  std::size_t field = 0;
  // What stands there instead of the number; empty: the key is left out. "\"\"": the number itself, in quotes.
  std::string_view text;
  bool without_time = false;

  [[nodiscard]] bool hits(std::size_t at_sample, std::size_t at_field) const {
    return place == Place::every_value || (place == Place::one_value && sample == at_sample && field == at_field);
  }
};

struct PayloadParts {
  const ModelDescription& model;
  std::string_view source;
  std::optional<std::int64_t> sequence;
  std::span<const Sample> samples;  // one, unless the layout is `samples`
  std::string_view extra;           // further members of the outer object, before the others: "\"pad\":0,"
};

std::string render_payload(const PayloadParts& parts, const Blemish& blemish);

}  // namespace firmware_sim
