// Takes InfluxDB's line protocol apart (InfluxData, "Line protocol reference", v2; where that is silent, the decoder of
// influxdata/line-protocol is followed):
//
//   measurement[,tag=value...] field=value[,field=value...] [timestamp]
//
// A line ends at a newline outside "quotes", with or without '\r' before it, or at the end of the payload. Spaces at
// its beginning and between its parts may be more than one. Empty lines and those that begin with '#' are skipped. A
// backslash stands for itself but before what it escapes: ',' and ' ' in a measurement, and '=' too in other names.
// Names and values of tags are not empty, hold no control character, and are valid UTF-8, as strings are.
//
// A line that is anything else is malformed, and reading goes on behind the first newline after what is wrong in it. A
// quote that is never closed opened no string: there the line ends with its first newline, and those behind it are
// read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidemark {

struct LineProtocolTag {
  std::string_view key;
  std::string_view value;
};

struct LineProtocolField {
  enum class Kind : std::uint8_t {
    decimal,           // `text`: is_line_protocol_decimal
    integer,           // `text`: digits, also behind '-'
    unsigned_integer,  // `text`: digits
    boolean,           // `text`: one of the ten spellings; its first letter says which
    string,            // `text` as it stands between the quotes, escapes and all
    nonfinite,         // NaN or an infinity: not in the reference, but C's printf writes them
  };
  Kind kind;
  std::string_view key;
  std::string_view text;  // of a number without its 'i' or 'u'
};

class LineProtocolReader {
 public:
  enum class Found : std::uint8_t { line, malformed, end };

  /// Views handed out before become invalid; those of this payload stay valid as long as it does, until the next load.
  /// Allocates only for a payload that is larger than any before it.
  void load(std::string_view payload);

  /// The next line; what the functions below say is of it.
  Found next();

  [[nodiscard]] std::string_view measurement() const { return measurement_; }
  /// Sorted by key, each once: a line that repeats one is malformed.
  [[nodiscard]] const std::vector<LineProtocolTag>& tags() const { return tags_; }
  /// At least one. Of fields with equal keys the last one is left, as in InfluxDB.
  [[nodiscard]] const std::vector<LineProtocolField>& fields() const { return fields_; }
  /// Digits, also behind '-'; empty: the line has none.
  [[nodiscard]] std::string_view time() const { return time_; }

 private:
  struct Name;

  void skip_to_line();
  void skip_line();
  void skip_spaces();
  bool line_end();

  // Each takes one piece of a line and moves past it, never past the end of the line; false: it is malformed.
  bool line();
  bool name(const Name& rule, std::string_view& text);
  std::string_view unescaped(const char* begin, const Name& rule);
  bool tag();
  bool tag_comma();
  bool field();
  bool value(LineProtocolField& field);
  bool string(LineProtocolField& field);
  bool ending();
  [[nodiscard]] bool valid(std::string_view text) const;

  bool sort_tags();
  void drop_repeated_fields();

  // Of the payload at hand.
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  bool all_utf8_ = true;
  std::string unescaped_;  // names that held escapes; never grows while views into it are out

  // Of the line at hand.
  std::string_view measurement_;
  std::vector<LineProtocolTag> tags_;
  std::vector<LineProtocolField> fields_;
  std::string_view time_;
  std::vector<std::uint32_t> order_;  // scratch of drop_repeated_fields
};

}  // namespace tidemark
