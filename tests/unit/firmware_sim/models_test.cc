#include <doctest/doctest.h>

#include <map>
#include <set>
#include <vector>

#include "firmware-sim/catalogue.h"

using namespace firmware_sim;

namespace {

std::vector<Measurement> measure(Model& model, int ticks, std::int64_t interval_ms = 1'000) {
  std::vector<Measurement> measurements;
  for (int i = 0; i < ticks; ++i) {
    Measurement measurement;
    if (model.measure(i * interval_ms, measurement)) measurements.push_back(measurement);
  }
  return measurements;
}

}  // namespace

TEST_CASE("every model repeats itself with the same seed and differs with another") {
  for (const CatalogueEntry& entry : catalogue()) {
    CAPTURE(entry.description->name);
    const auto texts = [&](std::uint64_t seed) {
      std::string all;
      for (const Measurement& m : measure(*entry.make(Pcg32(seed, 1)), 500)) {
        all += std::to_string(m.elapsed_ms);
        for (std::size_t i = 0; i < entry.description->fields.size(); ++i) all += " " + canonical_text(m.values[i]);
        all += "\n";
      }
      return all;
    };
    CHECK(texts(1) == texts(1));
    CHECK(texts(1) != texts(2));
  }
}

TEST_CASE("the times of a device's measurements rise and are never ahead of its tick") {
  for (const CatalogueEntry& entry : catalogue()) {
    CAPTURE(entry.description->name);
    for (const std::int64_t interval_ms : {1, 10, 1'000}) {
      const auto model = entry.make(Pcg32(3, 1));
      std::int64_t before = -1;
      for (int i = 0; i < 2'000; ++i) {
        Measurement m;
        if (!model->measure(i * interval_ms, m)) continue;
        REQUIRE(m.elapsed_ms > before);
        REQUIRE(m.elapsed_ms <= i * interval_ms);
        before = m.elapsed_ms;
      }
    }
  }
}

TEST_CASE("a thermometer tells sixteenths of a degree and half percents") {
  std::set<std::int64_t> steps;
  bool below_zero = false;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    for (const Measurement& m : measure(*make_thermometer(Pcg32(seed, 1)), 300)) {
      REQUIRE(m.values[0].units % 625 == 0);
      REQUIRE(m.values[0].decimals == 4);
      REQUIRE(m.values[1].units % 5 == 0);
      REQUIRE(m.values[1].units >= 0);
      REQUIRE(m.values[1].units <= 1'000);
      steps.insert(m.values[0].units);
      below_zero = below_zero || m.values[0].units < 0;
    }
  }
  CHECK(steps.size() > 20);
  CHECK(below_zero);
}

TEST_CASE("a vibration's peak is at least its root mean square, and both are small when the machine stands") {
  bool stands = false;
  bool runs = false;
  for (const Measurement& m : measure(*make_vibration_meter(Pcg32(5, 1)), 5'000)) {
    REQUIRE(m.values[0].units >= 0);
    REQUIRE(m.values[1].units >= m.values[0].units);
    stands = stands || m.values[1].units < 100;
    runs = runs || m.values[0].units > 500;
  }
  CHECK(stands);
  CHECK(runs);
}

TEST_CASE("an energy counter never falls, and rises by what the power amounts to") {
  const auto model = make_power_meter(Pcg32(8, 1));
  const auto measurements = measure(*model, 5'000, 60'000);
  double watt_hours = 0;
  for (std::size_t i = 1; i < measurements.size(); ++i) {
    REQUIRE(measurements[i].values[2].units >= measurements[i - 1].values[2].units);
    watt_hours += static_cast<double>(measurements[i - 1].values[0].units) / 10 / 60;
  }
  const double counted =
      static_cast<double>(measurements.back().values[2].units - measurements.front().values[2].units);
  CHECK(counted > 1'000);
  CHECK(counted == doctest::Approx(watt_hours).epsilon(0.0001));

  model->lose_power();
  Measurement after;
  REQUIRE(model->measure(5'000 * 60'000, after));
  CHECK(after.values[2].units < 5'000);
}

TEST_CASE("a door tells its state when it changes, and now and then that it lives") {
  const auto measurements = measure(*make_door_switch(Pcg32(2, 1)), 10'000);
  int changes = 0;
  int signs = 0;
  for (std::size_t i = 1; i < measurements.size(); ++i) {
    const bool changed = measurements[i].values[0].units != measurements[i - 1].values[0].units;
    (changed ? changes : signs) += 1;
    // Only changes happen between ticks.
    if (!changed) REQUIRE(measurements[i].elapsed_ms % 1'000 == 0);
  }
  CHECK(measurements.front().elapsed_ms == 0);
  CHECK(changes > 300);
  CHECK(signs > 150);
  CHECK(measurements.size() < 5'000);
}

TEST_CASE("a tank empties, is filled, and its volume agrees with its level") {
  std::int64_t lowest = 1'000'000;
  std::int64_t highest = 0;
  for (const Measurement& m : measure(*make_tank_gauge(Pcg32(4, 1)), 20'000)) {
    REQUIRE(m.values[1].units == m.values[0].units * 12);
    lowest = std::min(lowest, m.values[0].units);
    highest = std::max(highest, m.values[0].units);
  }
  CHECK(lowest >= 0);
  CHECK(lowest < 300);
  CHECK(highest > 1'800);
  CHECK(highest <= 2'000);
}

TEST_CASE("model names and id prefixes are unique") {
  std::set<std::string_view> names;
  std::set<std::string_view> prefixes;
  for (const CatalogueEntry& entry : catalogue()) {
    CHECK(names.insert(entry.description->name).second);
    CHECK(prefixes.insert(entry.description->prefix).second);
    CHECK(entry.description->fields.size() <= kMaxFields);
    CHECK(find_model(entry.description->name) == &entry);
  }
  CHECK(names.size() >= 6);
  CHECK(find_model("nothing") == nullptr);
}
