#include "edge/decode/line_protocol_reader.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <tuple>

#include "edge/decode/line_protocol_value.h"
#include "edge/decode/reuse.h"

namespace tidemark {

/// What stands for itself in a name, and what does behind a backslash.
struct LineProtocolReader::Name {
  explicit constexpr Name(std::string_view stops) : escapable(stops) {
    for (std::size_t c = 0; c < plain.size(); ++c) plain[c] = c >= 0x20 && c != 0x7f && c != '\\';
    for (const char c : stops) plain[static_cast<unsigned char>(c)] = false;
  }
  [[nodiscard]] constexpr bool is_plain(char c) const { return plain[static_cast<unsigned char>(c)]; }

  std::array<bool, 256> plain{};
  std::string_view escapable;
};

namespace {

constexpr bool is_line_space(char c) {
  return c == ' ' || c == '\r' || c == '\n';
}
constexpr bool ends_value(char c) {
  return c == ',' || is_line_space(c);
}

// Past how many fields of one line they are sorted to find equal ones: a hostile line then costs n log n.
constexpr std::size_t kFewFields = 16;

}  // namespace

void LineProtocolReader::load(std::string_view payload) {
  at_ = payload.data();
  end_ = at_ + payload.size();
  all_utf8_ = simdjson::validate_utf8(payload.data(), payload.size());
  unescaped_.clear();
  if (payload.find('\\') != std::string_view::npos) unescaped_.reserve(payload.size());
}

LineProtocolReader::Found LineProtocolReader::next() {
  skip_to_line();
  if (at_ == end_) return Found::end;
  clear_for_reuse(tags_);
  clear_for_reuse(fields_);
  clear_for_reuse(order_);
  time_ = {};
  if (!line()) {
    skip_line();
    return Found::malformed;
  }
  if (!sort_tags()) return Found::malformed;
  drop_repeated_fields();
  return Found::line;
}

void LineProtocolReader::skip_to_line() {
  while (true) {
    skip_spaces();
    if (at_ == end_) return;
    if (*at_ == '#') {
      skip_line();
    } else if (!line_end()) {
      return;
    }
  }
}

void LineProtocolReader::skip_line() {
  const void* const newline = at_ == end_ ? nullptr : std::memchr(at_, '\n', static_cast<std::size_t>(end_ - at_));
  at_ = newline == nullptr ? end_ : static_cast<const char*>(newline) + 1;
}

void LineProtocolReader::skip_spaces() {
  while (at_ != end_ && *at_ == ' ') ++at_;
}

bool LineProtocolReader::line_end() {
  if (at_ == end_) return true;
  if (*at_ == '\n') {
    ++at_;
    return true;
  }
  if (*at_ != '\r' || (at_ + 1 != end_ && at_[1] != '\n')) return false;
  at_ += at_ + 1 == end_ ? 1 : 2;
  return true;
}

bool LineProtocolReader::line() {
  static constexpr Name kMeasurement(", ");
  if (!name(kMeasurement, measurement_) || !tag_comma()) return false;
  while (at_ != end_ && *at_ != ' ') {
    if (!tag()) return false;
  }
  skip_spaces();
  while (true) {
    if (!field()) return false;
    if (at_ == end_) return true;
    if (*at_ != ',') return is_line_space(*at_) && ending();
    ++at_;
  }
}

bool LineProtocolReader::name(const Name& rule, std::string_view& text) {
  const char* const begin = at_;
  while (at_ != end_ && rule.is_plain(*at_)) ++at_;
  text = at_ != end_ && *at_ == '\\' ? unescaped(begin, rule)
                                     : std::string_view(begin, static_cast<std::size_t>(at_ - begin));
  return !text.empty() && valid(text);
}

std::string_view LineProtocolReader::unescaped(const char* begin, const Name& rule) {
  const std::size_t first = unescaped_.size();
  const char* from = begin;
  while (at_ != end_ && (rule.is_plain(*at_) || *at_ == '\\')) {
    if (*at_ == '\\' && at_ + 1 != end_ && rule.escapable.find(at_[1]) != std::string_view::npos) {
      unescaped_.append(from, at_);
      from = ++at_;
    }
    ++at_;
  }
  if (from == begin) return {begin, static_cast<std::size_t>(at_ - begin)};
  unescaped_.append(from, at_);
  return std::string_view(unescaped_).substr(first);
}

namespace {
/// Keys and values of tags, and keys of fields.
constexpr std::string_view kKeyStops = ",= ";
}  // namespace

bool LineProtocolReader::tag() {
  static constexpr Name kKey(kKeyStops);
  LineProtocolTag& tag = tags_.emplace_back();
  if (!name(kKey, tag.key) || at_ == end_ || *at_ != '=') return false;
  ++at_;
  return name(kKey, tag.value) && tag_comma();
}

// Behind a measurement or a tag. A comma there promises a tag.
bool LineProtocolReader::tag_comma() {
  if (at_ == end_ || *at_ != ',') return true;
  ++at_;
  return at_ != end_ && !is_line_space(*at_);
}

bool LineProtocolReader::field() {
  static constexpr Name kKey(kKeyStops);
  LineProtocolField& field = fields_.emplace_back();
  if (!name(kKey, field.key) || at_ == end_ || *at_ != '=') return false;
  ++at_;
  if (at_ == end_) return false;
  return *at_ == '"' ? string(field) : value(field);
}

bool LineProtocolReader::value(LineProtocolField& field) {
  const char* const begin = at_;
  while (at_ != end_ && !ends_value(*at_)) ++at_;
  field.text = {begin, static_cast<std::size_t>(at_ - begin)};
  const auto kind = line_protocol_kind(field.text);
  if (!kind) return false;
  field.kind = *kind;
  const bool suffixed =
      field.kind == LineProtocolField::Kind::integer || field.kind == LineProtocolField::Kind::unsigned_integer;
  if (suffixed) field.text.remove_suffix(1);
  return true;
}

// A quote behind an odd number of backslashes is escaped: they pair up from the left, and what is before the first of
// them is none.
bool LineProtocolReader::string(LineProtocolField& field) {
  const char* const begin = ++at_;
  for (const char* from = begin; from != end_;) {
    const auto* const quote = static_cast<const char*>(std::memchr(from, '"', static_cast<std::size_t>(end_ - from)));
    if (quote == nullptr) break;
    const char* first = quote;
    while (first != from && first[-1] == '\\') --first;
    from = quote + 1;
    if ((quote - first) % 2 != 0) continue;
    field.kind = LineProtocolField::Kind::string;
    field.text = {begin, static_cast<std::size_t>(quote - begin)};
    at_ = from;
    return valid(field.text);
  }
  return false;
}

// Behind the last field.
bool LineProtocolReader::ending() {
  skip_spaces();
  if (line_end()) return true;
  const char* const begin = at_;
  if (at_ != end_ && *at_ == '-') ++at_;
  const char* const digits = at_;
  while (at_ != end_ && *at_ >= '0' && *at_ <= '9') ++at_;
  if (at_ == digits) return false;
  time_ = {begin, static_cast<std::size_t>(at_ - begin)};
  if (at_ != end_ && !is_line_space(*at_)) return false;
  skip_spaces();
  return line_end();
}

bool LineProtocolReader::valid(std::string_view text) const {
  return all_utf8_ || simdjson::validate_utf8(text.data(), text.size());
}

bool LineProtocolReader::sort_tags() {
  const auto by_key = [](const LineProtocolTag& a, const LineProtocolTag& b) { return a.key < b.key; };
  const auto equal = [](const LineProtocolTag& a, const LineProtocolTag& b) { return a.key == b.key; };
  // Telegraf and the clients of InfluxDB send them in order.
  if (!std::is_sorted(tags_.begin(), tags_.end(), by_key)) std::sort(tags_.begin(), tags_.end(), by_key);
  return std::adjacent_find(tags_.begin(), tags_.end(), equal) == tags_.end();
}

void LineProtocolReader::drop_repeated_fields() {
  bool any = false;
  const auto drop = [this, &any](std::size_t field) {
    fields_[field].key = {};  // which none is
    any = true;
  };
  if (fields_.size() <= kFewFields) {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      for (std::size_t later = i + 1; later < fields_.size(); ++later) {
        if (fields_[i].key == fields_[later].key) {
          drop(i);
          break;
        }
      }
    }
  } else {
    for (std::uint32_t i = 0; i < fields_.size(); ++i) order_.push_back(i);
    std::sort(order_.begin(), order_.end(), [this](std::uint32_t a, std::uint32_t b) {
      return std::tie(fields_[a].key, a) < std::tie(fields_[b].key, b);
    });
    for (std::size_t i = 0; i + 1 < order_.size(); ++i) {
      // The later one still has its key: they are gone through in order.
      if (fields_[order_[i]].key == fields_[order_[i + 1]].key) drop(order_[i]);
    }
  }
  if (any) std::erase_if(fields_, [](const LineProtocolField& field) { return field.key.empty(); });
}

}  // namespace tidemark
