// A temperature logger on a battery: it measures at every tick, sleeps with its radio off, and sends 10 to 25 samples
// in one message.
#include <algorithm>

#include "firmware-sim/catalogue.h"
#include "firmware-sim/waveform.h"

namespace firmware_sim {
namespace {

constexpr std::array<Field, 1> kFields{{{"temperature", "temperature", "Cel", "gauge"}}};

class BatteryLogger final : public Model {
 public:
  explicit BatteryLogger(Pcg32 random)
      : random_(random), base_(random_.between(-500, 1'200)), period_ms_(random_.between(600'000, 3'600'000)) {}

  [[nodiscard]] const ModelDescription& description() const override { return kBatteryLogger; }

  bool measure(std::int64_t elapsed_ms, Measurement& out) override {
    out.elapsed_ms = elapsed_ms;
    drift_ = std::clamp<std::int64_t>(drift_ + random_.between(-2, 2), -400, 400);
    out.values[0] = {base_ + drift_ + sine(elapsed_ms, period_ms_, 350), 2};
    return true;
  }

 private:
  Pcg32 random_;
  const std::int64_t base_;  // hundredths of a degree
  const std::int64_t period_ms_;
  std::int64_t drift_ = 0;
};

}  // namespace

const ModelDescription kBatteryLogger{"logger", "logger", Layout::samples, "", kFields, 10, 25};

std::unique_ptr<Model> make_battery_logger(Pcg32 random) {
  return std::make_unique<BatteryLogger>(random);
}

}  // namespace firmware_sim
