#include "edge/time/timestamp.h"

#include <limits>

namespace tidemark {
namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr int digit_of(char c) {
  return c - '0';
}

tl::expected<EventTime, TimestampError> in_range(EventTime time) {
  if (time < kEarliestEvent || time > kLatestEvent) return tl::unexpected(TimestampError::out_of_range);
  return time;
}

// A JSON number taken apart: digits are `whole` then `fraction`, times 10^exponent.
struct NumberParts {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
  std::int64_t exponent = 0;
};

std::string_view take_digits(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

// An exponent beyond this moves any digit a payload can hold out of the range of time, to one side or the other.
constexpr std::int64_t kExponentBound = std::int64_t{1} << 40;

bool take_exponent(std::string_view& text, std::int64_t& exponent) {
  text.remove_prefix(1);
  bool negative = false;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  const std::string_view digits = take_digits(text);
  for (const char digit : digits) {
    if (exponent < kExponentBound) exponent = exponent * 10 + digit_of(digit);
  }
  if (negative) exponent = -exponent;
  return !digits.empty();
}

bool take_apart(std::string_view text, NumberParts& parts) {
  if (!text.empty() && text.front() == '-') {
    parts.negative = true;
    text.remove_prefix(1);
  }
  parts.whole = take_digits(text);
  if (parts.whole.empty() || (parts.whole.size() > 1 && parts.whole.front() == '0')) return false;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    parts.fraction = take_digits(text);
    if (parts.fraction.empty()) return false;
  }
  if (!text.empty() && (text.front() == 'e' || text.front() == 'E')) {
    if (!take_exponent(text, parts.exponent)) return false;
  }
  return text.empty();
}

// The decimal digits of |number| in nanoseconds, split at the decimal point: what stands before it is summed, what
// stands behind it only matters for flooring below zero.
class Magnitude {
 public:
  // Digits before the point that are still to come.
  explicit Magnitude(std::int64_t digits_before_point) : before_point_(digits_before_point) {}

  void take(std::string_view digits) {
    for (const char digit : digits) {
      if (before_point_ > 0) {
        append(digit_of(digit));
      } else if (digit != '0') {
        remainder_ = true;
      }
      --before_point_;
    }
  }

  // The zeros that a positive exponent puts behind the last digit. Ends early: zero stays zero, and anything else
  // overflows within twenty steps.
  void fill() {
    while (before_point_ > 0 && value_ != 0 && !overflow_) {
      append(0);
      --before_point_;
    }
  }

  [[nodiscard]] bool overflow() const { return overflow_; }

  [[nodiscard]] EventTime floored(bool negative) const {
    if (!negative) return EventTime{value_};
    return EventTime{-value_ - (remainder_ ? 1 : 0)};
  }

 private:
  void append(int digit) {
    // kLatestEvent is two thirds of int64: what is above this bound is out of range whatever follows.
    constexpr std::int64_t kBound = (std::numeric_limits<std::int64_t>::max() - 9) / 10;
    if (value_ > kBound) {
      overflow_ = true;
      return;
    }
    value_ = value_ * 10 + digit;
  }

  std::int64_t before_point_;
  std::int64_t value_ = 0;
  bool remainder_ = false;
  bool overflow_ = false;
};

// Days since 1970-01-01 in the proleptic Gregorian calendar: the year is counted from March, so that the leap day is
// its last, and 400 years are 146,097 days. (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".)
constexpr std::int64_t days_from_civil(int year, int month, int day) {
  const int shifted = month <= 2 ? year - 1 : year;
  const int era = (shifted >= 0 ? shifted : shifted - 399) / 400;
  const int year_of_era = shifted - era * 400;
  const int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return std::int64_t{era} * 146'097 + day_of_era - 719'468;
}
static_assert(days_from_civil(1970, 1, 1) == 0 && days_from_civil(2000, 3, 1) == 11'017);

constexpr int days_in_month(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

// What nearly all devices write: digits alone, not too many for a loop without checks, the first no zero. False for
// anything else and for what is out of range: the long way then says which.
bool parse_usual(std::string_view number, Duration unit, std::int64_t& ns) {
  if (number.empty() || number.size() > 18 || number.front() == '0') return false;
  std::int64_t value = 0;
  for (const char digit : number) {
    if (!is_digit(digit)) return false;
    value = value * 10 + digit_of(digit);
  }
  return !__builtin_mul_overflow(value, unit.ns, &ns) && ns <= kLatestEvent.ns;
}

// Reads fixed-width fields from the front; after the first mismatch `ok` stays false.
struct FieldReader {
  std::string_view rest;
  bool ok = true;

  int number(std::size_t width) {
    int value = 0;
    if (rest.size() < width) ok = false;
    for (std::size_t i = 0; ok && i < width; ++i) {
      ok = is_digit(rest[i]);
      value = value * 10 + digit_of(rest[i]);
    }
    if (ok) rest.remove_prefix(width);
    return ok ? value : 0;
  }

  char one_of(std::string_view choices) {
    if (!ok || rest.empty() || choices.find(rest.front()) == std::string_view::npos) {
      ok = false;
      return '\0';
    }
    const char found = rest.front();
    rest.remove_prefix(1);
    return found;
  }

  [[nodiscard]] bool at(char c) const { return ok && !rest.empty() && rest.front() == c; }
};

std::int64_t take_fraction(FieldReader& in) {
  in.one_of(".");
  const std::string_view digits = in.ok ? take_digits(in.rest) : std::string_view{};
  if (digits.empty()) in.ok = false;
  std::int64_t nanoseconds = 0;
  for (std::size_t i = 0; i < 9; ++i) nanoseconds = nanoseconds * 10 + (i < digits.size() ? digit_of(digits[i]) : 0);
  return nanoseconds;
}

// Seconds that local time is ahead of UTC.
std::int64_t take_offset(FieldReader& in) {
  const char sign = in.one_of("Zz+-");
  if (!in.ok || sign == 'Z' || sign == 'z') return 0;
  const int hours = in.number(2);
  in.one_of(":");
  const int minutes = in.number(2);
  if (hours > 23 || minutes > 59) in.ok = false;
  const std::int64_t offset = hours * 3600 + minutes * 60;
  return sign == '-' ? -offset : offset;
}

enum class SecondsMay : std::uint8_t { be_missing, not_be_missing };

struct LocalTime {
  std::int64_t seconds = 0;   // since 1970-01-01T00:00:00 of the same local time
  std::int64_t fraction = 0;  // nanoseconds
  bool leap = false;          // 60 stands where the seconds are
  bool exists = false;        // such a date and such a time there are
};

LocalTime take_local_time(FieldReader& in, SecondsMay seconds_may) {
  LocalTime local;
  const int year = in.number(4);
  in.one_of("-");
  const int month = in.number(2);
  in.one_of("-");
  const int day = in.number(2);
  in.one_of("Tt ");
  const int hour = in.number(2);
  in.one_of(":");
  const int minute = in.number(2);
  int second = 0;
  if (seconds_may == SecondsMay::not_be_missing || in.at(':')) {
    in.one_of(":");
    second = in.number(2);
    if (in.at('.')) local.fraction = take_fraction(in);
  }
  local.exists = in.ok && month >= 1 && month <= 12 && day >= 1 && day <= days_in_month(year, month) && hour <= 23 &&
                 minute <= 59 && second <= 60;
  local.leap = second == 60;
  if (local.exists) {
    local.seconds = days_from_civil(year, month, day) * kSecondsPerDay + hour * 3600 + minute * 60 + second;
  }
  return local;
}

tl::expected<EventTime, TimestampError> instant_of(std::int64_t seconds, std::int64_t fraction) {
  // Years 0000 to 9999 in seconds are far from int64's ends, but not in nanoseconds.
  if (seconds < kEarliestEvent.ns / kNanosecondsPerSecond || seconds > kLatestEvent.ns / kNanosecondsPerSecond) {
    return tl::unexpected(TimestampError::out_of_range);
  }
  return in_range(EventTime{seconds * kNanosecondsPerSecond + fraction});
}

}  // namespace

tl::expected<EventTime, TimestampError> parse_epoch(std::string_view number, Duration unit) {
  if (std::int64_t ns = 0; parse_usual(number, unit, ns)) return EventTime{ns};
  NumberParts parts;
  if (!take_apart(number, parts)) return tl::unexpected(TimestampError::malformed);
  std::int64_t shift = parts.exponent;
  for (std::int64_t scale = unit.ns; scale > 1; scale /= 10) ++shift;

  Magnitude magnitude(static_cast<std::int64_t>(parts.whole.size()) + shift);
  magnitude.take(parts.whole);
  magnitude.take(parts.fraction);
  magnitude.fill();
  if (magnitude.overflow()) return tl::unexpected(TimestampError::out_of_range);
  return in_range(magnitude.floored(parts.negative));
}

tl::expected<EventTime, TimestampError> parse_rfc3339(std::string_view text) {
  FieldReader in{text};
  const LocalTime local = take_local_time(in, SecondsMay::not_be_missing);
  const std::int64_t seconds = local.seconds - take_offset(in);
  if (!in.ok || !in.rest.empty() || !local.exists) return tl::unexpected(TimestampError::malformed);
  // A leap second follows 23:59:59 UTC, so the second it falls together with begins a day.
  if (local.leap && seconds % kSecondsPerDay != 0) return tl::unexpected(TimestampError::malformed);
  return instant_of(seconds, local.fraction);
}

tl::expected<EventTime, TimestampError> parse_iso8601_local(std::string_view text, Duration utc_offset) {
  FieldReader in{text};
  const LocalTime local = take_local_time(in, SecondsMay::be_missing);
  if (!in.ok || !in.rest.empty() || !local.exists) return tl::unexpected(TimestampError::malformed);
  const std::int64_t seconds = local.seconds - utc_offset.ns / kNanosecondsPerSecond;
  if (local.leap && seconds % kSecondsPerDay != 0) return tl::unexpected(TimestampError::malformed);
  return instant_of(seconds, local.fraction);
}

}  // namespace tidemark
