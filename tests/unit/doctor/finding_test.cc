#include "gateway/doctor/finding.h"

#include <doctest/doctest.h>

#include "gateway/doctor/metrics_text.h"

namespace tidemark::doctor {
namespace {

TEST_CASE("the exit status is that of the worst finding") {
  const Finding ok{Level::ok, "clock", "synchronised", ""};
  const Finding warning{Level::warning, "flash", "worn", "replace it"};
  const Finding error{Level::error, "broker", "refused", "see it"};
  CHECK(exit_status({}) == 0);
  CHECK(exit_status({ok, ok}) == 0);
  CHECK(exit_status({ok, warning, ok}) == 1);
  CHECK(exit_status({error, warning, ok}) == 2);
  CHECK(summary({ok}) == "all is well");
  CHECK(summary({warning}) == "1 warning");
  CHECK(summary({error, error}) == "2 errors");
  CHECK(summary({error, warning, warning}) == "1 error, 2 warnings");
}

TEST_CASE("a finding is one line, whatever others have put into it") {
  const Finding finding{Level::error, "broker", "it says \"no\"\r\nand\x1b[2J more\n", "see\tit"};
  CHECK(text_line(finding) == "error    broker        it says \"no\"  and [2J more; see it");
  CHECK(json_line(finding) ==
        R"({"level":"error","area":"broker","what":"it says \"no\"  and [2J more","do":"see it"})");
  CHECK(text_line({Level::ok, "clock", "well", ""}) == "ok       clock         well");
}

TEST_CASE("metrics are read back, sums over labels, and what cannot be read is passed over") {
  const Metrics metrics = Metrics::parse(
      "# HELP tidemark_a Something.\n# TYPE tidemark_a gauge\ntidemark_a 1.5\n"
      "tidemark_b_total{stream=\"x\",reason=\"too \\\"large\\\"\"} 2\ntidemark_b_total{stream=\"y\"} 40\n"
      "tidemark_big 1e300\ntidemark_negative -1\n"
      "broken\ntidemark_c{open=\"\ntidemark_d{} 7\ntidemark_e nothing\n{} 1\n");
  CHECK(metrics.value("tidemark_a") == 1.5);
  CHECK(metrics.count("tidemark_b_total") == 42);
  REQUIRE(metrics.find("tidemark_b_total") != nullptr);
  CHECK(metrics.find("tidemark_b_total")->labels.at("reason") == "too \"large\"");
  CHECK(metrics.count("tidemark_d") == 7);
  CHECK(metrics.count("tidemark_big") == UINT64_MAX);
  CHECK(metrics.count("tidemark_negative") == 0);
  for (const char* none : {"tidemark_c", "tidemark_e", "broken", ""}) CHECK_FALSE(metrics.value(none));
  CHECK(metrics.find("tidemark_none") == nullptr);
}

}  // namespace
}  // namespace tidemark::doctor
