#include "gateway/commands/progress_text.h"

#include <doctest/doctest.h>

#include <string>

namespace tidemark {

TEST_CASE("where the end is known there is a percentage, and a bar on a terminal") {
  const ProgressFigures half{1500, 3000, 77, 12};
  CHECK(progress_text("verify", half) == "verify: 50 %, position 1500 of 3000, 77 panes, 12 s");
  CHECK(progress_bar("verify", half, 79) ==
        "verify [############.............]  50 %  position 1500 of 3000, 77 panes, 12 s");
}

TEST_CASE("where the end is not known the figures are told alone") {
  const ProgressFigures open{1500, 0, 77, 12};
  CHECK(progress_text("replay", open) == "replay: position 1500 of the log, 77 panes, 12 s");
  CHECK(progress_bar("replay", open, 79) == "replay: position 1500 of the log, 77 panes, 12 s");
}

TEST_CASE("a bar never takes more columns than there are") {
  for (std::size_t width = 0; width < 200; ++width) {
    for (const std::uint64_t position : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{999}, UINT64_MAX}) {
      for (const std::uint64_t last : {std::uint64_t{0}, std::uint64_t{1000}, UINT64_MAX}) {
        CHECK(progress_bar("replay", {position, last, UINT64_MAX, 86'400}, width).size() <= width);
      }
    }
  }
}

TEST_CASE("100 % is the end and nothing before it; what came behind the end is not more") {
  CHECK(progress_text("v", {2999, 3000, 1, 1}) == "v: 99 %, position 2999 of 3000, 1 panes, 1 s");
  CHECK(progress_text("v", {3000, 3000, 1, 1}) == "v: 100 %, position 3000 of 3000, 1 panes, 1 s");
  CHECK(progress_text("v", {3100, 3000, 1, 1}) == "v: 100 %, position 3100 of 3100, 1 panes, 1 s");
}

}  // namespace tidemark
