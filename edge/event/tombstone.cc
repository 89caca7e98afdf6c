#include "edge/event/tombstone.h"

#include <algorithm>
#include <limits>

#include "edge/event/record_builder.h"

namespace tidemark {
namespace {

void add_at_most(std::uint64_t& sum, std::uint64_t value) {
  sum += std::min(value, std::numeric_limits<std::uint64_t>::max() - sum);
}

}  // namespace

void ParkedTotal::add(const Tombstone& tombstone) {
  ++events;
  add_at_most(panes, tombstone.panes);
  add_at_most(readings, tombstone.readings);
}

std::string encode_tombstone(const EventHeader& header, const Tombstone& tombstone) {
  RecordBuilder out(0);
  const auto digest = out.builder().CreateVector(tombstone.digest_after.data(), tombstone.digest_after.size());
  const auto body = log::CreateTombstone(out.builder(), tombstone.bytes, tombstone.panes, tombstone.readings,
                                         tombstone.first_start.ns, tombstone.last_end.ns, digest);
  return out.finish(header, log::Body::Tombstone, body.Union());
}

Result<std::string, EventError> tombstone_of(std::string_view bytes) {
  const Result<Event, EventError> event = decode_event(bytes);
  if (!event) return tl::unexpected(event.error());
  if (std::holds_alternative<Tombstone>(event->body)) {
    return fail(EventError::damaged, "a tombstone stands for another event, not for itself");
  }
  Tombstone tombstone;
  tombstone.bytes = bytes.size();
  tombstone.digest_after = extend_digest(event->header.digest, bytes);
  const auto* const batch = std::get_if<WindowBatch>(&event->body);
  if (batch == nullptr || batch->panes.empty()) return encode_tombstone(event->header, tombstone);
  tombstone.panes = batch->panes.size();
  tombstone.first_start = {std::numeric_limits<std::int64_t>::max()};
  tombstone.last_end = {std::numeric_limits<std::int64_t>::min()};
  for (const DecodedPane& decoded : batch->panes) {
    add_at_most(tombstone.readings, decoded.pane.state.count());
    tombstone.first_start = std::min(tombstone.first_start, decoded.pane.start);
    // A window at the end of time has its end there, too.
    std::int64_t end = 0;
    if (__builtin_add_overflow(decoded.pane.start.ns, batch->series[decoded.series].size.ns, &end)) {
      end = std::numeric_limits<std::int64_t>::max();
    }
    tombstone.last_end = std::max(tombstone.last_end, EventTime{end});
  }
  return encode_tombstone(event->header, tombstone);
}

Result<Tombstone, EventError> read_tombstone(const EventRecord& record) {
  const log::Tombstone& body = *record.root().body_as_Tombstone();
  Tombstone tombstone;
  if (body.digest_after()->size() != tombstone.digest_after.size()) {
    return fail(EventError::damaged,
                "tombstone: a digest of " + std::to_string(body.digest_after()->size()) + " bytes, not 16");
  }
  tombstone.bytes = body.bytes();
  tombstone.panes = body.panes();
  tombstone.readings = body.readings();
  tombstone.first_start = {body.first_start()};
  tombstone.last_end = {body.last_end()};
  std::copy(body.digest_after()->begin(), body.digest_after()->end(), tombstone.digest_after.begin());
  return tombstone;
}

Digest digest_after(const Event& event, std::string_view bytes) {
  const auto* const tombstone = std::get_if<Tombstone>(&event.body);
  return tombstone != nullptr ? tombstone->digest_after : extend_digest(event.header.digest, bytes);
}

}  // namespace tidemark
