#include "firmware-sim/damage.h"

#include <array>

namespace firmware_sim {
namespace {

// In the place of one number; the other readings of the message are still right. The empty text leaves the key out.
constexpr std::array<std::string_view, 7> kWrongValues{
    "\"\"",  // the number itself as a string
    "\"broken\"", "null", "[1,2]", R"({"value":1})", "\"\\u0000\"", "",
};

// In the place of all numbers. A parser may stop at the first of these or take them one by one: the same readings are
// lost.
constexpr std::array<std::string_view, 7> kNoNumbers{"NaN", "Infinity", "-Infinity", "1e400", "-1e400", "01.5", "+1"};

// In the place of the whole payload.
constexpr std::array<std::string_view, 8> kNoMeasurement{
    "",
    "{}",
    "[]",
    "null",
    "ERROR 17: sensor not ready",
    "<html><body>502 Bad Gateway</body></html>",
    "{\"n\":",
    "{'n': 1, 'ts': 2}",
};

constexpr std::array<std::string_view, 6> kNoScalar{"", "NaN", "1e400", "12,5", "ERR", "0x1F"};

template <typename Table>
std::string_view any_of(const Table& table, Pcg32& random) {
  return table[random.below(static_cast<std::uint32_t>(table.size()))];
}

void all_malformed(std::vector<Reading>& readings) {
  for (Reading& reading : readings) reading.fate = Fate::malformed;
}

}  // namespace

std::string damaged_payload(const PayloadParts& parts, std::vector<Reading>& readings, Pcg32& random) {
  Blemish blemish;
  if (parts.model.layout == Layout::scalar) {
    all_malformed(readings);
    blemish.place = Blemish::Place::every_value;
    blemish.text = any_of(kNoScalar, random);
    return render_payload(parts, blemish);
  }
  switch (random.below(5)) {
    case 0: {
      // Any proper beginning of an object is not JSON: its last brace is missing.
      all_malformed(readings);
      std::string payload = render_payload(parts, blemish);
      payload.resize(random.below(static_cast<std::uint32_t>(payload.size())));
      return payload;
    }
    case 1: {
      const std::uint32_t hit = random.below(static_cast<std::uint32_t>(readings.size()));
      readings[hit].fate = Fate::malformed;
      blemish.place = Blemish::Place::one_value;
      blemish.sample = hit / parts.model.fields.size();
      blemish.field = hit % parts.model.fields.size();
      blemish.text = any_of(kWrongValues, random);
      return render_payload(parts, blemish);
    }
    case 2:
      all_malformed(readings);
      blemish.place = Blemish::Place::every_value;
      blemish.text = any_of(kNoNumbers, random);
      return render_payload(parts, blemish);
    case 3:
      all_malformed(readings);
      blemish.without_time = true;
      return render_payload(parts, blemish);
    default:
      all_malformed(readings);
      return std::string(any_of(kNoMeasurement, random));
  }
}

}  // namespace firmware_sim
