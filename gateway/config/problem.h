// What is wrong with a configuration, for the person who has to mend it: where, what, and what would be right.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidemark {

/// In the file's text, both counted from 1; columns count code points.
struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  friend constexpr auto operator<=>(const Position&, const Position&) = default;
};

/// Two half sentences without a full stop: they are shown as "wrong; right".
struct Mistake {
  std::string wrong;
  std::string right;
};

struct Problem {
  std::string file;
  Position position;
  std::string wrong;
  std::string right;
};

/// "F:line:column: what is wrong; what would be right".
std::string format_problem(const Problem& problem);

/// What a person typed, fit for a message: in double quotes, control characters escaped, cut after 60 bytes (at a code
/// point).
std::string in_quotes(std::string_view text);

/// Collects the problems of one file; all of them are shown, not only the first.
class ProblemList {
 public:
  explicit ProblemList(std::string file) : file_(std::move(file)) {}

  /// Control characters in the mistake are escaped: a problem is one line.
  void add(Position position, const Mistake& mistake);
  [[nodiscard]] bool empty() const { return problems_.empty(); }

  /// In the order of the file.
  [[nodiscard]] std::vector<Problem> sorted() const;

 private:
  std::string file_;
  std::vector<Problem> problems_;
};

}  // namespace tidemark
