#include "gateway/config/section.h"

#include <fmt/format.h>

#include <algorithm>

#include "gateway/config/nearest.h"
#include "gateway/config/units.h"

namespace tidemark {
namespace {

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a number with a fraction";
    case toml::node_type::boolean:
      return "a boolean";
    case toml::node_type::date:
      return "a date";
    case toml::node_type::time:
      return "a time";
    case toml::node_type::date_time:
      return "a date with a time";
    case toml::node_type::none:
      break;
  }
  return "nothing";
}

// Control characters in a name, path or topic would end up in logs, exports and file names.
bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
}

}  // namespace

Position position_of(const toml::node& node) {
  return {node.source().begin.line, node.source().begin.column};
}

Section::Section(const toml::table* table, std::string name, Position header, ProblemList& problems)
    : table_(table), name_(std::move(name)), header_(header), problems_(problems) {}

std::string Section::full_name(std::string_view key) const {
  return name_.empty() ? std::string(key) : fmt::format("{}.{}", name_, key);
}

bool Section::has(std::string_view key) const {
  return table_ != nullptr && table_->contains(key);
}

const toml::node* Section::find(std::string_view key) {
  taken_.emplace(key);
  return table_ == nullptr ? nullptr : table_->get(key);
}

Position Section::position(std::string_view key) const {
  const toml::node* const node = table_ == nullptr ? nullptr : table_->get(key);
  return node == nullptr ? header_ : position_of(*node);
}

void Section::wrong(std::string_view key, std::string wrong, std::string right) {
  problems_.add(position(key), {fmt::format("{} {}", full_name(key), wrong), std::move(right)});
}

void Section::missing(std::string_view key, std::string right) {
  problems_.add(header_, {fmt::format("{} is missing", full_name(key)), std::move(right)});
}

const toml::value<std::string>* Section::string_node(std::string_view key, std::string_view expected) {
  const toml::node* const node = find(key);
  if (node == nullptr) return nullptr;
  const auto* const string = node->as_string();
  if (string == nullptr) wrong(key, fmt::format("is {}", type_name(*node)), fmt::format("write {}", expected));
  return string;
}

bool Section::text(std::string_view key, std::string& out) {
  const auto* const string = string_node(key, "a string in quotes");
  if (string == nullptr) return false;
  if (string->get().empty()) {
    wrong(key, "is empty", "write a value, or leave the key out");
    return false;
  }
  if (has_control_character(string->get())) {
    wrong(key, fmt::format("{} has a control character", in_quotes(string->get())), "write it without");
    return false;
  }
  out = string->get();
  return true;
}

bool Section::duration(std::string_view key, const DurationRange& range, Duration& out) {
  const toml::node* const node = find(key);
  if (node == nullptr) return false;
  // 0 means the same in every unit.
  Duration value{};
  if (const auto* const integer = node->as_integer(); integer == nullptr || integer->get() != 0) {
    if (integer != nullptr) {
      wrong(key, fmt::format("{} has no unit", integer->get()),
            fmt::format("write it in quotes with a unit (ns us ms s min h d), such as \"{}s\"", integer->get()));
      return false;
    }
    const auto* const string = string_node(key, "a duration in quotes such as \"10s\"");
    if (string == nullptr) return false;
    const auto parsed = parse_duration(string->get());
    if (!parsed) {
      wrong(key, parsed.error().wrong, parsed.error().right);
      return false;
    }
    value = *parsed;
  }
  if (value < range.least || value > range.greatest) {
    wrong(key, fmt::format("is {}", format_duration(value)),
          fmt::format("write {} to {}", format_duration(range.least), format_duration(range.greatest)));
    return false;
  }
  out = value;
  return true;
}

bool Section::size(std::string_view key, const SizeRange& range, std::uint64_t& out) {
  const toml::node* const node = find(key);
  if (node == nullptr) return false;
  if (const auto* const integer = node->as_integer()) {
    wrong(key, fmt::format("{} has no unit", integer->get()),
          fmt::format("write it in quotes with a unit (B KiB MiB GiB), such as \"{}B\"", integer->get()));
    return false;
  }
  const auto* const string = string_node(key, "a size in quotes such as \"64MiB\"");
  if (string == nullptr) return false;
  const auto parsed = parse_size(string->get());
  if (!parsed) {
    wrong(key, parsed.error().wrong, parsed.error().right);
    return false;
  }
  if (*parsed < range.least || *parsed > range.greatest) {
    wrong(key, fmt::format("is {}", format_size(*parsed)),
          fmt::format("write {} to {}", format_size(range.least), format_size(range.greatest)));
    return false;
  }
  out = *parsed;
  return true;
}

bool Section::integer(std::string_view key, std::int64_t least, std::int64_t greatest, std::int64_t& out) {
  const toml::node* const node = find(key);
  if (node == nullptr) return false;
  const auto* const value = node->as_integer();
  if (value == nullptr || value->get() < least || value->get() > greatest) {
    wrong(key, value == nullptr ? fmt::format("is {}", type_name(*node)) : fmt::format("is {}", value->get()),
          fmt::format("write a whole number from {} to {}", least, greatest));
    return false;
  }
  out = value->get();
  return true;
}

bool Section::texts(std::string_view key, std::vector<PlacedText>& out) {
  const toml::node* const node = find(key);
  if (node == nullptr) return false;
  const toml::array* const array = node->as_array();
  if (array == nullptr) {
    wrong(key, fmt::format("is {}", type_name(*node)), "write an array of strings such as [\"a\", \"b\"]");
    return false;
  }
  std::vector<PlacedText> texts;
  bool good = true;
  for (const toml::node& element : *array) {
    if (const auto* const string = element.as_string()) {
      texts.push_back({string->get(), position_of(element)});
    } else {
      problems_.add(position_of(element), {fmt::format("an element of {} is {}", full_name(key), type_name(element)),
                                           "write a string in quotes"});
      good = false;
    }
  }
  if (good) out = std::move(texts);
  return good;
}

std::optional<std::size_t> Section::choose(std::string_view key, const std::vector<std::string_view>& names,
                                           std::span<const std::string_view> later) {
  const std::string all = fmt::format("\"{}\"", fmt::join(names, "\", \""));
  const auto* const string = string_node(key, fmt::format("one of {}", all));
  if (string == nullptr) return std::nullopt;
  const auto found = std::ranges::find(names, std::string_view(string->get()));
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  if (std::ranges::find(later, std::string_view(string->get())) != later.end()) {
    wrong(key, fmt::format("{} is not available in this version", in_quotes(string->get())),
          fmt::format("available: {}", fmt::join(names, ", ")));
  } else {
    wrong(key, fmt::format("{} is unknown", in_quotes(string->get())),
          suggestion(string->get(), names, "known values"));
  }
  return std::nullopt;
}

void Section::later(std::string_view key) {
  refused_.emplace(key);
  if (has(key)) wrong(key, "is not available in this version", "leave it out");
}

void Section::secret(std::string_view key, std::string_view instead) {
  refused_.emplace(key);
  if (has(key)) {
    wrong(key, "would put a secret into the configuration",
          fmt::format("put it into a file that only the service may read, and its path into {}", full_name(instead)));
  }
}

const toml::table* Section::table(std::string_view key) {
  const toml::node* const node = find(key);
  if (node == nullptr) return nullptr;
  const toml::table* const table = node->as_table();
  if (table == nullptr) {
    const bool tables = node->is_array_of_tables();
    wrong(key,
          tables ? fmt::format("is written [[{}]], as if there were several", full_name(key))
                 : fmt::format("is {}", type_name(*node)),
          fmt::format("write [{}]", full_name(key)));
  }
  return table;
}

std::vector<const toml::table*> Section::tables(std::string_view key) {
  std::vector<const toml::table*> out;
  const toml::node* const node = find(key);
  if (node == nullptr) return out;
  const toml::array* const array = node->as_array();
  if (array == nullptr || !std::ranges::all_of(*array, [](const toml::node& n) { return n.is_table(); })) {
    wrong(key, fmt::format("is {}", array == nullptr ? type_name(*node) : "an array of other things than tables"),
          fmt::format("write [[{}]] above each one", full_name(key)));
    return out;
  }
  for (const toml::node& element : *array) out.push_back(element.as_table());
  return out;
}

void Section::finish() {
  if (table_ == nullptr) return;
  const std::vector<std::string_view> known(taken_.begin(), taken_.end());
  for (const auto& [key, value] : *table_) {
    if (taken_.contains(key.str()) || refused_.contains(key.str())) continue;
    const Position position{key.source().begin.line, key.source().begin.column};
    problems_.add(position, {fmt::format("unknown key {}{}", in_quotes(key.str()),
                                         name_.empty() ? std::string() : fmt::format(" in {}", name_)),
                             suggestion(key.str(), known, "known keys")});
  }
}

}  // namespace tidemark
