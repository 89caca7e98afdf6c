#include "gateway/config/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <optional>
#include <span>

namespace tidemark {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t scale;
};

// From small to large; formatting takes the last that divides.
constexpr std::array<Unit, 7> kDurationUnits = {{{"ns", 1},
                                                 {"us", 1'000},
                                                 {"ms", 1'000'000},
                                                 {"s", 1'000'000'000},
                                                 {"min", 60'000'000'000},
                                                 {"h", 3'600'000'000'000},
                                                 {"d", 86'400'000'000'000}}};
constexpr std::array<Unit, 4> kSizeUnits = {{{"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}}};

// What people write instead, and what they may have meant. "m" and "M" could mean two things, so nothing is guessed.
struct Habit {
  std::string_view written;
  std::string_view meant;
};
constexpr std::array<Habit, 31> kHabits = {{
    {"m", "min for minutes or ms for milliseconds"},
    {"sec", "s"},
    {"secs", "s"},
    {"second", "s"},
    {"seconds", "s"},
    {"S", "s"},
    {"mins", "min"},
    {"minute", "min"},
    {"minutes", "min"},
    {"hr", "h"},
    {"hour", "h"},
    {"hours", "h"},
    {"H", "h"},
    {"day", "d"},
    {"days", "d"},
    {"D", "d"},
    {"w", "d, seven of them"},
    {"µs", "us"},
    {"μs", "us"},
    {"b", "B"},
    {"bytes", "B"},
    {"K", "KiB"},
    {"KB", "KiB"},
    {"kB", "KiB"},
    {"kb", "KiB"},
    {"k", "KiB"},
    {"M", "MiB"},
    {"MB", "MiB"},
    {"G", "GiB"},
    {"GB", "GiB"},
    {"TB", "GiB, 1024 of them"},
}};

struct Quantity {
  std::string_view kind;     // "duration"
  std::string_view example;  // what a right one looks like
  std::string_view finest;   // what a value must be a multiple of
  std::span<const Unit> units;
};

const Quantity kDuration{"duration", "\"10s\", \"1.5s\" or \"5min\"", "1ns", kDurationUnits};
const Quantity kSize{"size", "\"256KiB\" or \"1.5GiB\"", "1B", kSizeUnits};

std::string unit_names(const Quantity& quantity) {
  std::string out;
  for (const Unit& unit : quantity.units) {
    if (!out.empty()) out += ' ';
    out += unit.name;
  }
  return out;
}

tl::unexpected<Mistake> unknown_unit(const Quantity& quantity, std::string_view text, std::string_view unit) {
  const auto* const habit = std::ranges::find(kHabits, unit, &Habit::written);
  std::string right = fmt::format("units of a {}: {}", quantity.kind, unit_names(quantity));
  // A habit counts only for its own kind of quantity: "10MB" is no duration.
  if (habit != kHabits.end() &&
      std::ranges::any_of(quantity.units, [&](const Unit& u) { return habit->meant.starts_with(u.name); })) {
    right = fmt::format("write {}", habit->meant);
  }
  return tl::unexpected(Mistake{fmt::format("{} has the unknown unit {}", in_quotes(text), in_quotes(unit)), right});
}

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// whole.fraction * scale, if it is an integer within int64.
std::optional<std::int64_t> scaled(std::string_view whole, std::string_view fraction, std::int64_t scale,
                                   bool& too_fine) {
  std::int64_t integer = 0;
  for (const char c : whole) {
    if (__builtin_mul_overflow(integer, std::int64_t{10}, &integer) ||
        __builtin_add_overflow(integer, std::int64_t{c - '0'}, &integer)) {
      return std::nullopt;
    }
  }
  while (!fraction.empty() && fraction.back() == '0') fraction.remove_suffix(1);
  std::int64_t numerator = 0;
  std::int64_t denominator = 1;
  // The finest unit of all is 1/8.64e13 of the largest: beyond 18 digits nothing can be a whole number of it.
  too_fine = fraction.size() > 18;
  if (too_fine) return std::nullopt;
  for (const char c : fraction) {
    numerator = numerator * 10 + (c - '0');
    denominator *= 10;
  }
  // numerator * scale could overflow; dividing by the common factor first cannot, and shows whether it divides at all.
  const std::int64_t common = std::gcd(denominator, scale);
  denominator /= common;
  too_fine = numerator % denominator != 0;
  if (too_fine) return std::nullopt;
  const std::int64_t part = numerator / denominator * (scale / common);
  std::int64_t result = 0;
  if (__builtin_mul_overflow(integer, scale, &result) || __builtin_add_overflow(result, part, &result)) {
    return std::nullopt;
  }
  return result;
}

tl::expected<std::int64_t, Mistake> parse_quantity(const Quantity& quantity, std::string_view text) {
  const auto mistake = [&](std::string wrong, std::string right) {
    return tl::unexpected(Mistake{std::move(wrong), std::move(right)});
  };
  std::string_view rest = text;
  const bool negative = !rest.empty() && rest.front() == '-';
  if (negative) rest.remove_prefix(1);
  const auto digits = [&rest] {
    const std::size_t n =
        std::min(rest.size(), static_cast<std::size_t>(std::ranges::find_if_not(rest, is_digit) - rest.begin()));
    const std::string_view taken = rest.substr(0, n);
    rest.remove_prefix(n);
    return taken;
  };
  const std::string_view whole = digits();
  std::string_view fraction;
  bool bad_number = whole.empty();
  if (!rest.empty() && rest.front() == '.') {
    rest.remove_prefix(1);
    fraction = digits();
    bad_number = bad_number || fraction.empty();
  }
  if (bad_number) {
    return mistake(fmt::format("{} is not a {}", in_quotes(text), quantity.kind),
                   fmt::format("write a number and a unit such as {}", quantity.example));
  }
  if (!rest.empty() && rest.front() == ' ') {
    return mistake(fmt::format("{} has a space in it", in_quotes(text)),
                   fmt::format("write number and unit together, such as {}", quantity.example));
  }
  if (rest.empty()) {
    const auto zero = [](char c) { return c == '0'; };
    if (std::ranges::all_of(whole, zero) && std::ranges::all_of(fraction, zero)) return 0;
    return mistake(fmt::format("{} has no unit", in_quotes(text)),
                   fmt::format("add one of {}, such as {}", unit_names(quantity), quantity.example));
  }
  const auto unit = std::ranges::find(quantity.units, rest, &Unit::name);
  if (unit == quantity.units.end()) return unknown_unit(quantity, text, rest);
  bool too_fine = false;
  const auto value = scaled(whole, fraction, unit->scale, too_fine);
  if (too_fine) {
    return mistake(fmt::format("{} is finer than {}", in_quotes(text), quantity.finest),
                   fmt::format("write a whole number of {}", quantity.finest.substr(1)));
  }
  if (!value) {
    const auto greatest = std::numeric_limits<std::int64_t>::max() / quantity.units.back().scale;
    return mistake(fmt::format("{} is too large", in_quotes(text)),
                   fmt::format("a {} is at most \"{}{}\"", quantity.kind, greatest, quantity.units.back().name));
  }
  return negative ? -*value : *value;
}

const Unit& largest_divisor(std::span<const Unit> units, std::uint64_t magnitude) {
  const Unit* best = &units.front();
  for (const Unit& unit : units) {
    if (magnitude % static_cast<std::uint64_t>(unit.scale) == 0) best = &unit;
  }
  return *best;
}

}  // namespace

tl::expected<Duration, Mistake> parse_duration(std::string_view text) {
  return parse_quantity(kDuration, text).map([](std::int64_t ns) { return Duration{ns}; });
}

tl::expected<std::uint64_t, Mistake> parse_size(std::string_view text) {
  const auto bytes = parse_quantity(kSize, text);
  if (!bytes) return tl::unexpected(bytes.error());
  if (*bytes < 0) {
    return tl::unexpected(
        Mistake{fmt::format("{} is negative", in_quotes(text)), fmt::format("write a size such as {}", kSize.example)});
  }
  return static_cast<std::uint64_t>(*bytes);
}

std::optional<Duration> parse_utc_offset(std::string_view text) {
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  std::int64_t digits[4] = {};
  for (const std::size_t at : {std::size_t{1}, std::size_t{2}, std::size_t{4}, std::size_t{5}}) {
    if (text[at] < '0' || text[at] > '9') return std::nullopt;
    digits[at > 3 ? at - 2 : at - 1] = text[at] - '0';
  }
  const std::int64_t whole_minutes = (digits[0] * 10 + digits[1]) * 60 + digits[2] * 10 + digits[3];
  if (digits[2] > 5 || minutes(whole_minutes) > hours(18)) return std::nullopt;
  return minutes(text[0] == '-' ? -whole_minutes : whole_minutes);
}

std::string format_utc_offset(Duration offset) {
  const std::int64_t whole_minutes = (offset.ns < 0 ? -offset.ns : offset.ns) / minutes(1).ns;
  return fmt::format("{}{:02}:{:02}", offset.ns < 0 ? '-' : '+', whole_minutes / 60, whole_minutes % 60);
}

std::string format_duration(Duration duration) {
  if (duration.ns == 0) return "0s";
  // The magnitude of the least int64 does not fit into one.
  const std::uint64_t magnitude = duration.ns < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(duration.ns)
                                                  : static_cast<std::uint64_t>(duration.ns);
  const Unit& unit = largest_divisor(kDurationUnits, magnitude);
  return fmt::format("{}{}{}", duration.ns < 0 ? "-" : "", magnitude / static_cast<std::uint64_t>(unit.scale),
                     unit.name);
}

std::string format_size(std::uint64_t bytes) {
  if (bytes == 0) return "0B";
  const Unit& unit = largest_divisor(kSizeUnits, bytes);
  return fmt::format("{}{}", bytes / static_cast<std::uint64_t>(unit.scale), unit.name);
}

std::string approximate_size(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kNames = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kNames.size()) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kNames[unit]);
}

}  // namespace tidemark
