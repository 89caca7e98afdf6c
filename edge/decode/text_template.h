// Text with topic variables: "{device}", "{site}-{device}". A source or tag that is taken from the topic.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "edge/bytes/result.h"

namespace tidemark {

enum class TextTemplateError : std::uint8_t { unclosed_brace, unknown_variable };

class TextTemplate {
 public:
  /// Whether `text` holds a brace outside "quotes": then it is a template, otherwise a path into the payload.
  static bool is_template(std::string_view text);

  /// `variables`: the names that may stand in braces. On failure the context names the nearest of them.
  static Result<TextTemplate, TextTemplateError> parse(std::string_view text,
                                                       const std::vector<std::string>& variables);

  [[nodiscard]] bool uses(std::uint32_t variable) const;

  /// The text with `values` in place of the variables: a view into a value where the template is one variable,
  /// otherwise into `buffer`, which is overwritten.
  std::string_view expand(std::span<const std::string_view> values, std::string& buffer) const;

 private:
  struct Piece {
    std::string literal;         // before the variable
    std::int32_t variable = -1;  // -1: none follows
  };
  std::vector<Piece> pieces_;
};

}  // namespace tidemark
