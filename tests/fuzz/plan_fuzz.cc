// The journal: any bytes as a plan, and the recovery of a gateway whose next row they are. What is read can be written
// and read again; a gateway recovered with it lives on.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "edge/bytes/assert.h"
#include "edge/processor/plan.h"
#include "tests/fuzz/seeds.h"
#include "tests/scenario/busy_gateway.h"

namespace tidemark::test {

std::vector<std::string> fuzz_seeds() {
  return busy_gateway().plans();
}

}  // namespace tidemark::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemark;
  static test::ModelGateway gateway = test::busy_gateway();
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto plan = Plan::decode(bytes);
  if (!plan) return 0;
  const std::string again = plan->encode();
  const auto read = Plan::decode(again);
  TIDEMARK_ASSERT(read.has_value());
  TIDEMARK_ASSERT(read->encode() == again);

  const auto processor = gateway.recovered();
  if (processor->recovery().row(gateway.plans().size() + 1, bytes)) test::live_on(*processor);
  return 0;
}
