#include "gateway/pipeline/event_writer.h"

#include <span>
#include <utility>

namespace tidemark {
namespace {

/// A record of the log stays well below Kafka's usual limit of 1 MB: about 100 KB.
constexpr std::size_t kMostPanes = 4096;

/// Of the names of its series. Ordinary ones take a tenth; thousands of devices with the longest names and tags that
/// are let in would else make an event that its readers refuse (kMaxEventBytes).
constexpr std::size_t kMostTextBytes = 512 << 10;

std::size_t text_bytes(const SeriesIdentity& series) {
  return series.source.size() + series.tags.size() + series.field.size() + series.unit.size();
}

/// How many of the panes at the front make one event; at least one.
std::size_t batch_length(std::span<const SeriesPane> panes) {
  std::size_t bytes = 0;
  std::size_t length = 0;
  for (; length < panes.size() && length < kMostPanes; ++length) {
    // The panes of a series stand together and share its names.
    const bool new_series = length == 0 || panes[length].series != panes[length - 1].series;
    if (new_series) bytes += text_bytes(*panes[length].series);
    if (bytes > kMostTextBytes && length > 0) break;
  }
  return length;
}

}  // namespace

EventWriter::EventWriter(std::string gateway, std::uint64_t epoch, std::uint64_t previous_epoch,
                         std::uint64_t previous_sequence) {
  header_.gateway = std::move(gateway);
  header_.epoch = epoch;
  header_.previous_epoch = previous_epoch;
  header_.previous_sequence = previous_sequence;
}

const EventHeader& EventWriter::next(ArrivalTime now) {
  ++header_.sequence;
  header_.committed_at = now;
  if (header_.sequence > 1) {
    header_.previous_epoch = 0;
    header_.previous_sequence = 0;
  }
  return header_;
}

void EventWriter::append(std::string bytes, std::vector<LogEvent>& events) {
  header_.digest = extend_digest(header_.digest, bytes);
  events.push_back({header_.epoch, header_.sequence, std::move(bytes)});
}

void EventWriter::window_batches(const std::vector<SeriesPane>& panes, ArrivalTime now, std::vector<LogEvent>& events) {
  for (std::span<const SeriesPane> rest(panes); !rest.empty();) {
    const std::size_t length = batch_length(rest);
    append(encode_window_batch(next(now), rest.first(length)), events);
    rest = rest.subspan(length);
  }
}

void EventWriter::source_report(const SourceReport& report, ArrivalTime now, std::vector<LogEvent>& events) {
  append(encode_source_report(next(now), report), events);
}

void EventWriter::heartbeat(const Heartbeat& heartbeat, ArrivalTime now, std::vector<LogEvent>& events) {
  append(encode_heartbeat(next(now), heartbeat), events);
}

}  // namespace tidemark
