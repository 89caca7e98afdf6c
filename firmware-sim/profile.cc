#include "firmware-sim/profile.h"

namespace firmware_sim {
namespace {

struct FaultRow {
  std::string_view name;
  std::uint32_t plant;
  std::uint32_t chaos;
};

// In the order of the enumeration. `silence` is rare because it takes a device away for 40 s: at a message a second,
// 500 in a million keep 2 % of the devices silent at any moment.
constexpr std::array<FaultRow, kFaultCount> kFaults{{
    {"", 0, 0},
    {"duplicate", 10'000, 50'000},
    {"reorder", 20'000, 80'000},
    {"silence", 500, 2'000},
    {"malformed", 1'000, 10'000},
    {"unset_clock", 1'000, 5'000},
    {"future_clock", 1'000, 5'000},
    {"lost", 0, 5'000},
    {"retained", 0, 5'000},
    {"oversized", 0, 200},
    {"deep", 0, 500},
    {"hostile_topic", 0, 2'000},
    {"unmatched_topic", 0, 1'000},
    {"repeat", 0, 5'000},
    {"counter_reset", 0, 2'000},
    {"sequence_restart", 0, 3'000},
}};

}  // namespace

std::string_view name_of(Fault fault) {
  return kFaults[static_cast<std::size_t>(fault)].name;
}

Fault Profile::draw(Pcg32& random) const {
  std::uint32_t number = random.below(1'000'000);
  for (std::size_t i = 1; i < kFaultCount; ++i) {
    if (number < per_million[i]) return static_cast<Fault>(i);
    number -= per_million[i];
  }
  return Fault::none;
}

std::optional<Profile> find_profile(std::string_view name) {
  Profile profile;
  if (name == "clean") {
    profile.name = "clean";
  } else if (name == "plant") {
    profile.name = "plant";
    for (std::size_t i = 0; i < kFaultCount; ++i) profile.per_million[i] = kFaults[i].plant;
  } else if (name == "chaos") {
    profile.name = "chaos";
    for (std::size_t i = 0; i < kFaultCount; ++i) profile.per_million[i] = kFaults[i].chaos;
  } else {
    return std::nullopt;
  }
  return profile;
}

}  // namespace firmware_sim
