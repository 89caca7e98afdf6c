// The columns of one group as integers, in the order of the schema, which says what each holds.
#pragma once

#include "edge/event/column.h"

namespace tidemark {

struct PaneColumns {
  Integers origin, start, revision, pane_kind, flags, count;
  Integers sum, variance, min, max, first, last, first_time, last_time;
};

}  // namespace tidemark
