// All device models by name. Adding a model: one file, one line here, one line in the catalogue's table.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "firmware-sim/model.h"
#include "firmware-sim/random.h"

namespace firmware_sim {

struct CatalogueEntry {
  const ModelDescription* description;
  std::unique_ptr<Model> (*make)(Pcg32 random);
};

/// Every model, in the order in which a fleet takes turns among them.
std::span<const CatalogueEntry> catalogue();

/// The entry with this stream name, or null.
const CatalogueEntry* find_model(std::string_view name);

/// A thermometer that tells its temperature only: one reading a message, for benchmarks. Not part of the catalogue,
/// stream `climate` like the full one.
const CatalogueEntry& one_reading_model();

extern const ModelDescription kThermometer;
extern const ModelDescription kPlainThermometer;
extern const ModelDescription kVibrationMeter;
extern const ModelDescription kPowerMeter;
extern const ModelDescription kDoorSwitch;
extern const ModelDescription kTankGauge;
extern const ModelDescription kBatteryLogger;
extern const ModelDescription kLightSensor;

std::unique_ptr<Model> make_thermometer(Pcg32 random);
std::unique_ptr<Model> make_plain_thermometer(Pcg32 random);
std::unique_ptr<Model> make_vibration_meter(Pcg32 random);
std::unique_ptr<Model> make_power_meter(Pcg32 random);
std::unique_ptr<Model> make_door_switch(Pcg32 random);
std::unique_ptr<Model> make_tank_gauge(Pcg32 random);
std::unique_ptr<Model> make_battery_logger(Pcg32 random);
std::unique_ptr<Model> make_light_sensor(Pcg32 random);

}  // namespace firmware_sim
