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

TEST_CASE("two filters overlap when some topic matches both") {
  struct Row {
    const char* a;
    const char* b;
    bool meet;
  };
  constexpr Row kRows[] = {
      {"a/+/c", "a/b/+", true},   // a/b/c
      {"a/+/c", "a/b/d", false},  // the last level differs
      {"a/#", "+/b", true},       // a/b
      {"a/#", "a", true},         // # matches the parent level
      {"a/b/#", "+", false},      // not its grandparent
      {"+/+", "a/b/c", false},    // depth
      {"#", "$SYS/load", false},  // no wildcard reaches $ topics
      {"+/load", "$SYS/load", false},
      {"$SYS/+", "$SYS/load", true},
      {"a/b", "a/b", true},
      {"a//c", "a/+/c", true},  // + takes an empty level
      {"a", "b", false},
  };
  for (const Row& row : kRows) {
    CAPTURE(row.a);
    CAPTURE(row.b);
    CHECK(overlap(row.a, row.b) == row.meet);
    CHECK(overlap(row.b, row.a) == row.meet);
  }
}

TEST_CASE("a filter that another covers is left out, so no message comes as two copies") {
  CHECK(widest_filters({"plant/+/+/climate", "plant/#", "plant/#", "shop/1"}) ==
        std::vector<std::string>{"plant/#", "shop/1"});
  CHECK(widest_filters({"a/+/c", "a/b/+"}) == std::vector<std::string>{"a/+/c", "a/b/+"});
}

/// Identifiers by filter, 0 for those that are subscribed without.
std::vector<std::pair<std::string, bool>> tagged(const SubscriptionPlan& plan) {
  std::vector<std::pair<std::string, bool>> found;
  for (const Subscription& subscription : plan.subscriptions) {
    found.emplace_back(subscription.filter, subscription.identifier != 0);
  }
  return found;
}

TEST_CASE("only filters that overlap carry identifiers, and every stream belongs to one subscription") {
  const SubscriptionPlan plan = plan_subscriptions({"a/+/c", "a/b/+", "a/b/c", "shop/+", "shop/1"}, "");
  CHECK(tagged(plan) == std::vector<std::pair<std::string, bool>>{{"a/+/c", true}, {"a/b/+", true}, {"shop/+", false}});
  REQUIRE(plan.routes.size() == 5);
  CHECK(plan.routes[0].subscription == plan.subscriptions[0].identifier);
  CHECK(plan.routes[1].subscription == plan.subscriptions[1].identifier);
  CHECK(plan.routes[0].subscription != plan.routes[1].subscription);
  CHECK(plan.routes[2].subscription == plan.routes[0].subscription);  // both cover it: one owns it
  CHECK(plan.routes[3].subscription == plan.routes[4].subscription);
  for (const StreamRoute& route : plan.routes) {
    CHECK(route.subscription >= 1);
    CHECK(route.subscription <= 268'435'455);
  }
  CHECK(plan.retired.empty());
}

TEST_CASE("a filter keeps its identifier and a stream its subscription when the configuration changes around them") {
  // The broker may hold messages with identifiers of the configuration before.
  const SubscriptionPlan first = plan_subscriptions({"a/b/+", "a/b/c"}, "");
  const SubscriptionPlan second = plan_subscriptions({"a/b/+", "a/b/c", "a/+/c"}, first.memory);
  CHECK(second.routes[0].subscription == first.routes[0].subscription);
  // a/+/c sorts before a/b/+ and covers a/b/c too, but it was not there before.
  CHECK(second.routes[1].subscription == first.routes[1].subscription);
  CHECK_FALSE(second.routes[0].heir);
  CHECK_FALSE(second.routes[1].heir);
  CHECK(second.routes[2].heir);
  const SubscriptionPlan again = plan_subscriptions({"a/b/+", "a/b/c", "a/+/c"}, second.memory);
  CHECK(again.subscriptions == second.subscriptions);
  CHECK(again.memory == second.memory);
  CHECK(again.routes[2].heir);
}

TEST_CASE("a stream whose subscription is new inherits what the broker kept under one that is gone") {
  const SubscriptionPlan wide = plan_subscriptions({"a/#", "a/b/c", "x"}, "");
  const SubscriptionPlan narrow = plan_subscriptions({"a/b/c", "x"}, wide.memory);
  CHECK(narrow.retired == std::vector<std::string>{"a/#"});
  CHECK(narrow.routes[0].heir);
  CHECK_FALSE(narrow.routes[1].heir);
  // It stays so over a restart, and what is gone is unsubscribed each time: nobody knows whether it ever was.
  const SubscriptionPlan restarted = plan_subscriptions({"a/b/c", "x"}, narrow.memory);
  CHECK(restarted.routes[0].heir);
  CHECK(restarted.retired == std::vector<std::string>{"a/#"});
  const SubscriptionPlan back = plan_subscriptions({"a/#", "a/b/c", "x"}, restarted.memory);
  CHECK(back.retired == std::vector<std::string>{"a/b/c"});
  CHECK(back.routes[0].subscription == wide.routes[0].subscription);
}

TEST_CASE("what is remembered of filters is bounded, and any text is safe to read") {
  std::string memory;
  for (int i = 0; i < 200; ++i) memory = plan_subscriptions({"t/" + std::to_string(i)}, memory).memory;
  const SubscriptionPlan plan = plan_subscriptions({"last"}, memory);
  CHECK(plan.retired.size() == 32);
  CHECK(plan.retired.front() == "t/199");
  for (const char* text : {"\n\n", "x", "+", "?odd\n-", "-a\n-a"}) {
    CHECK(plan_subscriptions({"last"}, text).subscriptions == plan.subscriptions);
  }
}

}  // namespace
}  // namespace tidemark
