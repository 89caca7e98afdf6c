// With TIDEMARK_FUZZ_SEEDS=FOLDER a libFuzzer program writes its seeds there and ends.
#include <cstdlib>

#include "tests/fuzz/seeds.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  if (const char* const folder = std::getenv("TIDEMARK_FUZZ_SEEDS")) {
    std::_Exit(tidemark::test::write_seeds(folder) ? 0 : 1);
  }
  return 0;
}
