// The fold of a log (SEMANTICS, rule 21) in a few lines that share nothing with edge/event/fold.h but WindowState: the
// whole pane of the highest revision, and every delta.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "edge/window/pane.h"

namespace tidemark::test {

class ModelFold {
 public:
  struct Window {
    std::uint32_t revision = 0;
    std::uint16_t flags = 0;
    std::optional<WindowState> whole;
    std::optional<WindowState> deltas;

    [[nodiscard]] WindowState state() const {
      WindowState all = whole ? *whole : *deltas;
      if (whole && deltas) all.merge(*deltas);
      return all;
    }
  };
  // Stream, version, source, tags, field, start.
  using Key = std::tuple<std::string, std::uint32_t, std::string, std::string, std::string, std::int64_t>;

  void accept(const SeriesIdentity& series, const Pane& pane) {
    Window& window = windows_[{series.stream, series.version, series.source, series.tags, series.field, pane.start.ns}];
    window.flags |= pane.flags;
    if (pane.kind == PaneKind::delta) {
      if (window.deltas) {
        window.deltas->merge(pane.state);
      } else {
        window.deltas = pane.state;
      }
    } else if (pane.revision > window.revision) {
      window.revision = pane.revision;
      window.whole = pane.state;
    } else {
      // The gateway never takes a revision back nor gives one twice.
      ++conflicts_;
    }
  }

  [[nodiscard]] const std::map<Key, Window>& windows() const { return windows_; }
  [[nodiscard]] std::uint64_t conflicts() const { return conflicts_; }

  /// What is to be equal, as bytes.
  [[nodiscard]] std::string canonical() const {
    ByteWriter out;
    for (const auto& [key, window] : windows_) {
      const auto& [stream, version, source, tags, field, start] = key;
      out.bytes(stream);
      out.varint(version);
      out.bytes(source);
      out.bytes(tags);
      out.bytes(field);
      out.i64(start);
      window.state().encode(out);
    }
    return out.take();
  }

  /// Readings by stream and source.
  [[nodiscard]] std::map<std::pair<std::string, std::string>, std::uint64_t> totals() const {
    std::map<std::pair<std::string, std::string>, std::uint64_t> totals;
    for (const auto& [key, window] : windows_) {
      totals[{std::get<0>(key), std::get<2>(key)}] += window.state().count();
    }
    return totals;
  }

 private:
  std::map<Key, Window> windows_;
  std::uint64_t conflicts_ = 0;
};

}  // namespace tidemark::test
