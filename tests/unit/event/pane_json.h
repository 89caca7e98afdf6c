// Panes as JSON lines, as tests/system/event_reader.py prints them: decimals as text, everything else as whole numbers.
#pragma once

#include <string>

#include "edge/event/event.h"

namespace tidemark::pane_json {

inline std::string text(const std::string& value) {
  std::string quoted = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  return quoted + "\"";
}

inline std::string hex(const Digest& digest) {
  std::string result;
  for (const std::uint8_t byte : digest) {
    for (const int nibble : {byte >> 4, byte & 15}) result.push_back("0123456789abcdef"[nibble]);
  }
  return result;
}

inline std::string line(const EventHeader& header) {
  return "{\"gateway\":" + text(header.gateway) + ",\"epoch\":" + std::to_string(header.epoch) +
         ",\"sequence\":" + std::to_string(header.sequence) +
         ",\"previous_epoch\":" + std::to_string(header.previous_epoch) +
         ",\"previous_sequence\":" + std::to_string(header.previous_sequence) +
         ",\"digest\":" + text(hex(header.digest)) + ",\"committed_at\":" + std::to_string(header.committed_at.ns) +
         "}";
}

inline std::string line(const SeriesIdentity& series, const Pane& pane) {
  constexpr const char* kKinds[] = {"gauge", "counter", "state"};
  const WindowState& state = pane.state;
  std::string out =
      "{\"stream\":" + text(series.stream) + ",\"version\":" + std::to_string(series.version) +
      ",\"source\":" + text(series.source) + ",\"tags\":" + text(series.tags) + ",\"field\":" + text(series.field) +
      ",\"unit\":" + text(series.unit) + ",\"kind\":" + text(kKinds[static_cast<int>(series.kind)]) +
      ",\"size\":" + std::to_string(series.size.ns) + ",\"start\":" + std::to_string(pane.start.ns) +
      ",\"revision\":" + std::to_string(pane.revision) + ",\"pane\":" + text(std::string(name_of(pane.kind))) +
      ",\"flags\":" + std::to_string(pane.flags) + ",\"count\":" + std::to_string(state.count());
  if (state.kept().has(Component::sum)) out += ",\"sum\":" + text(to_string(state.sum().value()));
  if (state.kept().has(Component::squares)) out += ",\"squares\":" + text(to_string(state.squares().value()));
  if (state.kept().has(Component::extremes)) {
    out += ",\"min\":" + text(to_string(state.extremes().min)) + ",\"max\":" + text(to_string(state.extremes().max));
  }
  if (state.kept().has(Component::endpoints)) {
    const Endpoints ends = state.endpoints();
    out += ",\"first\":" + text(to_string(ends.first)) + ",\"first_time\":" + std::to_string(ends.first_time.ns) +
           ",\"last\":" + text(to_string(ends.last)) + ",\"last_time\":" + std::to_string(ends.last_time.ns);
  }
  return out + "}";
}

}  // namespace tidemark::pane_json
