// A room sensor: a DS18B20's temperature in steps of 1/16 degree and a relative humidity in steps of half a percent.
// What it measures follows the heating's cycle, drifts slowly and trembles; every eighth stands in a cold store, below
// zero.
#include <algorithm>

#include "firmware-sim/catalogue.h"
#include "firmware-sim/waveform.h"

namespace firmware_sim {
namespace {

constexpr std::array<Field, 2> kFields{{
    {"temperature", "temperature", "Cel", "gauge"},
    {"humidity", "humidity", "%RH", "gauge"},
}};

class Thermometer final : public Model {
 public:
  Thermometer(const ModelDescription& description, Pcg32 random)
      : description_(description),
        random_(random),
        base_(random_.below(8) == 0 ? random_.between(-26'000, -18'000) : random_.between(17'000, 26'000)),
        amplitude_(random_.between(400, 2'500)),
        period_ms_(random_.between(300'000, 1'800'000)) {}

  [[nodiscard]] const ModelDescription& description() const override { return description_; }

  bool measure(std::int64_t elapsed_ms, Measurement& out) override {
    out.elapsed_ms = elapsed_ms;
    drift_ = std::clamp<std::int64_t>(drift_ + random_.between(-5, 5), -2'000, 2'000);
    const std::int64_t millidegrees =
        base_ + sine(elapsed_ms, period_ms_, amplitude_) + drift_ + random_.between(-60, 60);
    // The converter counts sixteenths of a degree: 0.0625 is 625 units of the fourth decimal.
    out.values[0] = {floor_divide(millidegrees * 16 + 500, 1'000) * 625, 4};
    const std::int64_t permille = 480 - (millidegrees - base_) / 50 + random_.between(-8, 8);
    out.values[1] = {floor_divide(std::clamp<std::int64_t>(permille, 0, 1'000), 5) * 5, 1};
    return true;
  }

 private:
  const ModelDescription& description_;
  Pcg32 random_;
  const std::int64_t base_;
  const std::int64_t amplitude_;
  const std::int64_t period_ms_;
  std::int64_t drift_ = 0;
};

}  // namespace

const ModelDescription kThermometer{"climate", "thermo", Layout::flat, "", kFields};
const ModelDescription kPlainThermometer{"climate", "thermo", Layout::flat, "", std::span(kFields).first(1)};

std::unique_ptr<Model> make_thermometer(Pcg32 random) {
  return std::make_unique<Thermometer>(kThermometer, random);
}

std::unique_ptr<Model> make_plain_thermometer(Pcg32 random) {
  return std::make_unique<Thermometer>(kPlainThermometer, random);
}

}  // namespace firmware_sim
