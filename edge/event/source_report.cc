#include "edge/event/source_report.h"

#include <limits>
#include <map>

#include "edge/bytes/assert.h"
#include "edge/event/record_builder.h"

namespace tidemark {
namespace {

// Stands for "none yet": no time of the format reaches it (kEarliestEvent).
constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::min();

template <typename Time>
std::int64_t write_time(const std::optional<Time>& time) {
  return time ? time->ns : kNone;
}

template <typename Time>
std::optional<Time> read_time(std::int64_t ns) {
  if (ns == kNone) return std::nullopt;
  return Time{ns};
}

tl::unexpected<Failure<EventError>> damaged(std::string_view what) {
  return fail(EventError::damaged, "source report: " + std::string(what));
}

std::string string_of(const flatbuffers::String* text) {
  return text == nullptr ? "" : text->str();
}

// The names of counters repeat for every source, so the budget of text does not bound their copies.
constexpr std::uint64_t kMaxCounterBytes = 4ull * kMaxEventBytes;

bool read_ledger(const log::SourceStanding& standing, const std::vector<std::string>& names, std::uint64_t& copied,
                 std::vector<LedgerEntry>& ledger) {
  const auto* counters = standing.counters();
  const auto* values = standing.values();
  const std::uint32_t count = counters == nullptr ? 0 : counters->size();
  if ((values == nullptr ? 0 : values->size()) != count) return false;
  for (flatbuffers::uoffset_t i = 0; i < count; ++i) {
    if (counters->Get(i) >= names.size()) return false;
    const std::string& name = names[counters->Get(i)];
    copied += name.size() + sizeof(LedgerEntry);
    if (copied > kMaxCounterBytes) return false;
    ledger.push_back({name, values->Get(i)});
  }
  return true;
}

}  // namespace

// The names of the counters are the same for every source, so they are written once and named by number.
std::string encode_source_report(const EventHeader& header, const SourceReport& report) {
  std::map<std::string_view, std::uint32_t> numbers;
  for (const SourceStanding& standing : report.sources) {
    for (const LedgerEntry& entry : standing.ledger) numbers.emplace(entry.counter, 0);
  }
  RecordBuilder out(report.sources.size());
  flatbuffers::FlatBufferBuilder& builder = out.builder();
  std::vector<flatbuffers::Offset<flatbuffers::String>> names;
  for (auto& [name, number] : numbers) {
    number = static_cast<std::uint32_t>(names.size());
    names.push_back(out.text(name));
  }
  std::vector<flatbuffers::Offset<log::SourceStanding>> sources;
  for (const SourceStanding& standing : report.sources) {
    std::vector<std::uint32_t> counters;
    std::vector<std::uint64_t> values;
    for (const LedgerEntry& entry : standing.ledger) {
      counters.push_back(numbers.at(entry.counter));
      values.push_back(entry.value);
    }
    const auto stream = out.text(standing.stream), source = out.text(standing.source);
    const auto counters_at = builder.CreateVector(counters);
    const auto values_at = builder.CreateVector(values);
    sources.push_back(log::CreateSourceStanding(builder, stream, standing.version, source, standing.generation,
                                                write_time(standing.watermark), write_time(standing.sealed_through),
                                                write_time(standing.last_arrival), standing.clock_offset.ns,
                                                counters_at, values_at, write_time(standing.clock_lag)));
  }
  const auto names_at = builder.CreateVector(names);
  const auto sources_at = builder.CreateVector(sources);
  return out.finish(header, log::Body::SourceReport, log::CreateSourceReport(builder, names_at, sources_at).Union());
}

Result<SourceReport, EventError> read_source_report(const EventRecord& record) {
  const log::SourceReport& body = *record.root().body_as_SourceReport();
  TextBudget budget;
  std::vector<std::string> names;
  for (const flatbuffers::String* name : *body.counters()) {
    if (!budget.take(name)) return damaged("a counter's name is not valid text");
    names.push_back(string_of(name));
  }
  SourceReport report;
  std::uint64_t copied = 0;
  for (const log::SourceStanding* standing : *body.sources()) {
    if (!budget.take(standing->stream()) || !budget.take(standing->source()))
      return damaged("a name is not valid text");
    SourceStanding& source = report.sources.emplace_back();
    source.stream = string_of(standing->stream());
    source.version = standing->version();
    source.source = string_of(standing->source());
    source.generation = standing->generation();
    source.watermark = read_time<EventTime>(standing->watermark());
    source.sealed_through = read_time<EventTime>(standing->sealed_through());
    source.last_arrival = read_time<ArrivalTime>(standing->last_arrival());
    source.clock_offset = {standing->clock_offset()};
    source.clock_lag = read_time<Duration>(standing->clock_lag());
    if (!read_ledger(*standing, names, copied, source.ledger)) return damaged("a ledger does not match its counters");
  }
  return report;
}

}  // namespace tidemark
