#include "edge/decode/line_protocol_value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>

#include "edge/value/decimal.h"

namespace tidemark {
namespace {

using Kind = LineProtocolField::Kind;

constexpr std::array<std::string_view, 10> kBooleans = {"t", "true",  "True",  "TRUE",  "T",
                                                        "f", "false", "False", "FALSE", "F"};
constexpr std::array<std::string_view, 3> kNonfinite = {"nan", "inf", "infinity"};

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

bool is_nonfinite(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return std::any_of(kNonfinite.begin(), kNonfinite.end(), [text](std::string_view word) {
    return std::equal(text.begin(), text.end(), word.begin(), word.end(), [](char a, char b) {
      return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b;
    });
  });
}

std::string_view take_digits(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  return digits;
}

// A decimal of line protocol as JSON would write it. `exponent` is left with its letter.
struct Parts {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
  std::string_view exponent;
};

bool take_apart(std::string_view text, Parts& parts) {
  if (text.starts_with('-')) {
    parts.negative = true;
    text.remove_prefix(1);
  }
  parts.whole = take_digits(text);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    parts.fraction = take_digits(text);
  }
  if (parts.whole.empty() && parts.fraction.empty()) return false;
  if (text.empty()) return true;
  if (text.front() != 'e' && text.front() != 'E') return false;
  parts.exponent = text;
  text.remove_prefix(1);
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return is_digits(text);
}

void take_decimal(std::string_view text, std::string& scratch, FieldValue& reading) {
  auto parsed = parse_decimal(text);
  if (!parsed && parsed.error() == DecimalError::malformed) {
    // Leading zeros, or a point without digits on both sides.
    Parts parts;
    take_apart(text, parts);
    parts.whole.remove_prefix(std::min(parts.whole.find_first_not_of('0'), parts.whole.size()));
    scratch.assign(parts.negative ? "-" : "");
    scratch.append(parts.whole.empty() ? "0" : parts.whole);
    if (!parts.fraction.empty()) scratch.append(".").append(parts.fraction);
    scratch.append(parts.exponent);
    parsed = parse_decimal(scratch);
  }
  if (parsed) {
    reading.value = parsed->value;
    reading.inexact = parsed->inexact;
  } else {
    reading.rejection = parsed.error() == DecimalError::out_of_range ? Rejection::out_of_range : Rejection::malformed;
  }
}

// Digits, of which leading zeros count for nothing, within the bounds of Integer.
template <typename Integer>
void take_integer(std::string_view text, std::string& scratch, FieldValue& reading) {
  Integer number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc{}) {
    reading.rejection = Rejection::out_of_range;
    return;
  }
  constexpr std::int64_t kExact = 1'000'000'000'000'000'000;
  bool exact = number < static_cast<Integer>(kExact);
  if constexpr (std::numeric_limits<Integer>::is_signed) exact = exact && number > -kExact;
  if (exact) {
    reading.value = make_decimal(static_cast<std::int64_t>(number), 0);
    return;
  }
  std::array<char, 24> digits{};
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  take_decimal({digits.data(), static_cast<std::size_t>(written.ptr - digits.data())}, scratch, reading);
}

}  // namespace

std::optional<Kind> line_protocol_kind(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (is_digit(text.front()) || text.front() == '-' || text.front() == '.') {
    std::string_view digits = text.substr(0, text.size() - 1);
    if (text.back() == 'u') return is_digits(digits) ? std::optional(Kind::unsigned_integer) : std::nullopt;
    if (text.back() == 'i') {
      if (digits.starts_with('-')) digits.remove_prefix(1);
      return is_digits(digits) ? std::optional(Kind::integer) : std::nullopt;
    }
    if (is_line_protocol_decimal(text)) return Kind::decimal;
  } else if (std::find(kBooleans.begin(), kBooleans.end(), text) != kBooleans.end()) {
    return Kind::boolean;
  }
  return is_nonfinite(text) ? std::optional(Kind::nonfinite) : std::nullopt;
}

bool is_line_protocol_decimal(std::string_view text) {
  Parts parts;
  return take_apart(text, parts);
}

void read_line_protocol_value(const LineProtocolField& field, std::string& scratch, FieldValue& reading) {
  switch (field.kind) {
    case Kind::decimal:
      return take_decimal(field.text, scratch, reading);
    case Kind::integer:
      return take_integer<std::int64_t>(field.text, scratch, reading);
    case Kind::unsigned_integer:
      return take_integer<std::uint64_t>(field.text, scratch, reading);
    case Kind::boolean:
      if (field.text.front() == 't' || field.text.front() == 'T') reading.value = Decimal{1, 0};
      return;
    case Kind::string:
      reading.rejection = Rejection::wrong_type;
      return;
    case Kind::nonfinite:
      reading.rejection = Rejection::nonfinite;
      return;
  }
}

}  // namespace tidemark
