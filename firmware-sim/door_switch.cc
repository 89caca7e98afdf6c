// A reed contact: it tells its state when it changes, at the moment of the change, and every thirtieth tick as a sign
// of life. Its battery's voltage goes with it.
#include <algorithm>

#include "firmware-sim/catalogue.h"

namespace firmware_sim {
namespace {

constexpr std::array<Field, 2> kFields{{
    {"open", "open", "1", "state", true},
    {"battery", "battery", "V", "gauge"},
}};
constexpr std::uint32_t kTicksPerSignOfLife = 30;

class DoorSwitch final : public Model {
 public:
  explicit DoorSwitch(Pcg32 random) : random_(random), battery_(random_.between(2'700, 3'050)) {}

  [[nodiscard]] const ModelDescription& description() const override { return kDoorSwitch; }

  bool measure(std::int64_t elapsed_ms, Measurement& out) override {
    const std::int64_t since = elapsed_ms - tick_ms_;
    tick_ms_ = elapsed_ms;
    // A door is opened seldom and closed soon.
    const bool changes = random_.chance(open_ ? 250'000 : 50'000);
    if (changes && since > 0) {
      open_ = !open_;
      // Any moment after the last tick, so changes never share a time.
      out.elapsed_ms = elapsed_ms - random_.between(0, std::min<std::int64_t>(since - 1, 60'000));
    } else if (ticks_++ % kTicksPerSignOfLife == 0) {
      out.elapsed_ms = elapsed_ms;
    } else {
      return false;
    }
    if (random_.chance(20'000)) battery_ = std::max<std::int64_t>(battery_ - 1, 2'100);
    out.values[0] = {open_ ? 1 : 0, 0};
    out.values[1] = {battery_, 3};
    return true;
  }

 private:
  Pcg32 random_;
  std::int64_t battery_;
  std::int64_t tick_ms_ = -1;
  std::uint32_t ticks_ = 0;
  bool open_ = false;
};

}  // namespace

const ModelDescription kDoorSwitch{"door", "door", Layout::flat, "", kFields};

std::unique_ptr<Model> make_door_switch(Pcg32 random) {
  return std::make_unique<DoorSwitch>(random);
}

}  // namespace firmware_sim
