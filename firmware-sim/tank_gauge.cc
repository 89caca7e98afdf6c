// An ultrasonic gauge over a tank: it drains with the day's use and is filled when low. The level comes in millimetres,
// the volume is computed by the gauge from the level (1.2 m2 of floor), so the two always agree.
#include "firmware-sim/catalogue.h"

namespace firmware_sim {
namespace {

constexpr std::array<Field, 2> kFields{{
    {"level", "tank.level", "m", "gauge"},
    {"volume", "tank.volume", "l", "gauge"},
}};
constexpr std::int64_t kLow = 240'000;     // micrometres: the pump starts
constexpr std::int64_t kFull = 1'900'000;  // micrometres: the pump stops

class TankGauge final : public Model {
 public:
  explicit TankGauge(Pcg32 random)
      : random_(random), level_(random_.between(kLow, kFull)), use_(random_.between(5, 60)) {}

  [[nodiscard]] const ModelDescription& description() const override { return kTankGauge; }

  bool measure(std::int64_t elapsed_ms, Measurement& out) override {
    out.elapsed_ms = elapsed_ms;
    // `use_` is in micrometres a 100 ms; the pump brings 20 mm a second.
    const std::int64_t span = elapsed_ms - measured_ms_;
    measured_ms_ = elapsed_ms;
    level_ += filling_ ? span * 20 : -(span * use_ / 100) * random_.between(0, 2);
    if (level_ <= kLow) filling_ = true;
    if (level_ >= kFull) filling_ = false;
    if (level_ < 0) level_ = 0;
    if (level_ > 2'000'000) level_ = 2'000'000;
    const std::int64_t millimetres = level_ / 1'000;
    out.values[0] = {millimetres, 3};
    out.values[1] = {millimetres * 12, 1};
    return true;
  }

 private:
  Pcg32 random_;
  std::int64_t level_;
  const std::int64_t use_;
  std::int64_t measured_ms_ = 0;
  bool filling_ = false;
};

}  // namespace

const ModelDescription kTankGauge{"tank", "tank", Layout::nested, "tank", kFields};

std::unique_ptr<Model> make_tank_gauge(Pcg32 random) {
  return std::make_unique<TankGauge>(random);
}

}  // namespace firmware_sim
