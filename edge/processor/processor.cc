#include "edge/processor/processor.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

#include "edge/bytes/assert.h"
#include "edge/processor/apply.h"
#include "edge/processor/decide.h"
#include "edge/stream/fingerprint.h"

namespace tidemark {
namespace {

/// Hash of topic and payload, for rule 29. XXH3 is fast and stable across versions and machines (its specification is
/// frozen since 0.8.0).
std::uint64_t hash_of(const Message& message) {
  const std::uint64_t topic = XXH3_64bits(message.topic.data(), message.topic.size());
  return XXH3_64bits_withSeed(message.payload.data(), message.payload.size(), topic ^ message.payload_size);
}

/// A window may be found idle this much late: event time that advances a little faster than the clock is not looked at
/// anew with every message.
constexpr Duration kIdleSlack = milliseconds(50);

StreamSettings settings_of(const StreamDefinition& definition) {
  StreamSettings settings;
  settings.out_of_orderness = definition.out_of_orderness;
  settings.lateness = definition.lateness;
  settings.idle_timeout = definition.idle_timeout;
  settings.evict_after = definition.evict_after;
  settings.late_flush = definition.late_flush;
  settings.drop_duplicates = definition.drop_duplicates;
  settings.watermark_per_series = definition.watermark_per_series;
  return settings;
}

/// The number of a stream's version where damage took the number before it: minutes since 2020, more than there were
/// versions. (With a clock before 2020 it cannot be told apart, and is 1.)
std::uint32_t version_after_loss(ArrivalTime now) {
  constexpr ArrivalTime k2020{1'577'836'800'000'000'000};
  if (now <= k2020) return 1;
  return 1 + static_cast<std::uint32_t>((now - k2020).ns / minutes(1).ns);
}

}  // namespace

Result<std::unique_ptr<Processor>, DecoderError> Processor::create(ProcessorSettings settings) {
  std::unique_ptr<Processor> processor(new Processor(std::move(settings)));
  std::vector<const TopicTemplate*> templates;
  for (const StreamDefinition& definition : processor->settings_.streams) {
    auto decoder = Decoder::create(definition, processor->settings_.payload);
    if (!decoder) return tl::unexpected(decoder.error());
    templates.push_back(&(*decoder)->topic());
    processor->streams_.push_back({definition, std::move(*decoder), 0, {}});
  }
  processor->topics_ = std::make_unique<TopicIndex>(templates);
  return processor;
}

Group Processor::start(Now now) {
  recovery_.finish();
  for (const auto& source : state_.sources) {
    if (!source) continue;
    source->heard = source->progress.reached = now.monotonic;
    ++unreported_;
    const Duration flush = state_.streams[source->stream].settings.late_flush;
    for (const std::uint32_t id : source->series) {
      Series& series = *state_.series[id];
      series.heard = now.monotonic;
      if (series.progress) series.progress->reached = now.monotonic;
      series.windows.for_each_head([&](const WindowHead& head) {
        if (head.revision > 0 && head.dirty) series.corrections_due = now.monotonic + flush;
      });
      for (PendingDelta& delta : series.deltas) delta.due = now.monotonic + flush;
    }
  }
  Group group;
  for (Stream& stream : streams_) adopt(stream, now, group);
  group.every_shard = !plan_.streams.empty() || recovery_.found_damage();
  for (const auto& source : state_.sources) {
    if (source) schedule(*source);
  }
  finish_group(now, group);
  return group;
}

void Processor::adopt(Stream& stream, Now now, Group& group) {
  const auto known = std::find_if(state_.streams.begin(), state_.streams.end(),
                                  [&](const StreamState& s) { return s.name == stream.definition.name; });
  stream.id = static_cast<std::uint32_t>(known - state_.streams.begin());
  StreamConfigured decision;
  decision.stream = stream.id;
  decision.name = stream.definition.name;
  decision.settings = settings_of(stream.definition);
  decision.fingerprint = fingerprint(stream.definition);
  decision.grid = {stream.definition.window, stream.definition.offset};
  decision.components = stream.definition.components;
  decision.version = recovery_.lost_sources() ? version_after_loss(now.arrival) : 1;
  bool new_version = true;
  if (known != state_.streams.end()) {
    const StreamVersion& current = state_.versions[known->current];
    // Watermarks of another kind begin anew, so what they sealed must be another version's.
    new_version = current.fingerprint != decision.fingerprint ||
                  known->settings.watermark_per_series != decision.settings.watermark_per_series ||
                  recovery_.lost_sources();
    decision.version = current.number + (new_version ? 1 : 0);
    if (!new_version && known->settings == decision.settings) return;
  }
  if (new_version && known != state_.streams.end()) {
    // Rule 9: what the old version holds leaves and is sealed; its series make room.
    for (const auto& source : state_.sources) {
      if (!source || source->stream != stream.id) continue;
      visit(*source, now.monotonic, true, group);
      const auto ids = source->series;
      for (const std::uint32_t id : ids) {
        plan_.dropped.push_back({id});
        apply(state_, plan_.dropped.back());
      }
    }
  }
  plan_.streams.push_back(std::move(decision));
  apply(state_, plan_.streams.back());
}

void Processor::route(const std::vector<StreamRoute>& routes) {
  TIDEMARK_ASSERT(routes.size() == streams_.size());
  for (std::size_t i = 0; i < routes.size(); ++i) streams_[i].route = routes[i];
}

bool Processor::takes_copy(const Stream& stream, std::uint32_t subscription) const {
  const StreamRoute& route = stream.route;
  if (subscription == 0 || route.subscription == 0 || subscription == route.subscription) return true;
  return route.heir && std::none_of(streams_.begin(), streams_.end(),
                                    [&](const Stream& other) { return other.route.subscription == subscription; });
}

void Processor::session_opened(bool session_present) {
  if (session_present) {
    state_.redeliveries.forget_ordinals();
    return;
  }
  plan_.deliveries.push_back({DeliveryChange::Kind::cleared, 0, 0, 0});
  apply(state_, plan_.deliveries.back());
}

void Processor::retire(std::uint64_t ordinal) {
  const std::uint64_t entries = state_.redeliveries.retired_by(ordinal);
  if (entries == 0) return;
  plan_.deliveries.push_back({DeliveryChange::Kind::retired, 0, entries, 0});
  apply(state_, plan_.deliveries.back());
}

void Processor::message(const Message& message, std::uint64_t ordinal, MonotonicTime now) {
  bool redelivered = false;
  if (message.packet_id != 0) {
    const std::uint64_t hash = hash_of(message);
    redelivered = message.duplicate && state_.redeliveries.holds(message.packet_id, hash);
    plan_.deliveries.push_back({DeliveryChange::Kind::taken, message.packet_id, hash, ordinal});
    apply(state_, plan_.deliveries.back());
  }
  bool matched = false;
  topics_->match(message.topic, [&](std::uint32_t stream, std::span<const std::string_view> variables) {
    if (!takes_copy(streams_[stream], message.subscription)) return;
    matched = true;
    take_message(streams_[stream], message, variables, redelivered, now);
  });
  if (matched) return;
  count(Count::Scope::gateway, 0, Counter::received, 1);
  if (redelivered) {
    count(Count::Scope::gateway, 0, Counter::redelivered, 1);
    return;
  }
  count(Count::Scope::gateway, 0, rejected_message(Rejection::unknown_topic), 1);
  keep_dead_letter({}, {}, message, name_of(Rejection::unknown_topic));
}

void Processor::take_message(Stream& stream, const Message& message, std::span<const std::string_view> variables,
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
  const auto rejected = [](const Record& record) { return record.rejection.has_value(); };
  if (std::all_of(decoded_.records.begin(), decoded_.records.end(), rejected)) {
    // An empty array of records is a message without a reading: decoded, and that is all.
    if (!decoded_.records.empty()) {
      reject_message(stream, message, variables, *decoded_.records.front().rejection);
      return;
    }
  }
  take_records(stream, message, now);
}

void Processor::take_records(Stream& stream, const Message& message, MonotonicTime now) {
  // A message belongs to its source; one that speaks of several belongs to the stream, and only its readings to them.
  const std::vector<Record>& records = decoded_.records;
  bool one_source = !records.empty();
  for (const Record& record : records) one_source = one_source && record.source == records.front().source;
  Source* owner = one_source ? source_for(stream, records.front().source) : nullptr;
  if (owner != nullptr) {
    touch(*owner, now);
    take(*owner, 1, 0);
  } else {
    count(Count::Scope::stream, stream.id, Counter::received, 1);
    count(Count::Scope::stream, stream.id, Counter::decoded, 1);
  }
  std::string_view trouble;  // the first reason for which something of the message was not taken
  repeated_.assign(records.size(), false);
  for (std::size_t i = 0; i < records.size(); ++i) {
    const Record& record = records[i];
    Source* source = one_source ? owner : source_for(stream, record.source);
    if (source != nullptr) {
      touch(*source, now);
      repeated_[i] = is_repeated(stream, i, *source, message.arrival);
    }
    const std::string_view reason = take_record(stream, message, record, source, repeated_[i], now);
    if (trouble.empty()) trouble = reason;
  }
  if (!trouble.empty()) keep_dead_letter(stream.definition.name, records.front().source, message, trouble);
}

/// Rule 28 for one record. All records of a message that a source gave one number are one message, wherever they stand
/// in it: the first decides for all.
bool Processor::is_repeated(Stream& stream, std::size_t index, Source& source, ArrivalTime arrival) {
  const std::vector<Record>& records = decoded_.records;
  const Record& record = records[index];
  if (!record.sequence || record.rejection) return false;
  for (std::size_t i = index; i > 0; --i) {
    const Record& before = records[i - 1];
    if (before.sequence == record.sequence && before.source == record.source && !before.rejection) {
      return repeated_[i - 1];
    }
  }
  return repeats_a_number(stream, index, source, arrival);
}

/// Takes the number unless it repeats one.
bool Processor::repeats_a_number(Stream& stream, std::size_t index, Source& source, ArrivalTime arrival) {
  const std::vector<Record>& records = decoded_.records;
  const Record& record = records[index];
  std::uint64_t modulus = stream.definition.sequence_modulus;
  if (modulus != 0 && *record.sequence >= modulus) modulus = 0;
  EventTime newest = EventTime::earliest();
  for (std::size_t i = index; i < records.size(); ++i) {
    if (records[i].sequence != record.sequence || records[i].source != record.source || !records[i].time) continue;
    newest = std::max(newest, *records[i].time + stream.definition.clock_offset);
  }
  // Without a time of the device nothing can be newer; with one that cannot be trusted, neither.
  const Progress& progress = source.progress;
  const bool newer = newest != EventTime::earliest() && newest >= stream.definition.floor &&
                     newest > progress.max_event && progress.max_event != EventTime::earliest() &&
                     newest <= EventTime{arrival.ns} + stream.definition.max_ahead;
  const SequenceVerdict verdict = source.sequence.classify(*record.sequence, modulus, newer);
  if (verdict == SequenceVerdict::duplicate) return true;
  if (verdict == SequenceVerdict::next) {
    const std::uint64_t gap = source.sequence.gap_before(*record.sequence, modulus);
    if (gap > 0) count(Count::Scope::source, source.id, Counter::sequence_gap, gap);
  } else if (verdict == SequenceVerdict::late) {
    count(Count::Scope::source, source.id, Counter::sequence_late, 1);
  } else if (verdict == SequenceVerdict::restarted) {
    count(Count::Scope::source, source.id, Counter::sequence_reset, 1);
  }
  plan_.sequences.push_back({source.id, *record.sequence, modulus, verdict});
  apply(state_, plan_.sequences.back());
  return false;
}

/// Returns the first reason for which something of it was not taken; empty: all of it was, or it was a duplicate.
std::string_view Processor::take_record(Stream& stream, const Message& message, const Record& record, Source* source,
                                        bool duplicate, MonotonicTime now) {
  const auto tell = [&](Counter counter, std::uint32_t n) {
    if (n == 0) return;
    if (source != nullptr) {
      count(Count::Scope::source, source->id, counter, n);
    } else {
      count(Count::Scope::stream, stream.id, counter, n);
    }
  };
  // A rejected record of several counts as one reading at least: something was there, and is not taken.
  const std::uint32_t held = record.rejection ? std::max<std::uint32_t>(1, record.field_count) : record.field_count;
  if (source != nullptr) {
    take(*source, 0, held);
  } else {
    tell(Counter::readings, held);
  }
  if (record.rejection) {
    tell(rejected_reading(*record.rejection), held);
    return name_of(*record.rejection);
  }

  std::string_view trouble;
  std::uint32_t good = 0;
  for (std::uint32_t i = 0; i < record.field_count; ++i) {
    const FieldValue& field = decoded_.fields[record.first_field + i];
    if (!field.rejection) {
      ++good;
      continue;
    }
    tell(rejected_reading(*field.rejection), 1);
    if (trouble.empty()) trouble = name_of(*field.rejection);
  }
  const auto refuse = [&](Rejection reason) {
    tell(rejected_reading(reason), good);
    return good > 0 ? name_of(reason) : trouble;
  };
  if (duplicate) {
    tell(Counter::duplicate, good);
    return trouble;
  }
  if (source == nullptr) return refuse(Rejection::series_limit);

  ClockVerdict clock;
  if (record.time) {
    const EventTime time = *record.time + stream.definition.clock_offset;
    if (time < kEarliestEvent || time > kLatestEvent) return refuse(Rejection::out_of_range);
    clock = decide_clock(stream.definition, time, message.arrival);
  } else {
    // Arrival times are ours: two readings that came in one read share theirs, and are two (rule 30).
    clock.time = {message.arrival.ns};
    clock.flags = CountedReading::kMovesClock | CountedReading::kExempt;
  }
  if (clock.quarantined) {
    tell(Counter::quarantined, good);
    return good > 0 ? "quarantined" : trouble;
  }
  pack_tags(stream, record);
  for (std::uint32_t i = 0; i < record.field_count; ++i) {
    const FieldValue& field = decoded_.fields[record.first_field + i];
    if (field.rejection) continue;
    if (!take_reading(stream, field, *source, clock.time, clock.flags, now) && trouble.empty()) {
      trouble = name_of(Rejection::series_limit);
    }
  }
  return trouble;
}

/// False: there is no room for its series.
bool Processor::take_reading(Stream& stream, const FieldValue& field, Source& source, EventTime time,
                             std::uint8_t flags, MonotonicTime now) {
  Series* series = series_for(stream, field, source);
  if (series == nullptr) {
    count(Count::Scope::source, source.id, rejected_reading(Rejection::series_limit), 1);
    return false;
  }
  series->heard = now;
  const ReadingVerdict verdict = decide_reading(state_, *series, time, field.value, flags);
  if (verdict == ReadingVerdict::duplicate) {
    count(Count::Scope::source, source.id, Counter::duplicate, 1);
    return true;
  }
  const EventTime start = state_.versions[series->version].grid.start_of(time);
  CountedReading reading{series->id, time, field.value, flags};
  if (field.inexact) reading.flags |= CountedReading::kInexact;
  if (verdict == ReadingVerdict::delta) {
    reading.flags |= CountedReading::kDelta;
    source.visit = true;
  } else {
    if (!series->windows.waits(start)) {
      // A new window wants a timer; a pane that is no longer true wants a correction, once some have gathered.
      source.visit = true;
      const bool correction = series->windows.holds(start);
      if (correction) series->corrections_due = std::min(series->corrections_due, now + stream.definition.late_flush);
    }
  }
  plan_.readings.push_back(reading);
  Progress& progress = state_.progress_of(*series);
  const EventTime reached = progress.max_event;
  apply(state_, reading);
  if (progress.max_event > reached) {
    progress.reached = now;
    if (now + (source.next_projection - progress.max_event) + kIdleSlack < source.timer) source.visit = true;
  }
  if (verdict == ReadingVerdict::delta) {
    for (PendingDelta& delta : series->deltas) {
      if (delta.start != start) continue;
      // Accepted in spite of its clock: leaves with this group (rule 12). Else it waits for company (rule 20).
      const bool at_once = (flags & CountedReading::kBadClock) != 0;
      if (at_once) delta.due = now;
      if (delta.due == MonotonicTime{}) delta.due = now + stream.definition.late_flush;
    }
  }
  return true;
}

void Processor::reject_message(Stream& stream, const Message& message, std::span<const std::string_view> variables,
                               Rejection reason) {
  const Source* source = count_unread(stream, message, variables, rejected_message(reason));
  keep_dead_letter(stream.definition.name, source != nullptr ? std::string_view(source->name) : std::string_view(),
                   message, name_of(reason));
}

/// A message whose payload is not looked at, or told nothing, belongs to its source where the topic alone names it. It
/// makes no new source: otherwise hostile topics could fill the memory. Null: it is the stream's.
Source* Processor::count_unread(Stream& stream, const Message& message, std::span<const std::string_view> variables,
                                Counter outcome) {
  Source* source = known_source(stream, stream.decoder->source_by_topic(message, variables));
  const auto scope = source != nullptr ? Count::Scope::source : Count::Scope::stream;
  const std::uint32_t id = source != nullptr ? source->id : stream.id;
  count(scope, id, Counter::received, 1);
  count(scope, id, outcome, 1);
  // Its standing has changed; it was not heard, though: nothing of it came that a window could wait for.
  if (source != nullptr) report_anew(*source);
  return source;
}

void Processor::keep_dead_letter(std::string_view stream, std::string_view source, const Message& message,
                                 std::string_view reason) {
  if (dead_letters_.size() >= kMostDeadLetters) {
    ++dead_letters_skipped_;
    return;
  }
  DeadLetter letter;
  letter.arrival = message.arrival;
  letter.stream = stream;
  letter.source = source;
  letter.topic = message.topic.substr(0, 512);
  letter.reason = reason;
  letter.payload = message.payload.substr(0, 256);
  letter.payload_size = message.payload_size;
  dead_letters_.push_back(std::move(letter));
}

Source* Processor::known_source(const Stream& stream, std::string_view name) const {
  return state_.source_index.find({stream.id, name});
}

Source* Processor::source_for(Stream& stream, std::string_view name) {
  if (name.empty()) return nullptr;
  if (Source* known = known_source(stream, name)) return known;
  if (state_.source_index.size() >= settings_.max_series) return nullptr;
  plan_.sources.push_back({static_cast<std::uint32_t>(state_.sources.size()), stream.id, std::string(name)});
  apply(state_, plan_.sources.back());
  Source* source = state_.sources.back().get();
  source->reported = true;  // touch will say otherwise
  return source;
}

void Processor::pack_tags(const Stream& stream, const Record& record) {
  ByteWriter out;
  const std::vector<std::string>& names = stream.decoder->tag_names();
  tags_.clear();
  for (std::size_t i = 0; i < names.size(); ++i) {
    out.bytes(names[i]);
    out.bytes(decoded_.tags[record.first_tag + i]);
  }
  tags_.assign(out.view());
}

Series* Processor::series_for(Stream& stream, const FieldValue& field, Source& source) {
  const std::uint32_t version = state_.streams[stream.id].current;
  if (Series* known = state_.series_index.find({source.id, version, tags_, field.name})) return known;
  if (state_.series_index.size() >= settings_.max_series) return nullptr;
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
  plan_.series.push_back(std::move(decision));
  apply(state_, plan_.series.back());
  return state_.series.back().get();
}

void Processor::touch(Source& source, MonotonicTime now) {
  source.heard = now;
  report_anew(source);
}

void Processor::report_anew(Source& source) {
  if (source.reported) ++unreported_;
  source.reported = false;
}

void Processor::take(Source& source, std::uint32_t messages, std::uint32_t readings) {
  if (source.taken == 0) {
    plan_.taken.push_back({source.id, 0, 0});
    source.taken = static_cast<std::uint32_t>(plan_.taken.size());
    touched_.push_back(source.id);
  }
  // The group's sum is applied at its end; nothing reads these counters in between.
  plan_.taken[source.taken - 1].messages += messages;
  plan_.taken[source.taken - 1].readings += readings;
}

void Processor::count(Count::Scope scope, std::uint32_t id, Counter counter, std::uint64_t n) {
  const Count decision{scope, id, counter, n};
  apply(state_, decision);
  if (!plan_.counts.empty()) {
    Count& last = plan_.counts.back();
    if (last.scope == scope && last.id == id && last.counter == counter) {
      last.n += n;
      return;
    }
  }
  plan_.counts.push_back(decision);
}

Group Processor::end_group(Now now) {
  Group group;
  plan_.arrival = now.arrival;
  for (const Taken& taken : plan_.taken) apply(state_, taken, plan_.arrival);
  for (const std::uint32_t id : touched_) {
    Source& source = *state_.sources[id];
    source.taken = 0;
    const bool per_series = state_.streams[source.stream].settings.watermark_per_series;
    if (source.visit || per_series || source.progress.watermark >= source.next_due) {
      visit(source, now.monotonic, false, group);
      schedule(source);
    }
  }
  while (!timers_.empty() && timers_.top().due <= now.monotonic) {
    const Timer timer = timers_.top();
    timers_.pop();
    Source* source = state_.find_source(timer.source);
    if (source == nullptr || source->timer != timer.due) continue;
    source->timer = MonotonicTime::latest();
    visit(*source, now.monotonic, false, group);
    schedule(*source);
  }
  finish_group(now, group);
  return group;
}

void Processor::finish_group(Now now, Group& group) {
  plan_.arrival = now.arrival;
  touched_.clear();
  group.dead_letters = std::move(dead_letters_);
  group.dead_letters_skipped = dead_letters_skipped_;
  dead_letters_.clear();
  dead_letters_skipped_ = 0;
  if (!plan_.empty()) {
    group.plan = plan_.encode();
    group.readings = plan_.decoded_readings();
  }
  plan_.clear();
}

void Processor::visit(Source& source, MonotonicTime now, bool all, Group& group) {
  source.visit = false;
  panes_.clear();
  sealed_.clear();
  decide_emissions(state_, source, now, all, panes_, sealed_);
  for (const PaneEmitted& pane : panes_) {
    add_pane(pane, group);
    plan_.panes.push_back(pane);
    apply(state_, pane);
  }
  for (const std::uint32_t id : source.series) {
    Series& series = *state_.series[id];
    if (series.corrections_due <= now) series.corrections_due = MonotonicTime::latest();
  }
  for (const Sealed& sealed : sealed_) {
    plan_.sealed.push_back(sealed);
    apply(state_, sealed);
  }
  if (!panes_.empty() || !sealed_.empty()) {
    if (source.reported) ++unreported_;
    source.reported = false;
  }
}

void Processor::add_pane(const PaneEmitted& emitted, Group& group) {
  const Series& series = *state_.series[emitted.series];
  const Source& source = *state_.sources[series.source];
  const StreamVersion& version = state_.versions[series.version];
  const SeriesLabel& label = *series.label;
  if (group.series != series.id) {
    group.series = series.id;
    group.identities.push_back({state_.streams[source.stream].name, version.number, source.name, tags_json(label.tags),
                                label.field, label.unit, label.kind, version.grid.size});
  }
  Pane pane;
  pane.start = emitted.start;
  pane.kind = emitted.kind;
  if (emitted.kind == PaneKind::delta) {
    const auto delta = std::find_if(series.deltas.begin(), series.deltas.end(),
                                    [&](const PendingDelta& d) { return d.start == emitted.start; });
    TIDEMARK_ASSERT(delta != series.deltas.end());
    pane.flags = delta->flags;
    pane.state = delta->state;
  } else {
    OpenWindow window = series.windows.without_points(emitted.start);
    pane.revision = window.revision + 1;
    pane.flags = window.flags;
    pane.state = std::move(window.state);
  }
  group.pane_storage.push_back(std::move(pane));
  group.panes.push_back({&group.identities.back(), &group.pane_storage.back()});
}

void Processor::schedule(Source& source) {
  const Dues dues = dues_of(state_, source);
  source.next_due = dues.watermark;
  source.next_projection = dues.projection;
  // A timer that comes too early looks again; one that is not set anew with every window keeps the heap small.
  if (dues.time >= source.timer) return;
  source.timer = dues.time;
  timers_.push({dues.time, source.id});
}

MonotonicTime Processor::next_timer() const {
  return timers_.empty() ? MonotonicTime::latest() : timers_.top().due;
}

std::string Processor::shard(std::uint32_t shard) const {
  return encode_shard(state_, shard);
}

}  // namespace tidemark
