// Word of long work, on standard error: a line that renews itself on a terminal, a line every 10 s elsewhere.
#pragma once

#include <cstdint>
#include <string_view>

namespace tidemark {

class ProgressLine {
 public:
  explicit ProgressLine(std::string_view what);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// As often as one likes.
  void at(std::uint64_t position, std::uint64_t panes);

 private:
  std::string_view what_;
  const bool terminal_;
  const std::int64_t began_;
  std::int64_t next_;
  bool drawn_ = false;
};

}  // namespace tidemark
