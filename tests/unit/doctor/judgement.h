// What the tests of the doctor's judgements look for in findings.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include "gateway/doctor/finding.h"

namespace tidemark::doctor::test {

inline Level worst(const Findings& findings) {
  Level out = Level::ok;
  for (const Finding& finding : findings) out = std::max(out, finding.level);
  return out;
}

/// Exactly one finding of this level holds all the words, in what is or what to do.
inline void says(const Findings& findings, Level level, std::initializer_list<std::string_view> words) {
  std::string all;
  int found = 0;
  for (const Finding& finding : findings) {
    const std::string line = text_line(finding);
    all += line + "\n";
    const bool holds =
        std::ranges::all_of(words, [&](std::string_view w) { return line.find(w) != std::string::npos; });
    if (finding.level == level && holds) ++found;
  }
  CAPTURE(all);
  CHECK(found == 1);
}

/// Whatever is not well says what to do.
inline void all_say_what_to_do(const Findings& findings) {
  for (const Finding& finding : findings) {
    CAPTURE(text_line(finding));
    CHECK(finding.remedy.empty() == (finding.level == Level::ok));
    CHECK_FALSE(finding.what.empty());
  }
}

}  // namespace tidemark::doctor::test
