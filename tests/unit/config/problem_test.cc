#include "gateway/config/problem.h"

#include <doctest/doctest.h>

namespace tidemark {

TEST_CASE("a problem is shown with its place, what is wrong and what would be right") {
  CHECK(format_problem({"/etc/tidemark.toml", {3, 7}, "a is 1", "write 2"}) ==
        "/etc/tidemark.toml:3:7: a is 1; write 2");
}

TEST_CASE("problems are shown in the order of the file, those of one place in the order they were found") {
  ProblemList list("F");
  CHECK(list.empty());
  list.add({2, 1}, {"c", ""});
  list.add({1, 5}, {"a", ""});
  list.add({2, 1}, {"d", ""});
  list.add({1, 9}, {"b", ""});
  std::string order;
  for (const Problem& problem : list.sorted()) order += problem.wrong;
  CHECK(order == "abcd");
}

TEST_CASE("what was typed is quoted on one line of bounded length") {
  CHECK(in_quotes("a\nb\x7f") == "\"a\\x0ab\\x7f\"");
  CHECK(in_quotes(std::string(60, 'x')) == "\"" + std::string(60, 'x') + "\"");
  CHECK(in_quotes(std::string(61, 'x')) == "\"" + std::string(60, 'x') + "…\"");
  // 59 bytes and a letter of two: the letter is not cut in half.
  CHECK(in_quotes(std::string(59, 'x') + "äy") == "\"" + std::string(59, 'x') + "…\"");
}

}  // namespace tidemark
