#include "gateway/uplink/renewed_files.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

namespace tidemark {
namespace {

MonotonicTime at(std::int64_t second) {
  return MonotonicTime{} + seconds(second);
}

void write(const std::string& path, const std::string& text) {
  // As those do who renew: another file takes the name.
  std::ofstream(path + ".new") << text;
  std::filesystem::rename(path + ".new", path);
}

TEST_CASE("files are renewed when they are others than before and have been still, once for each change") {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("tidemark-renewed-" + std::to_string(getpid()))).string();
  write(path, "one");
  RenewedFiles files({path, path + "-missing"});
  CHECK_FALSE(files.renewed(at(10)));
  write(path, "two");
  CHECK_FALSE(files.renewed(at(20)));  // seen now
  write(path, "three");
  CHECK_FALSE(files.renewed(at(23)));  // still being written
  CHECK_FALSE(files.renewed(at(24)));
  CHECK(files.renewed(at(25)));
  CHECK_FALSE(files.renewed(at(30)));
  std::filesystem::remove(path);
  CHECK_FALSE(files.renewed(at(40)));
  CHECK(files.renewed(at(43)));
  CHECK_FALSE(RenewedFiles({}).renewed(at(50)));
}

}  // namespace
}  // namespace tidemark
