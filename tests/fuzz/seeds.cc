#include "tests/fuzz/seeds.h"

#include <filesystem>
#include <fstream>

namespace tidemark::test {

bool write_seeds(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  std::size_t number = 0;
  for (const std::string& seed : fuzz_seeds()) {
    std::ofstream file(std::filesystem::path(folder) / std::to_string(number++), std::ios::binary);
    file << seed;
    if (!file.flush()) return false;
  }
  return true;
}

}  // namespace tidemark::test
