#include "gateway/mqtt/back_off.h"

#include <doctest/doctest.h>

namespace tidemark {
namespace {

TEST_CASE("waits double up to the maximum, each shortened by at most half") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    BackOff back_off(seconds(1), seconds(30), seed);
    for (const std::int64_t whole : {1, 2, 4, 8, 16, 30, 30}) {
      const Duration wait = back_off.next();
      CHECK(wait <= seconds(whole));
      CHECK(wait.ns >= seconds(whole).ns / 2);
    }
    back_off.reset();
    CHECK(back_off.next() <= seconds(1));
  }
}

TEST_CASE("gateways with different seeds do not come back at the same moment; the same seed gives the same waits") {
  BackOff one(seconds(1), seconds(30), 1);
  BackOff same(seconds(1), seconds(30), 1);
  BackOff other(seconds(1), seconds(30), 2);
  const Duration first = one.next();
  CHECK(first == same.next());
  CHECK(first != other.next());
}

}  // namespace
}  // namespace tidemark
