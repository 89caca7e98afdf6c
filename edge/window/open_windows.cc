#include "edge/window/open_windows.h"

#include <algorithm>
#include <utility>

#include "edge/bytes/assert.h"

namespace tidemark {

std::string_view OpenWindows::encoding(std::size_t place) const {
  ByteReader in({packed_.data() + place, packed_.size() - place});
  return in.bytes();
}

std::size_t OpenWindows::after(std::size_t place) const {
  const std::string_view bytes = encoding(place);
  return static_cast<std::size_t>(bytes.data() + bytes.size() - packed_.data());
}

WindowHead OpenWindows::head_at(std::size_t place) const {
  ByteReader in(encoding(place));
  return WindowHead::decode(in);
}

/// What is packed was encoded here: it is not held against its canonical form as bytes from a disk are.
OpenWindow OpenWindows::unpack(std::size_t place, bool with_points) const {
  ByteReader in(encoding(place));
  OpenWindow window = OpenWindow::decode_standing(in);
  window.state = WindowState::unpack(in);
  if (with_points) window.points = Points::decode(in);
  TIDEMARK_ASSERT(in.ok() && in.at_end() == with_points);
  return window;
}

/// packed_.size(): no packed one starts there.
std::size_t OpenWindows::find(EventTime start) const {
  if (start > last_packed_) return packed_.size();
  std::size_t place = 0;
  while (place < packed_.size()) {
    const EventTime here = head_at(place).start;
    if (here == start) return place;
    if (here > start) break;
    place = after(place);
  }
  return packed_.size();
}

void OpenWindows::pack(const OpenWindow& window) {
  ByteWriter body;
  window.encode(body);
  ByteWriter out;
  out.bytes(body.view());
  std::size_t place = window.start > last_packed_ ? packed_.size() : 0;
  while (place < packed_.size() && head_at(place).start < window.start) place = after(place);
  last_packed_ = std::max(last_packed_, window.start);
  make_room(out.size());
  packed_.insert(packed_.begin() + static_cast<std::ptrdiff_t>(place), out.view().begin(), out.view().end());
}

void OpenWindows::replace(std::size_t place, std::size_t size, std::string_view bytes) {
  const std::size_t kept = std::min(size, bytes.size());
  if (bytes.size() > size) make_room(bytes.size() - size);
  const auto at = std::copy_n(bytes.begin(), kept, packed_.begin() + static_cast<std::ptrdiff_t>(place));
  packed_.erase(at, at + static_cast<std::ptrdiff_t>(size - kept));
  packed_.insert(at, bytes.begin() + static_cast<std::ptrdiff_t>(kept), bytes.end());
}

/// For so many bytes more, in small steps: doubling would cost as much again.
void OpenWindows::make_room(std::size_t bytes) {
  constexpr std::size_t kStep = 16;
  const std::size_t needed = packed_.size() + bytes;
  if (needed > packed_.capacity()) packed_.reserve(needed + needed / 32 + kStep);
}

void OpenWindows::erase(std::size_t place) {
  const auto first = packed_.begin() + static_cast<std::ptrdiff_t>(place);
  packed_.erase(first, packed_.begin() + static_cast<std::ptrdiff_t>(after(place)));
}

std::size_t OpenWindows::size() const {
  std::size_t n = unpacked_ ? 1 : 0;
  for (std::size_t place = 0; place < packed_.size(); place = after(place)) ++n;
  return n;
}

bool OpenWindows::holds(EventTime start) const {
  return (unpacked_ && current_.start == start) || find(start) != packed_.size();
}

bool OpenWindows::waits(EventTime start) const {
  if (unpacked_ && current_.start == start) return current_.head().waits();
  const std::size_t place = find(start);
  return place != packed_.size() && head_at(place).waits();
}

OpenWindow OpenWindows::copy(EventTime start) const {
  if (unpacked_ && current_.start == start) return current_;
  const std::size_t place = find(start);
  TIDEMARK_ASSERT(place != packed_.size());
  return unpack(place, true);
}

OpenWindow OpenWindows::without_points(EventTime start) const {
  if (!unpacked_ || current_.start != start) {
    const std::size_t place = find(start);
    TIDEMARK_ASSERT(place != packed_.size());
    return unpack(place, false);
  }
  OpenWindow window;
  window.start = current_.start;
  window.revision = current_.revision;
  window.flags = current_.flags;
  window.dirty = current_.dirty;
  window.emitted = current_.emitted;
  window.state = current_.state;
  return window;
}

bool OpenWindows::contains(EventTime start, Duration since_start, const Decimal& value) const {
  if (unpacked_ && current_.start == start) return current_.points.contains(since_start, value);
  const std::size_t place = find(start);
  return place != packed_.size() && unpack(place, true).points.contains(since_start, value);
}

OpenWindow& OpenWindows::at(EventTime start, ComponentSet components) {
  if (unpacked_ && current_.start == start) return current_;
  if (unpacked_) pack(current_);
  unpacked_ = true;
  const std::size_t place = find(start);
  if (place != packed_.size()) {
    current_ = unpack(place, true);
    erase(place);
    return current_;
  }
  // Not a new object: its points keep their memory for the next window.
  current_.start = start;
  current_.emitted = 0;
  current_.revision = 0;
  current_.flags = 0;
  current_.dirty = false;
  current_.state = WindowState(components);
  current_.points.clear();
  return current_;
}

std::int64_t OpenWindows::emit(EventTime start) {
  if (unpacked_ && current_.start == start) return current_.emit(current_.state.count());
  const std::size_t place = find(start);
  TIDEMARK_ASSERT(place != packed_.size());
  // Only what stands before the state changes: the rest of the bytes is carried over as it is.
  ByteReader in(encoding(place));
  OpenWindow window = OpenWindow::decode_standing(in);
  const std::string_view rest = in.raw(in.remaining());
  const std::int64_t fresh = window.emit(WindowState::count_of(rest));
  ByteWriter body;
  window.encode_standing(body);
  ByteWriter head;
  head.varint(body.size() + rest.size());
  head.raw(body.view());
  const auto old_size = static_cast<std::size_t>(rest.data() - packed_.data()) - place;
  replace(place, old_size, head.view());
  return fresh;
}

void OpenWindows::erase_through(EventTime last) {
  if (unpacked_ && current_.start <= last) unpacked_ = false;
  std::size_t place = 0;
  while (place < packed_.size() && head_at(place).start <= last) place = after(place);
  packed_.erase(packed_.begin(), packed_.begin() + static_cast<std::ptrdiff_t>(place));
  if (packed_.empty()) last_packed_ = EventTime::earliest();
  // A burst of late readings, or a large window, must not hold its memory for good.
  constexpr std::size_t kMuch = 1'024;
  if (packed_.capacity() > kMuch && packed_.capacity() / 4 > packed_.size()) packed_.shrink_to_fit();
}

void OpenWindows::emit_again(std::uint32_t passed_over) {
  std::vector<EventTime> starts;
  for_each_head([&](const WindowHead& head) { starts.push_back(head.start); });
  for (const EventTime start : starts) {
    OpenWindow& window = at(start, {});
    window.revision += passed_over;
    window.dirty = true;
  }
}

EventTime OpenWindows::first_start() const {
  EventTime first = unpacked_ ? current_.start : EventTime::latest();
  if (!packed_.empty()) first = std::min(first, head_at(0).start);
  return first;
}

EventTime OpenWindows::last_start_until(EventTime bound) const {
  EventTime last = unpacked_ && current_.start <= bound ? current_.start : EventTime::earliest();
  for (std::size_t place = 0; place < packed_.size(); place = after(place)) {
    const EventTime start = head_at(place).start;
    if (start > bound) break;
    last = std::max(last, start);
  }
  return last;
}

void OpenWindows::encode(ByteWriter& out) const {
  out.varint(size());
  bool pending = unpacked_;
  for (std::size_t place = 0; place < packed_.size(); place = after(place)) {
    if (pending && current_.start < head_at(place).start) {
      current_.encode(out);
      pending = false;
    }
    out.raw(encoding(place));
  }
  if (pending) current_.encode(out);
}

OpenWindows OpenWindows::decode(ByteReader& in, ComponentSet components) {
  OpenWindows windows;
  EventTime last = EventTime::earliest();
  std::uint64_t n = in.varint();
  if (n > in.remaining()) in.mark_damaged();  // each takes a byte at least
  for (; n > 0 && in.ok(); --n) {
    const OpenWindow window = OpenWindow::decode(in);
    if (window.start <= last || !(window.state.kept() == components)) in.mark_damaged();
    last = window.start;
    if (in.ok()) windows.pack(window);
  }
  return windows;
}

}  // namespace tidemark
