#include "gateway/pipeline/event_writer.h"

#include <algorithm>
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

/// One event of as many items at the front as fit; returns how many. How large an event becomes shows when it is
/// written: what is too large is written again with fewer.
template <typename Item, typename Encode>
std::size_t EventWriter::append_fitting(std::span<const Item> items, const Encode& encode,
                                        std::vector<LogEvent>& events) {
  std::size_t length = items.size();
  std::string bytes = encode(items);
  while (limit_ != 0 && bytes.size() > limit_ && length > 1) {
    // An eighth less than their share, because names and frame do not shrink with the number.
    const double share = 0.875 * static_cast<double>(limit_) / static_cast<double>(bytes.size());
    const auto fewer = static_cast<std::size_t>(share * static_cast<double>(length));
    length = std::clamp<std::size_t>(fewer, 1, length - 1);
    bytes = encode(items.first(length));
  }
  append(std::move(bytes), events);
  return length;
}

void EventWriter::window_batches(const std::vector<SeriesPane>& panes, ArrivalTime now, std::vector<LogEvent>& events) {
  std::size_t most = kMostPanes;
  for (std::span<const SeriesPane> rest(panes); !rest.empty();) {
    const EventHeader& header = next(now);
    const std::size_t wanted = std::min(batch_length(rest), most);
    const std::size_t length = append_fitting(
        rest.first(wanted), [&](std::span<const SeriesPane> part) { return encode_window_batch(header, part); },
        events);
    // The panes that follow are much like these.
    if (length < wanted) most = length + length / 4 + 1;
    rest = rest.subspan(length);
  }
}

void EventWriter::source_report(const SourceReport& report, ArrivalTime now, std::vector<LogEvent>& events) {
  std::span<const SourceStanding> rest(report.sources);
  do {
    const EventHeader& header = next(now);
    const auto encode = [&](std::span<const SourceStanding> part) {
      return encode_source_report(header, SourceReport{{part.begin(), part.end()}});
    };
    rest = rest.subspan(append_fitting(rest, encode, events));
  } while (!rest.empty());
}

void EventWriter::heartbeat(const Heartbeat& heartbeat, ArrivalTime now, std::vector<LogEvent>& events) {
  append(encode_heartbeat(next(now), heartbeat), events);
}

}  // namespace tidemark
