#include "gateway/config/nearest.h"

#include <doctest/doctest.h>

#include <array>

namespace tidemark {

TEST_CASE("a distance counts insertions, deletions, substitutions and swaps of neighbours") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("window", "windwo") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("ca", "abc") == 3);  // of optimal string alignment; the unrestricted distance is 2
  CHECK(edit_distance("Client-Id", "client_id") == 0);
}

TEST_CASE("the nearest of equals is the first") {
  constexpr std::array<std::string_view, 3> kNames = {"min", "max", "mean"};
  CHECK(nearest("mix", kNames) == "min");
  CHECK(nearest("maen", kNames) == "mean");
  CHECK_FALSE(nearest("x", {}));
}

TEST_CASE("a word that is near none gets the whole list") {
  constexpr std::array<std::string_view, 2> kNames = {"drop", "keep"};
  CHECK(suggestion("drpo", kNames, "known values") == "did you mean \"drop\"?");
  CHECK(suggestion("something", kNames, "known values") == "known values: drop, keep");
  CHECK(suggestion(std::string(100'000, 'x'), kNames, "known values") == "known values: drop, keep");
}

}  // namespace tidemark
