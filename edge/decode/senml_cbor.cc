#include "edge/decode/senml_cbor.h"

#include <cbor.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "edge/bytes/assert.h"

namespace tidemark {
namespace {

using Kind = CborItem::Kind;

CborItem& item_of(void* context) {
  return *static_cast<CborItem*>(context);
}
void tell(void* context, Kind kind, std::uint64_t number = 0) {
  item_of(context).kind = kind;
  item_of(context).number = number;
}
void tell_text(void* context, Kind kind, cbor_data data, std::size_t size) {
  tell(context, kind, size);
  item_of(context).text = {reinterpret_cast<const char*>(data), size};
}
void tell_narrow(void* context, float value) {
  tell(context, Kind::narrow);
  item_of(context).narrow = value;
}

// Each says what came; libcbor calls exactly one of them for an item.
constexpr cbor_callbacks kCallbacks = {
    .uint8 = [](void* to, std::uint8_t n) { tell(to, Kind::positive, n); },
    .uint16 = [](void* to, std::uint16_t n) { tell(to, Kind::positive, n); },
    .uint32 = [](void* to, std::uint32_t n) { tell(to, Kind::positive, n); },
    .uint64 = [](void* to, std::uint64_t n) { tell(to, Kind::positive, n); },
    .negint64 = [](void* to, std::uint64_t n) { tell(to, Kind::negative, n); },
    .negint32 = [](void* to, std::uint32_t n) { tell(to, Kind::negative, n); },
    .negint16 = [](void* to, std::uint16_t n) { tell(to, Kind::negative, n); },
    .negint8 = [](void* to, std::uint8_t n) { tell(to, Kind::negative, n); },
    .byte_string_start = [](void* to) { tell(to, Kind::many_bytes); },
    .byte_string = [](void* to, cbor_data data, std::size_t size) { tell_text(to, Kind::bytes, data, size); },
    .string = [](void* to, cbor_data data, std::size_t size) { tell_text(to, Kind::text, data, size); },
    .string_start = [](void* to) { tell(to, Kind::many_texts); },
    .indef_array_start = [](void* to) { tell(to, Kind::many_items); },
    .array_start = [](void* to, std::size_t n) { tell(to, Kind::array, n); },
    .indef_map_start = [](void* to) { tell(to, Kind::many_pairs); },
    .map_start = [](void* to, std::size_t n) { tell(to, Kind::map, n); },
    .tag = [](void* to, std::uint64_t n) { tell(to, Kind::tag, n); },
    .float2 = tell_narrow,
    .float4 = tell_narrow,
    .float8 =
        [](void* to, double value) {
          tell(to, Kind::real);
          item_of(to).real = value;
        },
    .undefined = [](void* to) { tell(to, Kind::null); },
    .null = [](void* to) { tell(to, Kind::null); },
    .boolean = [](void* to, bool value) { tell(to, Kind::boolean, value ? 1 : 0); },
    .indef_break = [](void* to) { tell(to, Kind::end); },
};

// A length in eight bytes, of a string, array or map. libcbor gives it on as size_t: on 32-bit ARM one of 2^32 + 1
// would arrive as 1. What is longer than all that follows is refused before it is asked.
bool claims_too_much(std::string_view rest) {
  constexpr unsigned kEightBytes = 27;
  const auto first = static_cast<unsigned char>(rest.front());
  const unsigned major = first >> 5U;
  if (major < 2 || major > 5 || (first & 0x1FU) != kEightBytes || rest.size() < 9) return false;
  std::uint64_t length = 0;
  for (std::size_t i = 1; i <= 8; ++i) length = length << 8U | static_cast<unsigned char>(rest[i]);
  return length > rest.size();
}

bool is_container(Kind kind) {
  return kind == Kind::array || kind == Kind::map || kind == Kind::many_items || kind == Kind::many_pairs ||
         kind == Kind::tag;
}

}  // namespace

bool SenmlCbor::fail(Rejection reason) {
  failure_ = reason;
  return false;
}

// The next data item, into item_.
bool SenmlCbor::read() {
  if (rest_.empty() || claims_too_much(rest_)) return fail(Rejection::malformed);
  const auto* const data = reinterpret_cast<cbor_data>(rest_.data());
  item_.kind = Kind::none;
  const cbor_decoder_result result = cbor_stream_decode(data, rest_.size(), &kCallbacks, &item_);
  if (result.status != CBOR_DECODER_FINISHED || item_.kind == Kind::none) return fail(Rejection::malformed);
  TIDEMARK_ASSERT(result.read > 0 && result.read <= rest_.size());
  rest_.remove_prefix(result.read);
  return true;
}

std::optional<Rejection> SenmlCbor::start(std::string_view payload) {
  rest_ = payload;
  failure_.reset();
  texts_.clear();
  if (!read()) return failure_;
  if (item_.kind != Kind::array && item_.kind != Kind::many_items) return Rejection::malformed;
  left_.reset();
  if (item_.kind == Kind::array) left_ = item_.number;
  return std::nullopt;
}

bool SenmlCbor::next(SenmlRecord& record) {
  bool ended = left_ && *left_ == 0;
  if (!ended) {
    if (!read()) return false;
    ended = item_.kind == Kind::end && !left_;
  }
  if (ended) return rest_.empty() ? false : fail(Rejection::malformed);  // something follows the pack
  if (left_) --*left_;

  if (item_.kind != Kind::map && item_.kind != Kind::many_pairs) return fail(Rejection::malformed);
  if (max_depth_ < 2) return fail(Rejection::too_deep);
  record = {};
  if (item_.kind == Kind::map) {
    bool last = false;
    for (std::uint64_t pairs = item_.number; pairs > 0; --pairs) {
      if (!pair(record, last)) return false;
      if (last) return fail(Rejection::malformed);
    }
    return true;
  }
  for (bool last = false; !last;) {
    if (!pair(record, last)) return false;
  }
  return true;
}

// One label and its value. `ended`: there was the end of an indefinite map instead.
bool SenmlCbor::pair(SenmlRecord& record, bool& ended) {
  if (!read()) return false;
  ended = item_.kind == Kind::end;
  if (ended) return true;
  bool known = false;
  std::size_t index = 0;
  if (!label(known, index)) return false;
  if (!read()) return false;
  if (!known) return skip(2);
  // Of equal labels the last counts, as in JSON.
  record.values[index] = {};
  return value(record.values[index], index);
}

// The label at hand: one of the RFC's (`known`), or one to be passed over. A text that ends with "_" must be understood
// (RFC 8428 section 4.4), and is not.
bool SenmlCbor::label(bool& known, std::size_t& index) {
  std::string_view text;
  if (item_.kind == Kind::positive || item_.kind == Kind::negative) {
    const bool negative = item_.kind == Kind::negative;
    // bs is -6: the argument of a negative label is 0 to 5, of the others 0 to 8.
    constexpr std::uint64_t kNegatives = -kLeastCborLabel;
    known = item_.number < (negative ? kNegatives : kSenmlLabels.size() - kNegatives);
    if (known) index = negative ? kNegatives - 1 - item_.number : kNegatives + item_.number;
    return true;
  }
  if (item_.kind == Kind::text) {
    text = item_.text;
  } else if (item_.kind != Kind::many_texts) {
    return fail(Rejection::malformed);
  } else if (!chunks(Kind::text, text)) {
    return false;
  }
  return text.ends_with('_') ? fail(Rejection::malformed) : true;
}

void SenmlCbor::number(std::string_view text, JsonValue& value) {
  value.kind = JsonValue::Kind::number;
  value.text = text;
  const auto parsed = parse_decimal(text);
  if (parsed) {
    value.value = parsed->value;
    value.inexact = parsed->inexact;
  } else {
    TIDEMARK_ASSERT(parsed.error() == DecimalError::out_of_range);
    value.out_of_range = true;
  }
}

// The integer at hand in decimal digits.
bool SenmlCbor::integer(char*& to, char* end) {
  const bool negative = item_.kind == Kind::negative;
  if (!negative && item_.kind != Kind::positive) return fail(Rejection::malformed);
  if (negative) *to++ = '-';
  if (negative && item_.number == UINT64_MAX) {  // -2^64, whose digits no integer here holds
    constexpr std::string_view kDigits = "18446744073709551616";
    to += kDigits.copy(to, kDigits.size());
    return true;
  }
  to = std::to_chars(to, end, negative ? item_.number + 1 : item_.number).ptr;
  return true;
}

// The value of a label, which is at hand. A binary float is the shortest decimal that reads back as the same float or
// double (SEMANTICS, rule 1); a half has the value of a float.
bool SenmlCbor::value(JsonValue& value, std::size_t index) {
  char* const begin = numbers_[index].data();
  char* const end = begin + numbers_[index].size();
  char* to = begin;
  switch (item_.kind) {
    case Kind::positive:
    case Kind::negative:
      if (!integer(to, end)) return false;
      number({begin, to}, value);
      return true;
    case Kind::real:
    case Kind::narrow: {
      const bool narrow = item_.kind == Kind::narrow;
      if (!std::isfinite(narrow ? static_cast<double>(item_.narrow) : item_.real)) {
        value.kind = JsonValue::Kind::nonfinite;
        return true;
      }
      const auto written = narrow ? std::to_chars(begin, end, item_.narrow, std::chars_format::scientific)
                                  : std::to_chars(begin, end, item_.real, std::chars_format::scientific);
      TIDEMARK_ASSERT(written.ec == std::errc{});
      number({begin, written.ptr}, value);
      return true;
    }
    case Kind::text:
      value.kind = JsonValue::Kind::string;
      value.text = item_.text;
      return true;
    case Kind::many_texts:
      value.kind = JsonValue::Kind::string;
      return chunks(Kind::text, value.text);
    case Kind::bytes:
    case Kind::many_bytes:
      value.kind = JsonValue::Kind::no_text;
      return skip(2);
    case Kind::boolean:
      value.kind = JsonValue::Kind::boolean;
      value.value.coefficient = static_cast<std::int64_t>(item_.number);
      return true;
    case Kind::null:
      return true;
    case Kind::tag:
      if (item_.number == 4) return fraction(value, index);
      [[fallthrough]];
    case Kind::array:
    case Kind::map:
    case Kind::many_items:
    case Kind::many_pairs:
      value.kind = JsonValue::Kind::object;
      return skip(2);
    case Kind::end:
    case Kind::none:
      break;
  }
  return fail(Rejection::malformed);
}

// Tag 4 (RFC 8949 section 3.4.4): [exponent, mantissa], exactly mantissa * 10^exponent. A mantissa that is a big
// integer is well-formed and no number here.
bool SenmlCbor::fraction(JsonValue& value, std::size_t index) {
  if (!read()) return false;
  const bool indefinite = item_.kind == Kind::many_items;
  if (!indefinite && (item_.kind != Kind::array || item_.number != 2)) return fail(Rejection::malformed);
  std::array<char, 24> exponent{};
  char* exponent_end = exponent.data();
  if (!read() || !integer(exponent_end, exponent.data() + exponent.size()) || !read()) return false;
  char* const begin = numbers_[index].data();
  char* const end = begin + numbers_[index].size();
  char* to = begin;
  if (item_.kind == Kind::tag) {
    value.kind = JsonValue::Kind::object;
    if (!skip(3)) return false;
  } else {
    if (!integer(to, end)) return false;
    *to++ = 'e';
    to = std::copy(exponent.data(), exponent_end, to);
    number({begin, to}, value);
  }
  if (!indefinite) return true;
  if (!read()) return false;
  return item_.kind == Kind::end ? true : fail(Rejection::malformed);
}

// The chunks of a string of indefinite length, joined. One that is longer than a block of the arena is longer than any
// name or unit may be: it keeps its beginning, which is too long as well, and its last byte, which may be a "_".
bool SenmlCbor::chunks(Kind kind, std::string_view& text) {
  joined_.clear();
  while (true) {
    if (!read()) return false;
    if (item_.kind == Kind::end) break;
    if (item_.kind != kind) return fail(Rejection::malformed);
    joined_ += item_.text;
    if (joined_.size() > TextArena::kBlockBytes)
      joined_.erase(TextArena::kBlockBytes - 1, joined_.size() - TextArena::kBlockBytes);
  }
  text = texts_.keep(joined_);
  return true;
}

// Passes over the item at hand with all that belongs to it. The recursion is bounded by max_depth_.
bool SenmlCbor::skip(std::uint32_t depth) {
  const Kind kind = item_.kind;
  if (is_container(kind) && depth >= max_depth_) return fail(Rejection::too_deep);
  std::string_view text;
  switch (kind) {
    case Kind::many_bytes:
      return chunks(Kind::bytes, text);
    case Kind::many_texts:
      return chunks(Kind::text, text);
    case Kind::tag:
      return read() && skip(depth + 1);
    case Kind::array:
    case Kind::map:
      // A map has twice as many items as pairs; the payload ends long before the sum overflows.
      for (std::uint64_t count = item_.number, keys = kind == Kind::map ? 2 : 1; count > 0; --count) {
        for (std::uint64_t i = 0; i < keys; ++i) {
          if (!read() || !skip(depth + 1)) return false;
        }
      }
      return true;
    case Kind::many_items:
    case Kind::many_pairs:
      for (bool whole = true;; whole = kind == Kind::many_items || !whole) {
        if (!read()) return false;
        if (item_.kind == Kind::end) return whole ? true : fail(Rejection::malformed);
        if (!skip(depth + 1)) return false;
      }
    case Kind::end:
    case Kind::none:
      return fail(Rejection::malformed);
    default:
      return true;
  }
}

}  // namespace tidemark
