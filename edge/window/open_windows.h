// The open windows of one series, by start. The one that was touched last is kept unpacked, for that is where the next
// reading goes; the others, seven of eight at default lateness, as the bytes they encode to: a third of the memory.
// What is encoded does not depend on which one that is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "edge/aggregate/component.h"
#include "edge/bytes/byte_reader.h"
#include "edge/bytes/byte_writer.h"
#include "edge/time/instant.h"
#include "edge/value/decimal.h"
#include "edge/window/open_window.h"

namespace tidemark {

class OpenWindows {
 public:
  [[nodiscard]] bool empty() const { return !unpacked_ && packed_.empty(); }
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] bool holds(EventTime start) const;

  /// Whether a window starts there that waits for a pane: it has had none, or has changed since.
  [[nodiscard]] bool waits(EventTime start) const;

  /// A copy. Requires that it is held.
  [[nodiscard]] OpenWindow copy(EventTime start) const;
  /// All of it but its points: what a pane carries. Requires that it is held.
  [[nodiscard]] OpenWindow without_points(EventTime start) const;

  /// Whether the window at `start` holds this point (SEMANTICS, rule 30). False where there is no such window.
  [[nodiscard]] bool contains(EventTime start, Duration since_start, const Decimal& value) const;

  /// The window at `start`, to be changed; made where there is none. Valid until the next call of a member that is not
  /// const.
  OpenWindow& at(EventTime start, ComponentSet components);

  /// A whole pane of the window at `start` left: one more revision, and it waits for nothing. Returns how many of its
  /// readings had not been emitted, which may be negative after damage. Requires that it is held.
  std::int64_t emit(EventTime start);

  /// Windows that start at or before `last` go.
  void erase_through(EventTime last);

  /// Makes every window wait for a pane, `passed_over` revisions on.
  void emit_again(std::uint32_t passed_over);

  /// The least start of all, and the greatest at or before a bound. Latest / earliest: there is none.
  [[nodiscard]] EventTime first_start() const;
  [[nodiscard]] EventTime last_start_until(EventTime bound) const;

  /// Every window in order of start; of one, what a WindowHead says.
  template <typename Visit>
  void for_each_head(Visit&& visit) const {
    bool pending = unpacked_;
    for (std::size_t place = 0; place < packed_.size(); place = after(place)) {
      const WindowHead head = head_at(place);
      if (pending && current_.start < head.start) {
        visit(current_.head());
        pending = false;
      }
      visit(head);
    }
    if (pending) visit(current_.head());
  }

  /// Every window in order of start, at the price of unpacking.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for_each_head([&](const WindowHead& head) { visit(copy(head.start)); });
  }

  /// Number of windows, then each by start.
  void encode(ByteWriter& out) const;
  /// Marks the reader damaged if the windows are not in order or keep other components.
  static OpenWindows decode(ByteReader& in, ComponentSet components);

 private:
  [[nodiscard]] std::string_view encoding(std::size_t place) const;
  [[nodiscard]] std::size_t after(std::size_t place) const;
  [[nodiscard]] WindowHead head_at(std::size_t place) const;
  [[nodiscard]] OpenWindow unpack(std::size_t place, bool with_points) const;
  [[nodiscard]] std::size_t find(EventTime start) const;
  void pack(const OpenWindow& window);
  void replace(std::size_t place, std::size_t size, std::string_view bytes);
  void make_room(std::size_t bytes);
  void erase(std::size_t place);

  bool unpacked_ = false;
  OpenWindow current_;        // if unpacked_; none of the packed ones
  std::vector<char> packed_;  // by start; of each the length of its encoding (a varint) and the encoding
  EventTime last_packed_ = EventTime::earliest();  // none of them starts later
};

}  // namespace tidemark
