// Rows of a group's columns back into panes: the inverse of PaneQuantities. The columns come from outside.
#pragma once

#include <cstdint>

#include "edge/event/pane_columns.h"
#include "edge/window/pane.h"

namespace tidemark {

class PaneAssembler {
 public:
  /// Requires that all columns but sum, variance, min, max, first and last are narrow, revision, pane_kind and flags
  /// within their types, count at least 1, and an exponent that a Decimal can have. `columns` outlives this object.
  PaneAssembler(const PaneColumns& columns, ComponentSet kept, std::int32_t exponent);

  /// False: no window could have these numbers.
  bool assemble(std::size_t row, Pane& pane) const;

 private:
  struct Numbers {
    ExactSum sum, squares;
    Extremes extremes;
    Endpoints endpoints;
  };

  bool narrow(std::size_t row, std::int64_t count, Numbers& numbers) const;
  bool wide(std::size_t row, std::int64_t count, Numbers& numbers) const;
  bool times(std::size_t row, EventTime start, Endpoints& endpoints) const;

  const PaneColumns& columns_;
  ComponentSet kept_;
  std::int32_t exponent_;
  bool all_narrow_;
};

}  // namespace tidemark
