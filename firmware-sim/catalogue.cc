#include "firmware-sim/catalogue.h"

#include <array>

namespace firmware_sim {

std::span<const CatalogueEntry> catalogue() {
  static const std::array<CatalogueEntry, 7> entries{{
      {&kThermometer, make_thermometer},
      {&kVibrationMeter, make_vibration_meter},
      {&kPowerMeter, make_power_meter},
      {&kDoorSwitch, make_door_switch},
      {&kTankGauge, make_tank_gauge},
      {&kBatteryLogger, make_battery_logger},
      {&kLightSensor, make_light_sensor},
  }};
  return entries;
}

const CatalogueEntry* find_model(std::string_view name) {
  for (const CatalogueEntry& entry : catalogue()) {
    if (entry.description->name == name) return &entry;
  }
  return nullptr;
}

const CatalogueEntry& one_reading_model() {
  static const CatalogueEntry entry{&kPlainThermometer, make_plain_thermometer};
  return entry;
}

}  // namespace firmware_sim
