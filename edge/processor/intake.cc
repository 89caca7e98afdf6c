#include "edge/processor/intake.h"

#include <algorithm>
#include <utility>

#include "edge/bytes/byte_writer.h"
#include "edge/processor/decide.h"

namespace tidemark {
namespace {

Account account_of(const Source* source, const ConfiguredStream& stream) {
  if (source != nullptr) return {Count::Scope::source, source->id};
  return {Count::Scope::stream, stream.id};
}

/// A rejected record of several counts as one reading at least: something was there, and is not taken.
std::uint32_t readings_in(const Record& record) {
  return record.rejection ? std::max<std::uint32_t>(1, record.field_count) : record.field_count;
}

bool all_rejected(const std::vector<Record>& records) {
  return std::all_of(records.begin(), records.end(), [](const Record& record) { return record.rejection.has_value(); });
}

bool of_one_source(const std::vector<Record>& records) {
  return !records.empty() && std::all_of(records.begin(), records.end(),
                                         [&](const Record& record) { return record.source == records.front().source; });
}

}  // namespace

void Intake::take(ConfiguredStream& stream, const Message& message, std::span<const std::string_view> variables,
                  bool redelivered, MonotonicTime now) {
  if (redelivered) {
    count_unread(stream, message, variables, Counter::redelivered);
    return;
  }
  if (message.retained && !stream.definition.use_retained) {
    reject_message(stream, message, variables, Rejection::retained);
    return;
  }
  stream.decoder->decode(message, variables, decoded_);
  if (decoded_.rejection) {
    reject_message(stream, message, variables, *decoded_.rejection);
    return;
  }
  // An empty array of records is a message without a reading: decoded, and that is all.
  if (!decoded_.records.empty() && all_rejected(decoded_.records)) {
    reject_message(stream, message, variables, *decoded_.records.front().rejection);
    return;
  }
  take_records(stream, message, now);
}

void Intake::take_records(ConfiguredStream& stream, const Message& message, MonotonicTime now) {
  // A message belongs to its source; one that speaks of several belongs to the stream, and only its readings to them.
  const std::vector<Record>& records = decoded_.records;
  const bool one_source = of_one_source(records);
  Source* owner = one_source ? source_for(stream, records.front().source) : nullptr;
  if (owner != nullptr) {
    heard(*owner, now);
    parts_.plan.take(*owner, 1, 0);
  } else {
    parts_.plan.count(account_of(nullptr, stream), Counter::received, 1);
    parts_.plan.count(account_of(nullptr, stream), Counter::decoded, 1);
  }
  std::string_view trouble;  // the first reason for which something of the message was not taken
  numbers_.begin(stream.definition, records);
  clocks_.begin(stream.definition, records);
  for (std::size_t i = 0; i < records.size(); ++i) {
    const Record& record = records[i];
    Source* source = one_source ? owner : source_for(stream, record.source);
    bool duplicate = false;
    if (source != nullptr) {
      heard(*source, now);
      duplicate = numbers_.repeats(i, *source, message.arrival);
      if (!duplicate) clocks_.look(i, *source, message.arrival);
    }
    const std::string_view reason = take_record(stream, record, source, duplicate, message.arrival, now);
    if (trouble.empty()) trouble = reason;
  }
  if (trouble.empty()) return;
  parts_.dead_letters.keep(stream.definition.name, records.front().source, message, trouble);
}

/// Null `source`: there is no room for it. Returns the first reason for which something of the record was not taken;
/// empty: all of it was, or it was a duplicate.
std::string_view Intake::take_record(ConfiguredStream& stream, const Record& record, Source* source, bool duplicate,
                                     ArrivalTime arrival, MonotonicTime now) {
  const auto tell = [&, account = account_of(source, stream)](Counter counter, std::uint32_t n) {
    if (n > 0) parts_.plan.count(account, counter, n);
  };
  const std::uint32_t held = readings_in(record);
  if (source != nullptr) {
    parts_.plan.take(*source, 0, held);
  } else {
    tell(Counter::readings, held);
  }
  if (record.rejection) {
    tell(rejected_reading(*record.rejection), held);
    return name_of(*record.rejection);
  }

  const std::span<const FieldValue> fields(decoded_.fields.data() + record.first_field, record.field_count);
  std::string_view trouble;
  std::uint32_t good = 0;
  for (const FieldValue& field : fields) {
    if (!field.rejection) {
      ++good;
      continue;
    }
    tell(rejected_reading(*field.rejection), 1);
    if (trouble.empty()) trouble = name_of(*field.rejection);
  }
  const RecordVerdict verdict = decide_record(stream.definition, record, source, duplicate, arrival);
  if (verdict.counter) {
    tell(*verdict.counter, good);
    return good > 0 && !verdict.trouble.empty() ? verdict.trouble : trouble;
  }
  pack_tags(stream, record);
  for (const FieldValue& field : fields) {
    if (field.rejection) continue;
    if (!take_reading(stream, field, *source, verdict.clock.time, verdict.clock.flags, now) && trouble.empty()) {
      trouble = name_of(Rejection::series_limit);
    }
  }
  return trouble;
}

/// False: there is no room for its series.
bool Intake::take_reading(ConfiguredStream& stream, const FieldValue& field, Source& source, EventTime time,
                          std::uint8_t flags, MonotonicTime now) {
  Series* series = series_for(stream, field, source);
  if (series == nullptr) {
    parts_.plan.count(account_of(&source, stream), rejected_reading(Rejection::series_limit), 1);
    return false;
  }
  series->heard = now;
  const ReadingVerdict verdict = decide_reading(state_, *series, time, field.value, flags);
  if (verdict == ReadingVerdict::duplicate) {
    parts_.plan.count(account_of(&source, stream), Counter::duplicate, 1);
    return true;
  }
  const bool delta = verdict == ReadingVerdict::delta;
  const EventTime start = state_.versions[series->version].grid.start_of(time);
  CountedReading reading{series->id, time, field.value, flags};
  if (field.inexact) reading.flags |= CountedReading::kInexact;
  if (delta) {
    reading.flags |= CountedReading::kDelta;
  } else {
    parts_.emission.expect_window(source, *series, start, now);
  }
  const bool steps = clocks_.step() && (flags & CountedReading::kMovesClock) != 0;
  if (steps) {
    reading.flags |= CountedReading::kNewGeneration;
    clocks_.took_step();
  }
  Progress& progress = state_.progress_of(*series);
  const EventTime reached = progress.max_event;
  parts_.plan.make(reading);
  if (steps) parts_.emission.expect_generation(source, now);
  if (steps || progress.max_event > reached) parts_.emission.expect_projection(source, progress, now);
  if (delta) {
    const bool at_once = (flags & CountedReading::kBadClock) != 0;
    parts_.emission.expect_delta(source, *series, start, at_once, now);
  }
  return true;
}

void Intake::reject_message(ConfiguredStream& stream, const Message& message,
                            std::span<const std::string_view> variables, Rejection reason) {
  const Source* source = count_unread(stream, message, variables, rejected_message(reason));
  const std::string_view name = source != nullptr ? std::string_view(source->name) : std::string_view();
  parts_.dead_letters.keep(stream.definition.name, name, message, name_of(reason));
}

/// A message whose payload is not looked at, or told nothing, belongs to its source where the topic alone names it. It
/// makes no new source: otherwise hostile topics could fill the memory. Null: it is the stream's.
Source* Intake::count_unread(ConfiguredStream& stream, const Message& message,
                             std::span<const std::string_view> variables, Counter outcome) {
  Source* source = state_.source_index.find({stream.id, stream.decoder->source_by_topic(message, variables)});
  const Account account = account_of(source, stream);
  parts_.plan.count(account, Counter::received, 1);
  parts_.plan.count(account, outcome, 1);
  // Its standing has changed; it was not heard, though: nothing of it came that a window could wait for.
  if (source != nullptr) parts_.standings.changed(*source);
  return source;
}

/// Null: it has no name, or there is no room for it.
Source* Intake::source_for(ConfiguredStream& stream, std::string_view name) {
  if (name.empty()) return nullptr;
  if (Source* known = state_.source_index.find({stream.id, name})) return known;
  if (state_.source_index.size() >= max_series_) return nullptr;
  parts_.plan.make(NewSource{static_cast<std::uint32_t>(state_.sources.size()), stream.id, std::string(name)});
  parts_.standings.added();
  Source& source = *state_.sources.back();
  source.clock_offset = clock_offset_of(stream.definition, name);
  return &source;
}

/// The series of `tags_`. Null: there is no room for it.
Series* Intake::series_for(ConfiguredStream& stream, const FieldValue& field, Source& source) {
  const std::uint32_t version = state_.streams[stream.id].current;
  if (Series* known = state_.series_index.find({source.id, version, tags_, field.name})) return known;
  if (state_.series_index.size() >= max_series_) return nullptr;
  NewSeries decision;
  decision.series = static_cast<std::uint32_t>(state_.series.size());
  decision.source = source.id;
  decision.version = version;
  decision.tags = tags_;
  decision.field = field.name;
  if (field.field >= 0) {
    const FieldDefinition& definition = stream.definition.fields[static_cast<std::size_t>(field.field)];
    decision.unit = definition.unit;
    decision.kind = definition.kind;
  }
  parts_.plan.make(std::move(decision));
  return state_.series.back().get();
}

void Intake::pack_tags(const ConfiguredStream& stream, const Record& record) {
  ByteWriter out;
  const std::vector<std::string>& names = stream.decoder->tag_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    out.bytes(names[i]);
    out.bytes(decoded_.tags[record.first_tag + i]);
  }
  for (std::uint32_t i = 0; i < record.named_tag_count; ++i) {
    const NamedTag& tag = decoded_.named_tags[record.first_tag + i];
    out.bytes(tag.name);
    out.bytes(tag.value);
  }
  tags_.assign(out.view());
}

void Intake::heard(Source& source, MonotonicTime now) {
  source.heard = now;
  parts_.standings.changed(source);
}

}  // namespace tidemark
