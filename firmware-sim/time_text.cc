#include "firmware-sim/time_text.h"

#include <charconv>
#include <chrono>
#include <string>

namespace firmware_sim {
namespace {

constexpr std::int64_t kMost_us = 366LL * 24 * 3'600 * 1'000'000;

// Until 2200: far from the end of int64 in nanoseconds.
constexpr std::int64_t kLatest_ms = 7'258'118'400'000;

// Takes a whole number of 1 to `most` digits off the front.
std::optional<std::int64_t> take_digits(std::string_view& text, std::size_t least, std::size_t most) {
  std::size_t count = 0;
  while (count < text.size() && count < most && text[count] >= '0' && text[count] <= '9') ++count;
  if (count < least) return std::nullopt;
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + count, value);
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(1);
  return true;
}

// The digits after a point as a count of 10^-places; further ones are cut off.
std::optional<std::int64_t> take_fraction(std::string_view& text, std::size_t places) {
  const std::size_t before = text.size();
  auto value = take_digits(text, 1, places);
  if (!value) return std::nullopt;
  for (std::size_t digits = before - text.size(); digits < places; ++digits) *value *= 10;
  return value;
}

}  // namespace

std::optional<std::int64_t> parse_duration_us(std::string_view text) {
  const auto whole = take_digits(text, 1, 12);
  if (!whole) return std::nullopt;
  std::int64_t nano = 0;  // billionths of the unit
  if (take(text, '.')) {
    const auto fraction = take_fraction(text, 9);
    if (!fraction) return std::nullopt;
    nano = *fraction;
  }
  std::int64_t unit_us = 0;
  if (text == "us") unit_us = 1;
  if (text == "ms") unit_us = 1'000;
  if (text == "s") unit_us = 1'000'000;
  if (text == "min") unit_us = 60'000'000;
  if (text == "h") unit_us = 3'600'000'000;
  if (text.empty() && *whole == 0 && nano == 0) return 0;
  if (unit_us == 0 || *whole > kMost_us / unit_us) return std::nullopt;
  return *whole * unit_us + nano * unit_us / 1'000'000'000;
}

std::optional<std::int64_t> parse_time_ms(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size()) {
    return number >= 0 && number <= kLatest_ms ? std::optional(number) : std::nullopt;
  }
  const auto year = take_digits(text, 4, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2, 2);
  if (!day || !take(text, 'T')) return std::nullopt;
  const auto hour = take_digits(text, 2, 2);
  if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2, 2);
  if (!minute || *minute > 59 || !take(text, ':')) return std::nullopt;
  const auto second = take_digits(text, 2, 2);
  if (!second || *second > 59) return std::nullopt;
  std::int64_t milliseconds = 0;
  if (take(text, '.')) {
    const auto fraction = take_fraction(text, 3);
    if (!fraction) return std::nullopt;
    milliseconds = *fraction;
  }
  if (text != "Z") return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t time_ms = (((days * 24 + *hour) * 60 + *minute) * 60 + *second) * 1'000 + milliseconds;
  return time_ms >= 0 && time_ms <= kLatest_ms ? std::optional(time_ms) : std::nullopt;
}

}  // namespace firmware_sim
