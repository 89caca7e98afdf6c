// Regression: a group that only writes events (a report, a heartbeat) commits an empty plan. Recovery took its row for
// a damaged one, and then passed over the revisions of every open window.
#include <doctest/doctest.h>

#include "edge/processor/recovery.h"

namespace tidemark {
namespace {

TEST_CASE("a journal row without a plan is no damage") {
  State state;
  Recovery recovery(state);
  CHECK(recovery.row(1, ""));
  CHECK(recovery.orphans() == 0);
  CHECK_FALSE(recovery.row(2, "x"));
}

}  // namespace
}  // namespace tidemark
