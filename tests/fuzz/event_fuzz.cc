// Fuzz entry for the reader of events: any bytes, read every way there is, and what was read written again.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "edge/bytes/assert.h"
#include "edge/event/fold.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemark;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Result<Event, EventError> event = decode_event(bytes);
  Fold fold(Fold::Digests::check);
  const Result<bool, EventError> taken = fold.accept(bytes);
  if (!event) return 0;
  const WindowBatch* const batch = std::get_if<WindowBatch>(&event->body);
  if (batch == nullptr) return 0;
  TIDEMARK_ASSERT(taken.has_value());
  std::vector<SeriesPane> panes;
  for (const DecodedPane& decoded : batch->panes) panes.push_back({&batch->series[decoded.series], &decoded.pane});
  const Result<Event, EventError> again = decode_event(encode_window_batch(event->header, panes));
  TIDEMARK_ASSERT(again.has_value());
  TIDEMARK_ASSERT(std::get<WindowBatch>(again->body).panes.size() == panes.size());
  return 0;
}
