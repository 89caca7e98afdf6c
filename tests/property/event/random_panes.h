// Random panes as windows could make them: states of random readings, with identities drawn from a few.
#pragma once

#include <deque>
#include <random>
#include <vector>

#include "edge/event/event.h"
#include "edge/value/power_of_ten.h"

namespace tidemark::random_panes {

/// Owns what the SeriesPanes point to.
struct Panes {
  std::deque<SeriesIdentity> series;
  std::deque<Pane> panes;
  std::vector<SeriesPane> list;
};

struct Shape {
  int panes = 20;
  int series = 5;
  bool extreme = false;  // decimals of all sizes, times anywhere
  ComponentSet components{15};
};

class Generator {
 public:
  explicit Generator(std::uint32_t seed) : random_(seed) {}

  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_() % bound); }

  Decimal value(bool extreme) {
    const std::uint32_t digits = extreme ? below(18) + 1 : below(4) + 1;
    auto coefficient = static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(kPowersOfTen[digits]));
    if (below(2) == 0) coefficient = -coefficient;
    while (coefficient % 10 == 0 && coefficient != 0) coefficient /= 10;
    if (coefficient == 0) return {};
    const auto exponent =
        extreme ? static_cast<std::int32_t>(below(600)) - 320 : static_cast<std::int32_t>(below(4)) - 3;
    return {coefficient, exponent};
  }

  WindowState state(ComponentSet components, EventTime start, Duration size, bool extreme) {
    WindowState result(components);
    for (std::uint32_t i = below(12) + 1; i > 0; --i) {
      const auto offset = static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(size.ns));
      const std::int64_t unit = extreme ? 1 : 1'000'000;
      result.add({start.ns + offset / unit * unit}, value(extreme && below(8) == 0));
    }
    return result;
  }

  Panes panes(const Shape& shape) {
    Panes result;
    for (int i = 0; i < shape.series; ++i) {
      SeriesIdentity series;
      series.stream = below(2) == 0 ? "climate" : "power";
      series.version = below(2) + 1;
      series.source = "dev-" + std::to_string(below(8));
      series.tags = below(2) == 0 ? "{}" : R"({"site":"Grünau"})";
      series.field = below(2) == 0 ? "temperature" : "energy";
      series.unit = below(2) == 0 ? "" : "Cel";
      series.kind = static_cast<FieldKind>(below(3));
      series.size = seconds(below(2) == 0 ? 10 : 3600);
      result.series.push_back(std::move(series));
    }
    for (int i = 0; i < shape.panes; ++i) {
      const SeriesIdentity& series = result.series[below(static_cast<std::uint32_t>(shape.series))];
      Pane pane;
      // Anywhere from 1951 to 1988, off the grid; or on the grid, near its origin.
      const bool anywhere = shape.extreme && below(4) == 0;
      pane.start = {anywhere ? static_cast<std::int64_t>(random_() >> 4) - (std::int64_t{1} << 59)
                             : std::int64_t{below(50)} * series.size.ns};
      pane.kind = static_cast<PaneKind>(below(4));
      pane.revision = pane.kind == PaneKind::delta ? 0 : below(3) + 1;
      pane.flags = static_cast<std::uint16_t>(below(4) == 0 ? below(32) : 0);
      pane.state = state(shape.components, pane.start, series.size, shape.extreme);
      result.panes.push_back(std::move(pane));
      result.list.push_back({&series, &result.panes.back()});
    }
    return result;
  }

  EventHeader header() {
    EventHeader header{
        "plant-7", random_(), below(1000) + 1, random_(), below(1000), {}, {static_cast<std::int64_t>(random_())}};
    for (std::uint8_t& byte : header.digest) byte = static_cast<std::uint8_t>(below(256));
    return header;
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace tidemark::random_panes
