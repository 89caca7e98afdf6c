#include "edge/processor/message_numbers.h"

#include <algorithm>

#include "edge/processor/decide.h"

namespace tidemark {
namespace {

/// Whether the newest of the records that share the number of `index` is newer than anything of its source, which no
/// duplicate is. Without a time of the device nothing can be newer; with one that cannot be trusted, neither.
bool is_newer(const StreamDefinition& definition, const std::vector<Record>& records, std::size_t index,
              const Source& source, ArrivalTime arrival) {
  const Progress& progress = source.progress;
  const Record& record = records[index];
  EventTime newest = EventTime::earliest();
  for (std::size_t i = index; i < records.size(); ++i) {
    if (records[i].sequence != record.sequence || records[i].source != record.source || !records[i].time) continue;
    newest = std::max(newest, event_time_of(records[i], source));
  }
  return newest != EventTime::earliest() && newest >= definition.floor && newest > progress.max_event &&
         progress.max_event != EventTime::earliest() && newest <= EventTime{arrival.ns} + definition.max_ahead;
}

}  // namespace

void MessageNumbers::begin(const StreamDefinition& definition, const std::vector<Record>& records) {
  definition_ = &definition;
  records_ = &records;
  repeated_.assign(records.size(), false);
}

bool MessageNumbers::repeats(std::size_t index, Source& source, ArrivalTime arrival) {
  const Record& record = (*records_)[index];
  if (!record.sequence || record.rejection) return false;
  for (std::size_t i = index; i > 0; --i) {
    const Record& before = (*records_)[i - 1];
    if (before.sequence == record.sequence && before.source == record.source && !before.rejection) {
      return repeated_[index] = repeated_[i - 1];
    }
  }
  return repeated_[index] = decide(index, source, arrival);
}

bool MessageNumbers::decide(std::size_t index, Source& source, ArrivalTime arrival) {
  const std::uint64_t number = *(*records_)[index].sequence;
  std::uint64_t modulus = definition_->sequence_modulus;
  if (modulus != 0 && number >= modulus) modulus = 0;
  const bool newer = is_newer(*definition_, *records_, index, source, arrival);
  const SequenceVerdict verdict = source.sequence.classify(number, modulus, newer);
  if (verdict == SequenceVerdict::duplicate) return true;
  const Account account{Count::Scope::source, source.id};
  if (verdict == SequenceVerdict::next) {
    const std::uint64_t gap = source.sequence.gap_before(number, modulus);
    if (gap > 0) plan_.count(account, Counter::sequence_gap, gap);
  } else if (verdict == SequenceVerdict::late) {
    plan_.count(account, Counter::sequence_late, 1);
  } else if (verdict == SequenceVerdict::restarted) {
    plan_.count(account, Counter::sequence_reset, 1);
  }
  plan_.make(SequenceTaken{source.id, number, modulus, verdict});
  return false;
}

}  // namespace tidemark
