#include <doctest/doctest.h>

#include "gateway/pipeline/group_rule.h"

namespace tidemark {
namespace {

MonotonicTime at(std::int64_t ms) {
  return MonotonicTime{} + milliseconds(ms);
}

}  // namespace

TEST_CASE("a group without a message never ends") {
  GroupRule rule(milliseconds(100));
  CHECK_FALSE(rule.ends(at(1'000'000), false));
  CHECK(rule.next(at(77)) == at(77));
}

TEST_CASE("a group ends commit_delay after its first message, however many follow") {
  GroupRule rule(milliseconds(100));
  rule.took(1, 10, at(0));
  rule.took(1, 10, at(99));
  CHECK_FALSE(rule.ends(at(99), true));
  CHECK(rule.ends(at(100), true));
  CHECK(rule.next(at(1'000)) == at(100));
  CHECK(rule.next(at(50)) == at(50));
  rule.ended();
  CHECK(rule.empty());
  rule.took(1, 10, at(150));
  CHECK_FALSE(rule.ends(at(249), false));
  CHECK(rule.ends(at(250), false));
}

TEST_CASE("a group of 256 KiB ends at once") {
  GroupRule rule(milliseconds(100));
  rule.took(1, 256 * 1024 - 1, at(0));
  CHECK_FALSE(rule.ends(at(0), true));
  rule.took(1, 1, at(0));
  CHECK(rule.ends(at(0), true));
}

TEST_CASE("a group of 1,024 messages ends at once, however small they are") {
  GroupRule rule(milliseconds(100));
  rule.took(1'023, 1'023, at(0));
  CHECK_FALSE(rule.ends(at(0), true));
  rule.took(1, 1, at(0));
  CHECK(rule.ends(at(0), true));
}

TEST_CASE("sixteen messages that wait while none comes for 15 ms are a group; fifteen are not") {
  GroupRule rule(milliseconds(100));
  rule.took(15, 150, at(0));
  CHECK_FALSE(rule.ends(at(50), false));
  rule.took(1, 10, at(50));
  CHECK_FALSE(rule.ends(at(64), false));
  CHECK(rule.ends(at(65), false));
  CHECK(rule.next(at(1'000)) == at(65));
  // One more comes in time: the wait begins anew, but not beyond commit_delay.
  rule.took(1, 10, at(54));
  CHECK_FALSE(rule.ends(at(68), false));
  CHECK(rule.ends(at(69), false));
  rule.took(1, 10, at(98));
  CHECK(rule.ends(at(100), false));
}

TEST_CASE("without commit_delay a group is what came during the last commit") {
  GroupRule rule(Duration{});
  rule.took(3, 30, at(0));
  CHECK_FALSE(rule.ends(at(0), true));
  CHECK(rule.ends(at(0), false));
}

}  // namespace tidemark
