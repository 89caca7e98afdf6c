// A velocity sensor on a bearing: of each block of 16 samples it tells the root mean square and the peak, in mm/s. The
// machine runs and stands still; while it runs, the bearing wears and the level grows.
#include <algorithm>

#include "firmware-sim/catalogue.h"
#include "firmware-sim/waveform.h"

namespace firmware_sim {
namespace {

constexpr std::array<Field, 2> kFields{{
    {"rms", "rms", "mm/s", "gauge"},
    {"peak", "peak", "mm/s", "gauge"},
}};
constexpr std::uint32_t kBlock = 16;

class VibrationMeter final : public Model {
 public:
  explicit VibrationMeter(Pcg32 random) : random_(random), amplitude_(random_.between(1'500, 6'000)) {}

  [[nodiscard]] const ModelDescription& description() const override { return kVibrationMeter; }

  bool measure(std::int64_t elapsed_ms, Measurement& out) override {
    out.elapsed_ms = elapsed_ms;
    if (random_.chance(running_ ? 10'000 : 50'000)) running_ = !running_;
    if (running_ && random_.chance(20'000)) amplitude_ += random_.between(0, 20);
    const std::int64_t level = running_ ? amplitude_ : 30;
    const std::int64_t noise = level / 5 + 5;
    std::uint64_t squares = 0;
    std::int64_t peak = 0;
    const std::int64_t phase = random_.between(0, kBlock - 1);
    for (std::uint32_t i = 0; i < kBlock; ++i) {
      // Three turns a block, in micrometres a second.
      const std::int64_t sample = sine((phase + i) * 3, kBlock, level) + random_.between(-noise, noise);
      squares += static_cast<std::uint64_t>(sample * sample);
      peak = std::max(peak, sample < 0 ? -sample : sample);
    }
    out.values[0] = {static_cast<std::int64_t>(integer_root(squares / kBlock)), 3};
    out.values[1] = {peak, 3};
    return true;
  }

 private:
  Pcg32 random_;
  std::int64_t amplitude_;
  bool running_ = true;
};

}  // namespace

const ModelDescription kVibrationMeter{"vibration", "vib", Layout::flat, "", kFields};

std::unique_ptr<Model> make_vibration_meter(Pcg32 random) {
  return std::make_unique<VibrationMeter>(random);
}

}  // namespace firmware_sim
