#include "firmware-sim/fixed_decimal.h"

#include <doctest/doctest.h>

#include <limits>

using namespace firmware_sim;

namespace {

std::string printed(std::int64_t units, std::uint32_t decimals) {
  std::string out;
  append_text(out, {units, decimals});
  return out;
}

}  // namespace

TEST_CASE("a device prints all its decimals, the truth none that mean nothing") {
  struct Row {
    FixedDecimal value;
    const char* device;
    const char* truth;
  };
  const Row rows[] = {
      {{210'625, 4}, "21.0625", "21.0625"},
      {{256'250, 4}, "25.6250", "25.625"},
      {{-50, 2}, "-0.50", "-0.5"},
      {{0, 3}, "0.000", "0"},
      {{7, 0}, "7", "7"},
      {{1'200, 0}, "1200", "1200"},
      {{-1, 3}, "-0.001", "-0.001"},
      {{100, 2}, "1.00", "1"},
      {{-120, 1}, "-12.0", "-12"},
      {{5, 1}, "0.5", "0.5"},
  };
  for (const Row& row : rows) {
    CHECK(printed(row.value.units, row.value.decimals) == row.device);
    CHECK(canonical_text(row.value) == row.truth);
  }
}

TEST_CASE("the ends of the integer print exactly") {
  CHECK(printed(std::numeric_limits<std::int64_t>::min(), 9) == "-9223372036.854775808");
  CHECK(printed(std::numeric_limits<std::int64_t>::max(), 0) == "9223372036854775807");
}
