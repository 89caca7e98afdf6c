// An energy meter: power in W, voltage in V, and a counter in kWh that only rises, by exactly the energy that its power
// amounts to; a power failure of a cheap meter sets it back to zero.
#include <algorithm>

#include "firmware-sim/catalogue.h"

namespace firmware_sim {
namespace {

constexpr std::array<Field, 3> kFields{{
    {"power", "power", "W", "gauge"},
    {"voltage", "voltage", "V", "gauge"},
    {"energy", "energy", "kW.h", "counter"},
}};

// One watt-hour in the meter's own unit, tenths of a watt times milliseconds.
constexpr std::int64_t kWattHour = 10LL * 3'600 * 1'000;

class PowerMeter final : public Model {
 public:
  explicit PowerMeter(Pcg32 random)
      : random_(random), load_(random_.between(2'000, 90'000)), energy_(random_.between(0, 90'000'000) * kWattHour) {}

  [[nodiscard]] const ModelDescription& description() const override { return kPowerMeter; }

  bool measure(std::int64_t elapsed_ms, Measurement& out) override {
    out.elapsed_ms = elapsed_ms;
    energy_ += load_ * (elapsed_ms - measured_ms_);
    measured_ms_ = elapsed_ms;
    // Machines switch on and off now and then; in between the load trembles. 220 kW is the fuse.
    const std::int64_t step = random_.chance(30'000) ? random_.between(-40'000, 40'000) : random_.between(-300, 300);
    load_ = std::clamp<std::int64_t>(load_ + step, 500, 2'200'000);
    out.values[0] = {load_, 1};
    out.values[1] = {2'305 - load_ / 40'000 + random_.between(-15, 15), 1};
    out.values[2] = {energy_ / kWattHour, 3};
    return true;
  }

  void lose_power() override { energy_ = 0; }

 private:
  Pcg32 random_;
  std::int64_t load_;  // tenths of a watt
  std::int64_t energy_;
  std::int64_t measured_ms_ = 0;
};

}  // namespace

const ModelDescription kPowerMeter{"power", "meter", Layout::flat, "", kFields};

std::unique_ptr<Model> make_power_meter(Pcg32 random) {
  return std::make_unique<PowerMeter>(random);
}

}  // namespace firmware_sim
