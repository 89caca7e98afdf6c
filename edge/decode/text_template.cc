#include "edge/decode/text_template.h"

#include <algorithm>

#include "edge/decode/nearest_name.h"

namespace tidemark {
namespace {

std::string unknown_variable(std::string_view name, const std::vector<std::string>& variables) {
  std::string context = "the topic has no variable {" + std::string(name) + "}; ";
  if (variables.empty()) return context + "write one into it, such as plant/{device}/climate";
  return context + "did you mean {" + std::string(nearest_name(name, variables)) + "}?";
}

}  // namespace

bool TextTemplate::is_template(std::string_view text) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && (text[i] == '{' || text[i] == '}')) {
      return true;
    }
  }
  return false;
}

Result<TextTemplate, TextTemplateError> TextTemplate::parse(std::string_view text,
                                                            const std::vector<std::string>& variables) {
  TextTemplate result;
  std::string_view rest = text;
  while (!rest.empty()) {
    Piece piece;
    const std::size_t brace = rest.find_first_of("{}");
    piece.literal = rest.substr(0, brace);
    if (brace == std::string_view::npos) {
      result.pieces_.push_back(std::move(piece));
      break;
    }
    const std::size_t close = rest.find('}', brace);
    if (rest[brace] == '}' || close == std::string_view::npos) {
      return fail(TextTemplateError::unclosed_brace,
                  "\"" + std::string(text) + "\": braces stand in pairs around a topic variable, such as {device}");
    }
    const std::string_view name = rest.substr(brace + 1, close - brace - 1);
    const auto known = std::find(variables.begin(), variables.end(), name);
    if (known == variables.end()) {
      return fail(TextTemplateError::unknown_variable, unknown_variable(name, variables));
    }
    piece.variable = static_cast<std::int32_t>(known - variables.begin());
    result.pieces_.push_back(std::move(piece));
    rest.remove_prefix(close + 1);
  }
  return result;
}

bool TextTemplate::uses(std::uint32_t variable) const {
  return std::any_of(pieces_.begin(), pieces_.end(), [variable](const Piece& piece) {
    return piece.variable >= 0 && static_cast<std::uint32_t>(piece.variable) == variable;
  });
}

std::string_view TextTemplate::expand(std::span<const std::string_view> values, std::string& buffer) const {
  if (pieces_.size() == 1 && pieces_[0].literal.empty() && pieces_[0].variable >= 0) {
    return values[static_cast<std::size_t>(pieces_[0].variable)];
  }
  buffer.clear();
  for (const Piece& piece : pieces_) {
    buffer.append(piece.literal);
    if (piece.variable >= 0) buffer.append(values[static_cast<std::size_t>(piece.variable)]);
  }
  return buffer;
}

}  // namespace tidemark
