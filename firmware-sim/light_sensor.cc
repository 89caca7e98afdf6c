// A lux meter of the ESPHome kind: the bare number on a topic of its own, without time or sequence.
#include <algorithm>

#include "firmware-sim/catalogue.h"
#include "firmware-sim/waveform.h"

namespace firmware_sim {
namespace {

constexpr std::array<Field, 1> kFields{{{"illuminance", "illuminance", "lx", "gauge"}}};

class LightSensor final : public Model {
 public:
  explicit LightSensor(Pcg32 random) : random_(random), base_(random_.between(500, 9'000)) {}

  [[nodiscard]] const ModelDescription& description() const override { return kLightSensor; }

  bool measure(std::int64_t elapsed_ms, Measurement& out) override {
    out.elapsed_ms = elapsed_ms;
    const std::int64_t lux = base_ + sine(elapsed_ms, 900'000, base_ / 2) + random_.between(-base_ / 20, base_ / 20);
    out.values[0] = {std::max<std::int64_t>(lux, 0), 1};
    return true;
  }

 private:
  Pcg32 random_;
  const std::int64_t base_;  // tenths of a lux
};

}  // namespace

const ModelDescription kLightSensor{"illuminance", "lux", Layout::scalar, "", kFields};

std::unique_ptr<Model> make_light_sensor(Pcg32 random) {
  return std::make_unique<LightSensor>(random);
}

}  // namespace firmware_sim
