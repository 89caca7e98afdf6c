// Random timestamps against Python's datetime and fractions (timestamp_cases.py).
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <string>

#include "edge/time/timestamp.h"

namespace tidemark {
namespace {

std::string seed() {
  const char* const given = std::getenv("TIDEMARK_SEED");
  return given != nullptr ? given : "1";
}

std::string read(const std::string& format, const std::string& text) {
  const auto time = format == "rfc3339" ? parse_rfc3339(text)
                                        : parse_epoch(text, format == "s"    ? seconds(1)
                                                            : format == "ms" ? milliseconds(1)
                                                            : format == "us" ? nanoseconds(1000)
                                                                             : nanoseconds(1));
  if (time) return std::to_string(time->ns);
  return time.error() == TimestampError::malformed ? "malformed" : "out_of_range";
}

}  // namespace

TEST_CASE("random timestamps mean what Python's datetime and fractions say") {
  constexpr int kCount = 50'000;
  const std::string command =
      "python3 " TIDEMARK_SOURCE_DIR "/tests/property/time/timestamp_cases.py " + seed() + " " + std::to_string(kCount);
  struct Close {
    void operator()(FILE* file) const { pclose(file); }
  };
  const std::unique_ptr<FILE, Close> pipe(popen(command.c_str(), "r"));
  REQUIRE(pipe != nullptr);
  int cases = 0;
  int read_well = 0;
  char line[512];
  while (std::fgets(line, sizeof line, pipe.get()) != nullptr) {
    std::istringstream words(line);
    std::string format, text, expected;
    words >> format >> text >> expected;
    ++cases;
    const std::string found = read(format, text);
    if (found != expected) FAIL_CHECK("seed ", seed(), ": ", format, " ", text, " is ", expected, ", found ", found);
    if (found != "malformed" && found != "out_of_range") ++read_well;
  }
  CHECK(cases == kCount);
  CHECK(read_well > kCount / 4);
}

}  // namespace tidemark
