#include "gateway/pipeline/event_writer.h"

#include <algorithm>
#include <utility>

namespace tidemark {
namespace {

/// A record of the log stays well below Kafka's usual limit of 1 MB: about 100 KB.
constexpr std::size_t kMostPanes = 4096;

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
  for (std::size_t i = 0; i < panes.size(); i += kMostPanes) {
    const auto first = panes.begin() + static_cast<std::ptrdiff_t>(i);
    const auto last = panes.begin() + static_cast<std::ptrdiff_t>(std::min(panes.size(), i + kMostPanes));
    append(encode_window_batch(next(now), std::vector<SeriesPane>(first, last)), events);
  }
}

void EventWriter::source_report(const SourceReport& report, ArrivalTime now, std::vector<LogEvent>& events) {
  append(encode_source_report(next(now), report), events);
}

void EventWriter::heartbeat(const Heartbeat& heartbeat, ArrivalTime now, std::vector<LogEvent>& events) {
  append(encode_heartbeat(next(now), heartbeat), events);
}

}  // namespace tidemark
