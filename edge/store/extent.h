// A table of rows numbered 1, 2, ... that is appended to at its end and removed from at its beginning: what is known of
// it without reading it.
#pragma once

#include <cstdint>

namespace tidemark {

/// Totals are since the file was made, so that rows and bytes are differences and no row need be counted at a start.
struct Extent {
  std::uint64_t removed_through = 0;  // number of the newest row that has been removed; 0: none
  std::uint64_t removed_bytes = 0;
  std::uint64_t last = 0;   // number of the newest row there ever was; 0: none
  std::uint64_t bytes = 0;  // of all rows there ever were

  [[nodiscard]] std::uint64_t kept_rows() const { return last - removed_through; }
  [[nodiscard]] std::uint64_t kept_bytes() const { return bytes - removed_bytes; }
  [[nodiscard]] std::uint64_t first() const { return last == removed_through ? 0 : removed_through + 1; }

  void append(std::uint64_t size) {
    ++last;
    bytes += size;
  }
};

}  // namespace tidemark
