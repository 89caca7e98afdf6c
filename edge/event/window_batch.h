// A WindowBatch record, decoded in place: the fast way, for readers of many windows. Texts are views into the record.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "edge/event/event.h"
#include "edge/event/record.h"

namespace tidemark {

/// What a group's panes have in common: the part of a series' identity that is not its origin.
struct PaneFamily {
  std::string_view stream;
  std::uint32_t version = 0;
  std::string_view field;
  std::string_view unit;
  FieldKind kind = FieldKind::gauge;
  Duration size;
  ComponentSet components;
  friend bool operator==(const PaneFamily&, const PaneFamily&) = default;
};

/// Source and tags: the other part.
struct Origin {
  std::string_view source;
  std::string_view tags;
  friend bool operator==(const Origin&, const Origin&) = default;
};

struct PlacedPane {
  std::uint32_t family = 0;  // index into WindowBatchView::families
  std::uint32_t origin = 0;  // index into WindowBatchView::origins
  Pane pane;
};

struct WindowBatchView {
  std::vector<PaneFamily> families;
  std::vector<Origin> origins;
  std::vector<PlacedPane> panes;
};

/// Requires a record whose body is a WindowBatch. `view` may be used again for the next record; the record outlives it.
/// On failure the view's content is of no use.
Result<void, EventError> decode_window_batch(const EventRecord& record, WindowBatchView& view);

}  // namespace tidemark
