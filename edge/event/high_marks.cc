#include "edge/event/high_marks.h"

#include <algorithm>

namespace tidemark {

// The mark moved to this event, or null if the event is a repeat.
EpochMark* HighMarks::advance(const EventHeader& header) {
  EpochMark& mark = epochs_[{header.gateway, header.epoch}];
  if (header.sequence <= mark.last) {
    ++mark.repeats;
    return nullptr;
  }
  const std::uint64_t missing = header.sequence - mark.last - 1;
  mark.missing += missing;
  mark.last = header.sequence;
  // Across a gap the digest cannot be followed: it starts again with what this event says.
  if (missing != 0) mark.digest.reset();
  if (header.previous_epoch != 0) {
    mark.previous_epoch = header.previous_epoch;
    mark.previous_sequence = header.previous_sequence;
  }
  return &mark;
}

bool HighMarks::see(const EventHeader& header) {
  EpochMark* mark = advance(header);
  if (mark == nullptr) return false;
  mark->digest.reset();
  return true;
}

bool HighMarks::see(const EventHeader& header, std::string_view bytes) {
  return see(header, extend_digest(header.digest, bytes));
}

bool HighMarks::see(const EventHeader& header, const Digest& after) {
  EpochMark* mark = advance(header);
  if (mark == nullptr) return false;
  // An epoch's first event has nothing before it.
  if (header.sequence == 1) mark->digest = Digest{};
  if (mark->digest && *mark->digest != header.digest) ++mark->broken;
  mark->digest = after;
  return true;
}

// A backlog may drain behind a newer epoch, so an unfinished one is only damage once the log is at its end.
std::vector<UnfinishedEpoch> HighMarks::unfinished() const {
  std::vector<UnfinishedEpoch> result;
  for (const auto& [key, mark] : epochs_) {
    if (mark.previous_epoch == 0) continue;
    const auto before = epochs_.find({key.first, mark.previous_epoch});
    const std::uint64_t seen = before == epochs_.end() ? 0 : before->second.last;
    if (seen < mark.previous_sequence) result.push_back({key.first, mark.previous_epoch, seen, mark.previous_sequence});
  }
  return result;
}

}  // namespace tidemark
