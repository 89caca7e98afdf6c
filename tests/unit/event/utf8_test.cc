#include "edge/event/utf8.h"

#include <doctest/doctest.h>

#include <string>

using namespace tidemark;

TEST_CASE("what RFC 3629 calls UTF-8 is text, and nothing else is") {
  for (const std::string good : {"", "a", "plant-7/line.2/press", "Grünau", "\xe2\x82\xac", "\xf0\x9f\x8c\xa1",
                                 "\xed\x9f\xbf", "\xee\x80\x80", "\xf4\x8f\xbf\xbf", "eight by eight ä"}) {
    CAPTURE(good);
    CHECK(is_utf8(good));
  }
  for (const std::string bad :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3(", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xe2\x82",
        "\xe2(\xa1", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xff", "eight by eight \xc3", "\x80 at the front of many"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_utf8(bad));
  }
  CHECK(is_utf8(std::string("a\0b", 3)));
}
