#include "gateway/uplink/segments.h"

#include <algorithm>
#include <charconv>

#include "edge/bytes/assert.h"

namespace tidemark {
namespace {

/// Takes a number from the front of the text; false: there is none.
bool take_number(std::string_view& text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace

std::optional<Segments> Segments::parse(std::string_view text) {
  Segments out;
  out.segments_.clear();
  std::uint64_t floor = 1;
  for (;;) {
    Segment segment;
    if (!take_number(text, segment.next) || segment.next < floor || !text.starts_with('-')) return std::nullopt;
    text.remove_prefix(1);
    segment.sending = segment.next;
    if (text.empty()) {
      out.segments_.push_back(segment);
      return out;
    }
    if (!take_number(text, segment.end) || segment.end <= segment.next || !text.starts_with(',')) return std::nullopt;
    text.remove_prefix(1);
    floor = segment.end;
    out.segments_.push_back(segment);
  }
}

std::string Segments::text() const {
  std::string out;
  for (const Segment& segment : segments_) {
    out += std::to_string(segment.next) + '-';
    if (segment.end != Segment::kOpen) out += std::to_string(segment.end) + ',';
  }
  return out;
}

void Segments::split(std::uint64_t row) {
  Segment& open = segments_.back();
  TIDEMARK_ASSERT(row >= open.sending);
  if (row == open.next) return;
  open.end = row;
  segments_.push_back({row, Segment::kOpen, row});
}

/// The open one if there is something to send, else the oldest with something to send.
const Segment* Segments::sending_segment(std::uint64_t last) const {
  if (segments_.back().sending <= last) return &segments_.back();
  const auto found = std::find_if(segments_.begin(), std::prev(segments_.end()),
                                  [](const Segment& segment) { return segment.sending < segment.end; });
  return found == std::prev(segments_.end()) ? nullptr : &*found;
}

std::uint64_t Segments::to_send(std::uint64_t last) const {
  const Segment* segment = sending_segment(last);
  return segment == nullptr ? 0 : segment->sending;
}

std::uint64_t Segments::run(std::uint64_t last) const {
  const Segment* segment = sending_segment(last);
  return segment == nullptr ? 0 : std::min(segment->end, last + 1) - segment->sending;
}

std::vector<Segment>::iterator Segments::holding(std::uint64_t row) {
  const auto behind = [&](const Segment& segment) { return row < segment.end; };
  return std::find_if(segments_.begin(), segments_.end(), behind);
}

void Segments::sent(std::uint64_t row) {
  Segment& segment = *holding(row);
  segment.sending = std::max(segment.sending, row + 1);
}

void Segments::acknowledged(std::uint64_t row) {
  const auto segment = holding(row);
  segment->next = std::max(segment->next, row + 1);
  segment->sending = std::max(segment->sending, segment->next);
  if (segment->next == segment->end) segments_.erase(segment);
}

void Segments::rewind() {
  for (Segment& segment : segments_) segment.sending = segment.next;
}

std::uint64_t Segments::waiting(const Segment& segment, std::uint64_t last) {
  const std::uint64_t end = std::min(segment.end, last + 1);
  return end > segment.next ? end - segment.next : 0;
}

std::uint64_t Segments::backlog(std::uint64_t last) const {
  std::uint64_t rows = 0;
  for (const Segment& segment : segments_) rows += waiting(segment, last);
  return rows;
}

std::uint64_t Segments::newest_backlog(std::uint64_t last) const {
  return waiting(segments_.back(), last);
}

}  // namespace tidemark
