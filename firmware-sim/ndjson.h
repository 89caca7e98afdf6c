// Recorded logs: one JSON object a line, packed with gzip or not.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "firmware-sim/error.h"
#include "firmware-sim/message.h"

struct gzFile_s;

namespace firmware_sim {

struct CloseGzip {
  void operator()(gzFile_s* file) const;
};
using GzipFile = std::unique_ptr<gzFile_s, CloseGzip>;

class LineReader {
 public:
  /// A plain or gzip file; "-" is the standard input.
  static Result<LineReader> open(const std::string& path);

  /// The next line without its end, valid until the next call; none at the end of the file. Empty lines are lines.
  Result<std::optional<std::string_view>> next();

  [[nodiscard]] std::uint64_t line_number() const { return line_number_; }

 private:
  LineReader() = default;
  std::string path_;
  GzipFile file_;
  std::string buffer_;
  std::size_t begin_ = 0;  // of what has not been handed out
  bool at_end_ = false;
  std::uint64_t line_number_ = 0;
};

/// Writes messages as {"topic":..,"payload":..,"at":..}: `at` is when it was due, in ms since 1970. A payload is the
/// object itself where it is one, and a string where it is damaged or a bare number; a retained message has
/// "retain":true.
class Recorder {
 public:
  /// Packs if the path ends in .gz; "-" is the standard output.
  static Result<Recorder> create(const std::string& path);
  Result<void> put(const Message& message, std::int64_t at_ms);
  Result<void> finish();

 private:
  Recorder() = default;
  std::string path_;
  GzipFile file_;
  std::string line_;
};

/// The text as a JSON string, quotes included. Bytes that are not UTF-8 are passed on as they are.
void append_json_string(std::string& out, std::string_view text);

}  // namespace firmware_sim
