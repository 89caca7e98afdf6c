// One table of the TOML file being read: each key is taken once, by type, and everything wrong is put on the list of
// problems with the place where it stands. What was taken is what is known: `finish` reports the rest as unknown.
#pragma once

#include <toml++/toml.h>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edge/time/instant.h"
#include "gateway/config/problem.h"

namespace tidemark {

template <typename T>
struct Choice {
  std::string_view name;
  T value;
};

/// Both ends belong to it.
struct DurationRange {
  Duration least;
  Duration greatest;
};
struct SizeRange {
  std::uint64_t least = 0;
  std::uint64_t greatest = std::numeric_limits<std::int64_t>::max();
};

/// A text that was taken, and where its value stands.
struct PlacedText {
  std::string text;
  Position position;
};

Position position_of(const toml::node& node);

class Section {
 public:
  /// `name`: what the keys are called in messages, "mqtt". `table` and `problems` outlive the section. A null table is
  /// an empty section that stands at `header`.
  Section(const toml::table* table, std::string name, Position header, ProblemList& problems);

  /// Each of these marks the key as known. When the key is absent, or its value is wrong (which is then on the list),
  /// `out` keeps its value and the result is false.
  bool text(std::string_view key, std::string& out);
  bool duration(std::string_view key, const DurationRange& range, Duration& out);
  bool size(std::string_view key, const SizeRange& range, std::uint64_t& out);
  bool integer(std::string_view key, std::int64_t least, std::int64_t greatest, std::int64_t& out);
  bool texts(std::string_view key, std::vector<PlacedText>& out);

  /// `later`: values of the product that this version does not have yet.
  template <typename T>
  bool choice(std::string_view key, std::span<const Choice<T>> choices, std::span<const std::string_view> later,
              T& out) {
    std::vector<std::string_view> names;
    for (const Choice<T>& one : choices) names.push_back(one.name);
    const std::optional<std::size_t> index = choose(key, names, later);
    if (index) out = choices[*index].value;
    return index.has_value();
  }

  /// A key of the product that this version does not have yet.
  void later(std::string_view key);

  /// A key that would hold a secret; `instead`: the key that names its file.
  void secret(std::string_view key, std::string_view instead);

  /// Marks `key` as known. Null when it is absent.
  const toml::node* find(std::string_view key);

  /// A table, or null (absent, or of another type, which is then on the list).
  const toml::table* table(std::string_view key);

  /// The tables of [[key]]; empty when absent or of another type.
  std::vector<const toml::table*> tables(std::string_view key);

  /// Where the value stands; where the section begins when the key is absent.
  [[nodiscard]] Position position(std::string_view key) const;
  [[nodiscard]] Position header() const { return header_; }
  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] std::string full_name(std::string_view key) const;

  void missing(std::string_view key, std::string right);
  void wrong(std::string_view key, std::string wrong, std::string right);

  /// Reports every key that was not taken.
  void finish();

 private:
  std::optional<std::size_t> choose(std::string_view key, const std::vector<std::string_view>& names,
                                    std::span<const std::string_view> later);
  const toml::value<std::string>* string_node(std::string_view key, std::string_view expected);

  const toml::table* table_;
  std::string name_;
  Position header_;
  ProblemList& problems_;
  std::set<std::string, std::less<>> taken_;
  std::set<std::string, std::less<>> refused_;  // answered already, and never suggested
};

}  // namespace tidemark
