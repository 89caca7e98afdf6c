// Word of long work, on standard error: a bar that renews itself on a terminal, in one line and as wide as that; a line
// every 10 s elsewhere, without any control code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>

#include "gateway/commands/progress_text.h"

namespace tidemark {

class ProgressLine {
 public:
  /// `partitions`: how many of the log are read. With one the bar is that of the work; with several it is, too, once
  /// the ends of all are known, and that of the partition at hand before.
  ProgressLine(std::string_view what, std::size_t partitions);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// As often as one likes. `last`: the partition's last position, as far as is known; 0: not known. `panes`: of all.
  void at(std::uint32_t partition, std::uint64_t position, std::uint64_t last, std::uint64_t panes);

 private:
  struct Reached {
    std::uint64_t position = 0;
    std::uint64_t last = 0;
  };

  [[nodiscard]] ProgressFigures figures(std::uint32_t partition) const;
  void draw(std::string_view what, const ProgressFigures& figures);

  std::string_view what_;
  const std::size_t partitions_;
  const bool terminal_;
  const std::int64_t began_;
  std::int64_t next_;
  bool drawn_ = false;
  std::map<std::uint32_t, Reached> reached_;
};

}  // namespace tidemark
