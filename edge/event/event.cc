#include "edge/event/event.h"

#include <boost/unordered/unordered_flat_map.hpp>

#include "edge/event/record.h"
#include "edge/event/record_builder.h"
#include "edge/event/source_report.h"
#include "edge/event/tombstone.h"
#include "edge/event/window_batch.h"

namespace tidemark {
namespace {

// The series of a batch repeat their family's names; an event that names few long ones very often is refused.
constexpr std::uint64_t kMaxIdentityBytes = 4ull * kMaxEventBytes;

// Series are listed once each, in the order in which panes name them: the origins of other families are left out.
Result<WindowBatch, EventError> read_window_batch(const EventRecord& record) {
  WindowBatchView view;
  if (const auto decoded = decode_window_batch(record, view); !decoded) return tl::unexpected(decoded.error());
  WindowBatch batch;
  batch.panes.reserve(view.panes.size());
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> numbers;
  std::uint64_t identity_bytes = 0;
  for (PlacedPane& placed : view.panes) {
    const std::uint64_t key = (std::uint64_t{placed.family} << 32) | placed.origin;
    const auto [at, fresh] = numbers.try_emplace(key, static_cast<std::uint32_t>(batch.series.size()));
    if (fresh) {
      const PaneFamily& family = view.families[placed.family];
      const Origin& origin = view.origins[placed.origin];
      identity_bytes +=
          family.stream.size() + family.field.size() + family.unit.size() + origin.source.size() + origin.tags.size();
      if (identity_bytes > kMaxIdentityBytes) return fail(EventError::too_large, "window batch: names too long");
      batch.series.push_back({std::string(family.stream), family.version, std::string(origin.source),
                              std::string(origin.tags), std::string(family.field), std::string(family.unit),
                              family.kind, family.size});
    }
    batch.panes.push_back({at->second, std::move(placed.pane)});
  }
  return batch;
}

Result<Heartbeat, EventError> read_heartbeat(const EventRecord& record) {
  const log::Heartbeat& body = *record.root().body_as_Heartbeat();
  TextBudget budget;
  if (!budget.take(body.version()) || !budget.take(body.configuration())) {
    return fail(EventError::damaged, "heartbeat: a text is not valid");
  }
  Heartbeat heartbeat;
  if (body.version() != nullptr) heartbeat.version = body.version()->str();
  if (body.configuration() != nullptr) heartbeat.configuration = body.configuration()->str();
  heartbeat.clock_synchronised = body.clock_synchronised();
  heartbeat.backlog = body.backlog();
  return heartbeat;
}

template <typename Body>
Result<Event, EventError> with_body(const EventRecord& record, Result<Body, EventError> body) {
  if (!body) return tl::unexpected(body.error());
  return Event{record.header(), std::move(*body)};
}

}  // namespace

std::string encode_heartbeat(const EventHeader& header, const Heartbeat& heartbeat) {
  RecordBuilder out(0);
  const auto version = out.text(heartbeat.version), configuration = out.text(heartbeat.configuration);
  const auto body =
      log::CreateHeartbeat(out.builder(), version, configuration, heartbeat.clock_synchronised, heartbeat.backlog);
  return out.finish(header, log::Body::Heartbeat, body.Union());
}

// An unknown type has a verified header and nothing else: the verifier does not follow a union member it does not know.
Result<Event, EventError> decode_event(std::string_view bytes) {
  const Result<EventRecord, EventError> record = EventRecord::open(bytes);
  if (!record) return tl::unexpected(record.error());
  switch (record->root().body_type()) {
    case log::Body::NONE:
      break;  // refused by EventRecord::open
    case log::Body::WindowBatch:
      return with_body(*record, read_window_batch(*record));
    case log::Body::SourceReport:
      return with_body(*record, read_source_report(*record));
    case log::Body::Heartbeat:
      return with_body(*record, read_heartbeat(*record));
    case log::Body::Tombstone:
      return with_body(*record, read_tombstone(*record));
  }
  return Event{record->header(), UnknownEvent{}};
}

Result<EventHeader, EventError> decode_header(std::string_view bytes) {
  const Result<EventRecord, EventError> record = EventRecord::open(bytes);
  if (!record) return tl::unexpected(record.error());
  return record->header();
}

}  // namespace tidemark
