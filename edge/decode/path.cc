#include "edge/decode/path.h"

#include <array>
#include <charconv>

namespace tidemark {
namespace {

constexpr std::string_view kSpecial = ".[]{}^\"\\";

constexpr std::array<bool, 256> special_table() {
  std::array<bool, 256> table{};
  for (const char c : kSpecial) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> kIsSpecial = special_table();

bool is_special(char c) {
  return kIsSpecial[static_cast<unsigned char>(c)];
}

tl::unexpected<Failure<PathError>> failure(PathError code, std::string_view path, std::string_view what) {
  return fail(code, "\"" + std::string(path) + "\": " + std::string(what));
}

// Takes steps from the front of a path; `whole` is kept for messages.
class PathParser {
 public:
  explicit PathParser(std::string_view text) : whole_(text), rest_(text) {}

  Result<Path, PathError> parse() {
    if (rest_.empty()) return failure(PathError::empty, whole_, "a path names at least one key, such as temperature");
    Path path;
    while (rest_.front() == '^') {
      ++path.levels_up;
      rest_.remove_prefix(1);
      if (rest_.empty()) return path;
      if (rest_.front() != '.' && rest_.front() != '[') {
        return failure(PathError::bad_key, whole_,
                       "^ is the message: write ^.key, or \"^\" in quotes if a key is meant");
      }
      if (rest_.starts_with(".^")) rest_.remove_prefix(1);
    }
    bool first = path.levels_up == 0;
    while (!rest_.empty()) {
      auto step = take_step(first);
      if (!step) return tl::unexpected(step.error());
      path.steps.push_back(std::move(*step));
      first = false;
    }
    return path;
  }

 private:
  Result<PathStep, PathError> take_step(bool first) {
    if (rest_.front() == '[') return take_index();
    if (!first) {
      if (rest_.front() != '.') return failure(PathError::bad_key, whole_, "a dot stands between two keys");
      rest_.remove_prefix(1);
    }
    if (rest_.empty()) return failure(PathError::bad_key, whole_, "a key is missing after the last dot");
    return rest_.front() == '"' ? take_quoted() : take_bare();
  }

  Result<PathStep, PathError> take_index() {
    PathStep step{.is_index = true, .index = 0, .key = {}};
    if (rest_.starts_with("[]")) {
      step = {.every = true};
      rest_.remove_prefix(2);
      return step;
    }
    const char* const end = rest_.data() + rest_.size();
    const auto [after, error] = std::from_chars(rest_.data() + 1, end, step.index);
    if (error != std::errc{} || after == end || *after != ']') {
      return failure(PathError::bad_index, whole_, "brackets hold a place in an array, counted from 0, such as [0]");
    }
    rest_.remove_prefix(static_cast<std::size_t>(after + 1 - rest_.data()));
    return step;
  }

  Result<PathStep, PathError> take_quoted() {
    PathStep step;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        return step;
      }
      if (rest_[i] == '\\') {
        ++i;
        if (i == rest_.size() || (rest_[i] != '"' && rest_[i] != '\\')) {
          return failure(PathError::bad_key, whole_, R"(in a quoted key only \" and \\ are escapes)");
        }
      }
      step.key.push_back(rest_[i]);
    }
    return failure(PathError::unclosed_quote, whole_, "the quote is not closed");
  }

  Result<PathStep, PathError> take_bare() {
    std::size_t size = 0;
    while (size < rest_.size() && rest_[size] != '.' && rest_[size] != '[') {
      if (is_special(rest_[size])) {
        return failure(PathError::bad_key, whole_,
                       "'" + std::string(1, rest_[size]) + "' in a key needs quotes around the key");
      }
      ++size;
    }
    if (size == 0) return failure(PathError::bad_key, whole_, "a key is missing; an empty key is written \"\"");
    PathStep step{.key = std::string(rest_.substr(0, size))};
    rest_.remove_prefix(size);
    return step;
  }

  std::string_view whole_;
  std::string_view rest_;
};

}  // namespace

Result<Path, PathError> parse_path(std::string_view text) {
  return PathParser(text).parse();
}

bool is_bare_key(std::string_view key) {
  for (const char c : key) {
    if (is_special(c)) return false;
  }
  return !key.empty();
}

void append_key(std::string& path, std::string_view key) {
  if (!path.empty()) path.push_back('.');
  if (is_bare_key(key)) {
    path.append(key);
    return;
  }
  path.push_back('"');
  for (const char c : key) {
    if (c == '"' || c == '\\') path.push_back('\\');
    path.push_back(c);
  }
  path.push_back('"');
}

void append_index(std::string& path, std::uint32_t index) {
  char digits[10];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, index);
  path.push_back('[');
  path.append(digits, end);
  path.push_back(']');
}

}  // namespace tidemark
