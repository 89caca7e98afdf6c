#include "edge/decode/label.h"

#include <doctest/doctest.h>

#include <string>

namespace tidemark {

TEST_CASE("clean text is UTF-8 without control characters, wherever they stand") {
  for (std::size_t before = 0; before < 20; ++before) {
    for (std::size_t after = 0; after < 10; ++after) {
      CAPTURE(before);
      CAPTURE(after);
      const auto with = [&](std::string_view middle) {
        return std::string(before, 'a') + std::string(middle) + std::string(after, 'z');
      };
      CHECK(is_clean_text(with(" ")));
      CHECK(is_clean_text(with("\x7f")));
      CHECK(is_clean_text(with("°")));
      CHECK(is_clean_text(with("😀")));
      CHECK_FALSE(is_clean_text(with("\x1f")));
      CHECK_FALSE(is_clean_text(with(std::string_view("\0", 1))));
      CHECK_FALSE(is_clean_text(with("\x80")));
      CHECK_FALSE(is_clean_text(with("\xc0\xaf")));      // an overlong slash
      CHECK_FALSE(is_clean_text(with("\xed\xa0\x80")));  // half a surrogate pair
      CHECK_FALSE(is_clean_text(with("\xf5\x80\x80\x80")));
    }
  }
}

TEST_CASE("a label has at most 256 bytes") {
  CHECK(is_label(""));
  CHECK(is_label(std::string(256, 'a')));
  CHECK_FALSE(is_label(std::string(257, 'a')));
}

}  // namespace tidemark
