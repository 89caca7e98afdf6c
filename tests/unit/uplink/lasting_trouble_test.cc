#include "gateway/uplink/lasting_trouble.h"

#include <doctest/doctest.h>

namespace tidemark {
namespace {

constexpr MonotonicTime kBegin{seconds(1000).ns};

TEST_CASE("a trouble is said when it comes, and then once a minute however often it is met") {
  LastingTrouble trouble;
  int said = 0;
  for (int second = 0; second <= 600; second += 2) {
    const auto lasted = trouble.met(kBegin + seconds(second));
    if (!lasted) continue;
    CHECK(*lasted == seconds(60 * said));
    ++said;
  }
  CHECK(said == 11);
}

TEST_CASE("a trouble that is met seldom is said each time") {
  LastingTrouble trouble;
  CHECK(trouble.met(kBegin) == Duration{});
  CHECK(trouble.met(kBegin + minutes(5)) == minutes(5));
  CHECK(trouble.met(kBegin + minutes(5) + seconds(59)) == std::nullopt);
}

TEST_CASE("its end is said once, and the next one is new") {
  LastingTrouble trouble;
  CHECK(trouble.ended(kBegin) == std::nullopt);
  trouble.met(kBegin);
  CHECK(trouble.there());
  CHECK(trouble.ended(kBegin + seconds(7)) == seconds(7));
  CHECK_FALSE(trouble.there());
  CHECK(trouble.ended(kBegin + seconds(8)) == std::nullopt);
  CHECK(trouble.met(kBegin + seconds(9)) == Duration{});
}

}  // namespace
}  // namespace tidemark
