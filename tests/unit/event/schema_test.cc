#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace {

const std::filesystem::path kSchemas = std::filesystem::path(TIDEMARK_SOURCE_DIR) / "schemas";

std::string text_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// Whether `schema` can take the place of `baseline`.
bool conforms(const std::filesystem::path& schema, const std::filesystem::path& baseline) {
  const std::string command = "flatc --conform '" + baseline.string() + "' '" + schema.string() + "' >&2";
  return std::system(command.c_str()) == 0;
}

}  // namespace

TEST_CASE("the schema conforms to every version that was ever written") {
  int baselines = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kSchemas / "baseline")) {
    CAPTURE(entry.path().string());
    CHECK(conforms(kSchemas / "telemetry.fbs", entry.path()));
    ++baselines;
  }
  CHECK(baselines >= 1);
}

TEST_CASE("the check of conformity sees what would break readers") {
  const std::string schema = text_of(kSchemas / "telemetry.fbs");
  const auto folder = std::filesystem::temp_directory_path() / ("tidemark-schema-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  const auto spoilt_conforms = [&](const std::string& from, const std::string& to) {
    std::string spoilt = schema;
    const std::size_t at = spoilt.find(from);
    REQUIRE(at != std::string::npos);
    spoilt.replace(at, from.size(), to);
    std::ofstream(folder / "spoilt.fbs") << spoilt;
    return conforms(folder / "spoilt.fbs", kSchemas / "telemetry.fbs");
  };
  CHECK(spoilt_conforms("  body:Body;\n", "  body:Body;\n  later:ulong;\n"));  // a field appended
  CHECK(spoilt_conforms("{ WindowBatch, SourceReport, Heartbeat, Tombstone }",
                        "{ WindowBatch, SourceReport, Heartbeat, Tombstone, PaneGroup }"));    // a member appended
  CHECK_FALSE(spoilt_conforms("  epoch:ulong;\n", ""));                                        // a field taken away
  CHECK_FALSE(spoilt_conforms("  epoch:ulong;\n", "  epoch:uint;\n"));                         // another type
  CHECK_FALSE(spoilt_conforms("  epoch:ulong;\n", "  early:ulong;\n  epoch:ulong;\n"));        // one put in between
  CHECK_FALSE(spoilt_conforms("delta = 3", "delta = 4"));                                      // another number
  CHECK_FALSE(spoilt_conforms("{ WindowBatch, SourceReport", "{ SourceReport, WindowBatch"));  // members change places
  std::filesystem::remove_all(folder);
}
