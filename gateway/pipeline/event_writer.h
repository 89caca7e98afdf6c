// Turns what a group emits into events of the present epoch: numbers them, chains their digest.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "edge/event/event.h"
#include "edge/store/store.h"

namespace tidemark {

class EventWriter {
 public:
  /// `previous_*`: the last event of the log, 0 and 0 when there is none. `epoch` is random, not 0.
  EventWriter(std::string gateway, std::uint64_t epoch, std::uint64_t previous_epoch, std::uint64_t previous_sequence);

  /// Events from now on have at most so many bytes, if that can be had by spreading what is in them over several; 0: no
  /// matter. An event holds at least one pane or one source.
  void limit(std::uint64_t bytes) { limit_ = bytes; }

  /// Panes in as many events as their number asks for, appended to `events`. Events must be committed in the order in
  /// which they were made, or the process must end.
  void window_batches(const std::vector<SeriesPane>& panes, ArrivalTime now, std::vector<LogEvent>& events);
  void source_report(const SourceReport& report, ArrivalTime now, std::vector<LogEvent>& events);
  void heartbeat(const Heartbeat& heartbeat, ArrivalTime now, std::vector<LogEvent>& events);

  [[nodiscard]] std::uint64_t sequence() const { return header_.sequence; }

 private:
  template <typename Item, typename Encode>
  std::size_t append_fitting(std::span<const Item> items, const Encode& encode, std::vector<LogEvent>& events);
  const EventHeader& next(ArrivalTime now);
  void append(std::string bytes, std::vector<LogEvent>& events);

  EventHeader header_;
  std::uint64_t limit_ = 0;
};

}  // namespace tidemark
