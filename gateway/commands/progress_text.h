// How far long work is, as one line of text. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tidemark {

struct ProgressFigures {
  std::uint64_t position = 0;
  std::uint64_t last = 0;  // position at which the work ends, as far as is known; 0: not known
  std::uint64_t panes = 0;
  std::int64_t seconds = 0;  // since the beginning
};

/// "verify: 41 %, position 1234 of 3000, 5678 panes, 12 s"; without percent and end where the end is not known.
std::string progress_text(std::string_view what, const ProgressFigures& figures);

/// The same with a bar before the figures where the end is known, in at most `width` columns: the bar takes what the
/// figures leave, and figures that do not fit beside the shortest bar are cut off at their end.
std::string progress_bar(std::string_view what, const ProgressFigures& figures, std::size_t width);

}  // namespace tidemark
