// Where sources stand, for the log: which have changed since they were last reported, and the reports.
//
// Every change of a source's counters, marks or clock is told by `changed`. Reports go round the sources in the order
// of their ids, so that a few busy ones never keep the others out.
#pragma once

#include <cstddef>

#include "edge/event/event.h"
#include "edge/processor/state.h"

namespace tidemark {

class Standings {
 public:
  explicit Standings(State& state) : state_(state) {}

  /// After recovery: no source was reported by this process.
  void begin();

  void changed(Source& source) {
    if (source.reported) ++unreported_;
    source.reported = false;
  }
  /// A source that is new in the state.
  void added() { ++unreported_; }

  [[nodiscard]] bool due() const { return unreported_ > 0; }

  /// The gateway, the streams, and at most `most` sources that have changed since their last report.
  SourceReport report(std::size_t most);

 private:
  State& state_;
  std::size_t unreported_ = 0;  // sources whose `reported` is false
  std::size_t next_ = 0;        // id of the source to look at next
};

}  // namespace tidemark
