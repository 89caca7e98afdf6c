// What a kind of device measures and how it writes it down. A model computes in integers from its own seeded numbers
// and the time since the start, so the same seed gives the same measurements whenever and wherever it runs.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "firmware-sim/fixed_decimal.h"

namespace firmware_sim {

enum class Layout : std::uint8_t {
  flat,     // {"n":7,"ts":1700000000000,"temperature":21.0625}
  nested,   // {"n":7,"ts":1700000000000,"tank":{"level":1.532}}
  samples,  // {"n":7,"id":"logger-0001","samples":[{"ts":1700000000000,"temperature":21.06}]}
  scalar,   // 21.5: no time, no sequence; the appliance stamps it at arrival
};

struct Field {
  std::string_view key;   // in its JSON object
  std::string_view path;  // as the appliance names it; starts at the element of `samples`
  std::string_view unit;
  std::string_view kind;  // gauge | counter | state
  bool boolean = false;   // written as true or false; a reading of 1 or 0
};

inline constexpr std::size_t kMaxFields = 3;

struct ModelDescription {
  std::string_view name;    // the stream, and the last level of the topic
  std::string_view prefix;  // of device ids: thermo-0001
  Layout layout;
  std::string_view group;  // of the nested layout: the key around the fields
  std::span<const Field> fields;
  std::uint32_t least_samples = 1;     // a message carries between least and most samples:
  std::uint32_t greatest_samples = 1;  // a battery device sleeps and sends bursts
};

struct Measurement {
  std::int64_t elapsed_ms = 0;  // when it was measured, since the start of the run
  std::array<FixedDecimal, kMaxFields> values{};
};

class Model {
 public:
  Model() = default;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;
  virtual ~Model() = default;

  [[nodiscard]] virtual const ModelDescription& description() const = 0;

  /// Called at every tick of the device, `elapsed_ms` strictly increasing, from 0. False: this device has nothing to
  /// tell. A measurement's time is after the one before it and at most `elapsed_ms`.
  virtual bool measure(std::int64_t elapsed_ms, Measurement& out) = 0;

  /// A power failure: counters of the device start again from zero.
  virtual void lose_power() {}
};

}  // namespace firmware_sim
