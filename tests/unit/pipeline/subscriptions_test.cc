#include "gateway/pipeline/subscriptions.h"

#include <doctest/doctest.h>

namespace tidemark {
namespace {

TEST_CASE("a filter covers what it matches all of") {
  struct Row {
    const char* wide;
    const char* narrow;
    bool covered;
  };
  constexpr Row kRows[] = {
      {"plant/#", "plant/+/+/climate", true},
      {"#", "a", true},
      {"#", "$SYS/load", false},
      {"+", "$SYS", false},
      {"a/+", "a/b", true},
      {"a/b", "a/+", false},
      {"a/+", "a/#", false},
      {"a/#", "a", true},
      {"a/+/c", "a/b/+", false},
      {"a/b", "a/b", true},
      {"a/b", "a/b/c", false},
      {"a/", "a", false},
  };
  for (const Row& row : kRows) {
    CAPTURE(row.wide);
    CAPTURE(row.narrow);
    CHECK(covers(row.wide, row.narrow) == row.covered);
  }
}

TEST_CASE("a filter that another covers is left out, so no message comes as two copies") {
  CHECK(widest_filters({"plant/+/+/climate", "plant/#", "plant/#", "shop/1"}) ==
        std::vector<std::string>{"plant/#", "shop/1"});
  CHECK(widest_filters({"a/+/c", "a/b/+"}) == std::vector<std::string>{"a/+/c", "a/b/+"});
}

}  // namespace
}  // namespace tidemark
