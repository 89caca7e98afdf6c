#include "tests/property/aggregate/portable_window.h"

#define TIDEMARK_PORTABLE_INT128
#define tidemark tidemark_portable
#include "edge/aggregate/window_state.cc"
#include "edge/value/big_decimal.cc"
#include "edge/value/decimal.cc"
#include "edge/value/exact_sum.cc"
#include "edge/value/integer_codec.cc"

namespace portable {

static_assert(TIDEMARK_NATIVE_INT128 == 0);

std::string window_bytes(std::uint32_t kept, const std::vector<Reading>& readings, std::size_t cut) {
  using namespace tidemark;
  WindowState whole{ComponentSet(kept)}, rest{ComponentSet(kept)};
  for (std::size_t i = 0; i < readings.size(); ++i) {
    (i < cut ? whole : rest).add({readings[i].time}, {readings[i].coefficient, readings[i].exponent});
  }
  whole.merge(rest);
  ByteWriter out, again;
  whole.encode(out);
  ByteReader in(out.view());
  WindowState::decode(in).encode(again);
  return in.ok() && again.view() == out.view() ? out.take() : "a state did not survive its own bytes";
}

}  // namespace portable
