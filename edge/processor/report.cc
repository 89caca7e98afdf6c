// Where sources stand, for the log; and tags as text.
#include "edge/processor/processor.h"

namespace tidemark {
namespace {

std::vector<LedgerEntry> entries_of(const Ledger& ledger) {
  std::vector<LedgerEntry> entries;
  for (const auto& [counter, n] : ledger.entries()) entries.push_back({name_of(counter), n});
  return entries;
}

SourceStanding standing_of(const State& state, const Source& source) {
  const StreamState& stream = state.streams[source.stream];
  SourceStanding standing;
  standing.stream = stream.name;
  standing.version = state.versions[stream.current].number;
  standing.source = source.name;
  standing.generation = source.generation;
  if (source.progress.watermark != EventTime::earliest()) standing.watermark = source.progress.watermark;
  if (source.progress.sealed_through != EventTime::earliest()) standing.sealed_through = source.progress.sealed_through;
  standing.last_arrival = source.last_arrival;
  standing.ledger = entries_of(source.ledger);
  return standing;
}

void append_escaped(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20) {
      out += "\\u00";
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

}  // namespace

std::string tags_json(std::string_view packed) {
  std::string out = "{";
  ByteReader in(packed);
  while (!in.at_end() && in.ok()) {
    if (out.size() > 1) out.push_back(',');
    append_escaped(out, in.bytes());
    out.push_back(':');
    append_escaped(out, in.bytes());
  }
  out.push_back('}');
  return out;
}

SourceReport Processor::report(std::size_t most) {
  SourceReport report;
  // The gateway and the streams are few and say what belongs to no source: they are in every report.
  SourceStanding gateway;
  gateway.ledger = entries_of(state_.gateway);
  report.sources.push_back(std::move(gateway));
  for (const StreamState& stream : state_.streams) {
    SourceStanding own;
    own.stream = stream.name;
    own.version = state_.versions[stream.current].number;
    own.ledger = entries_of(stream.own);
    report.sources.push_back(std::move(own));
  }
  std::size_t looked_at = 0;
  while (unreported_ > 0 && most > 0 && looked_at < state_.sources.size()) {
    if (report_at_ >= state_.sources.size()) report_at_ = 0;
    Source* source = state_.sources[report_at_++].get();
    ++looked_at;
    if (source == nullptr || source->reported) continue;
    report.sources.push_back(standing_of(state_, *source));
    source->reported = true;
    --unreported_;
    --most;
  }
  return report;
}

}  // namespace tidemark
