#include "edge/processor/shard.h"

#include <algorithm>
#include <boost/unordered/unordered_flat_set.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "edge/bytes/byte_reader.h"
#include "edge/bytes/byte_writer.h"

namespace tidemark {
namespace {

constexpr std::uint8_t kFormat = 2;
constexpr std::uint8_t kFirstFormat = 1;  // without suspicions and expired series

bool is_format(std::uint8_t format) {
  return format == kFormat || format == kFirstFormat;
}

std::uint64_t count_of(ByteReader& in) {
  const std::uint64_t n = in.varint();
  if (n > in.remaining()) in.mark_damaged();  // every entry takes a byte at least
  return in.ok() ? n : 0;
}

void encode_progress(ByteWriter& out, const Progress& progress) {
  out.i64(progress.max_event.ns);
  out.i64(progress.watermark.ns);
  out.i64(progress.sealed_through.ns);
}

Progress decode_progress(ByteReader& in) {
  Progress progress;
  progress.max_event = {in.i64()};
  progress.watermark = {in.i64()};
  progress.sealed_through = {in.i64()};
  return progress;
}

void encode_series(ByteWriter& out, const Series& series) {
  out.varint(series.id);
  out.varint(series.version);
  out.bytes(series.label->tags);
  out.bytes(series.label->field);
  out.bytes(series.label->unit);
  out.u8(static_cast<std::uint8_t>(series.label->kind));
  out.i64(series.max_event.ns);
  const bool progressed = series.progress && !series.progress->begins();
  out.u8(progressed ? 1 : 0);
  if (progressed) encode_progress(out, *series.progress);
  series.windows.encode(out);
  out.varint(series.deltas.size());
  for (const PendingDelta& delta : series.deltas) delta.encode(out);
}

struct LoadedSeries {
  std::unique_ptr<Series> series;
  SeriesLabel label;  // given to it when it is inserted
};

LoadedSeries decode_series(ByteReader& in, const State& state) {
  LoadedSeries loaded;
  loaded.series = std::make_unique<Series>();
  Series* series = loaded.series.get();
  series->id = static_cast<std::uint32_t>(in.varint());
  series->version = static_cast<std::uint32_t>(in.varint());
  loaded.label.tags = in.bytes();
  loaded.label.field = in.bytes();
  loaded.label.unit = in.bytes();
  loaded.label.kind = static_cast<FieldKind>(in.u8());
  series->max_event = {in.i64()};
  if (in.u8() != 0) own_progress(*series) = decode_progress(in);
  // A window without its version's components could not be merged: checked here so that apply need not.
  const bool known = series->version < state.versions.size();
  if (!known || loaded.label.kind > FieldKind::state || series->id >= kMostIds) in.mark_damaged();
  const ComponentSet components = known ? state.versions[series->version].components : ComponentSet();
  series->windows = OpenWindows::decode(in, components);
  // No reading is later; a window whose end lies beyond int64 would never be sealed, and be due for ever.
  if (series->windows.last_start_until(EventTime::latest()) > kLatestEvent) in.mark_damaged();
  for (std::uint64_t n = count_of(in); n > 0 && in.ok(); --n) {
    series->deltas.push_back(PendingDelta::decode(in));
    if (!known || !(series->deltas.back().state.kept() == components)) in.mark_damaged();
  }
  return loaded;
}

void encode_source(ByteWriter& out, const State& state, const Source& source) {
  out.varint(source.id);
  out.varint(source.stream);
  out.bytes(source.name);
  out.varint(source.generation);
  encode_progress(out, source.progress);
  out.i64(source.last_arrival.ns);
  source.sequence.encode(out);
  out.u8(source.suspicion ? 1 : 0);
  if (source.suspicion) source.suspicion->encode(out);
  out.i64(source.expired_through.ns);
  source.ledger.encode(out);
  out.varint(source.series.size());
  for (const std::uint32_t id : source.series) encode_series(out, *state.series[id]);
}

struct LoadedSource {
  std::unique_ptr<Source> source;
  std::vector<LoadedSeries> series;
};

LoadedSource decode_source(ByteReader& in, const State& state, std::uint8_t format) {
  LoadedSource loaded;
  loaded.source = std::make_unique<Source>();
  Source& source = *loaded.source;
  source.id = static_cast<std::uint32_t>(in.varint());
  source.stream = static_cast<std::uint32_t>(in.varint());
  source.name = in.bytes();
  source.generation = static_cast<std::uint32_t>(in.varint());
  source.progress = decode_progress(in);
  source.last_arrival = {in.i64()};
  source.sequence = SequenceWindow::decode(in);
  if (format != kFirstFormat) {
    const std::uint8_t suspected = in.u8();
    if (suspected > 1) in.mark_damaged();
    if (suspected == 1) source.suspicion = std::make_unique<ClockSuspicion>(ClockSuspicion::decode(in));
    source.expired_through = {in.i64()};
  }
  source.ledger = Ledger::decode(in);
  if (source.stream >= state.streams.size() || source.id >= kMostIds) in.mark_damaged();
  for (std::uint64_t n = count_of(in); n > 0 && in.ok(); --n) {
    loaded.series.push_back(decode_series(in, state));
    loaded.series.back().series->source = source.id;
  }
  return loaded;
}

std::string encode_gateway(const State& state) {
  ByteWriter out;
  out.u8(kFormat);
  out.varint(state.versions.size());
  for (const StreamVersion& version : state.versions) {
    out.varint(version.stream);
    out.varint(version.number);
    out.bytes(version.fingerprint);
    out.i64(version.grid.size.ns);
    out.i64(version.grid.offset.ns);
    out.varint(version.components.bits());
  }
  out.varint(state.streams.size());
  for (const StreamState& stream : state.streams) {
    out.bytes(stream.name);
    stream.settings.encode(out);
    out.varint(stream.current);
    stream.own.encode(out);
  }
  out.varint(state.sources.size());
  out.varint(state.series.size());
  state.gateway.encode(out);
  state.redeliveries.encode(out);
  return out.take();
}

bool decode_gateway(State& state, std::string_view bytes) {
  ByteReader in(bytes);
  if (!is_format(in.u8())) return false;
  std::vector<StreamVersion> versions;
  for (std::uint64_t n = count_of(in); n > 0 && in.ok(); --n) {
    StreamVersion version;
    version.stream = static_cast<std::uint32_t>(in.varint());
    version.number = static_cast<std::uint32_t>(in.varint());
    version.fingerprint = in.bytes();
    version.grid.size = {in.i64()};
    version.grid.offset = {in.i64()};
    version.components = ComponentSet(static_cast<std::uint32_t>(in.varint()));
    if (version.grid.size.ns <= 0 || (version.components.bits() & ~Parts::kKnown) != 0) in.mark_damaged();
    versions.push_back(std::move(version));
  }
  std::vector<StreamState> streams;
  for (std::uint64_t n = count_of(in); n > 0 && in.ok(); --n) {
    StreamState stream;
    stream.name = in.bytes();
    stream.settings = StreamSettings::decode(in);
    stream.current = static_cast<std::uint32_t>(in.varint());
    stream.own = Ledger::decode(in);
    if (stream.current >= versions.size()) in.mark_damaged();
    streams.push_back(std::move(stream));
  }
  const std::uint64_t sources = in.varint();
  const std::uint64_t series = in.varint();
  const Ledger gateway = Ledger::decode(in);
  Redeliveries redeliveries = Redeliveries::decode(in);
  if (!in.ok() || !in.at_end() || sources > kMostIds || series > kMostIds) return false;
  const auto unknown = [&](const StreamVersion& version) { return version.stream >= streams.size(); };
  if (std::any_of(versions.begin(), versions.end(), unknown)) return false;
  state.versions = std::move(versions);
  state.streams = std::move(streams);
  state.sources.resize(static_cast<std::size_t>(sources));
  state.series.resize(static_cast<std::size_t>(series));
  state.gateway = gateway;
  state.redeliveries = std::move(redeliveries);
  return true;
}

}  // namespace

std::string encode_shard(const State& state, std::uint32_t shard) {
  if (shard == kWholeGatewayShard) return encode_gateway(state);
  ByteWriter out;
  out.u8(kFormat);
  std::uint64_t n = 0;
  for (std::size_t id = shard; id < state.sources.size(); id += kSourceShardCount) n += state.sources[id] ? 1u : 0u;
  out.varint(n);
  for (std::size_t id = shard; id < state.sources.size(); id += kSourceShardCount) {
    if (state.sources[id]) encode_source(out, state, *state.sources[id]);
  }
  return out.take();
}

bool decode_shard(State& state, std::uint32_t shard, std::string_view bytes) {
  if (shard == kWholeGatewayShard) return decode_gateway(state, bytes);
  ByteReader in(bytes);
  const std::uint8_t format = in.u8();
  if (!is_format(format)) return false;
  std::vector<LoadedSource> loaded;
  for (std::uint64_t n = count_of(in); n > 0 && in.ok(); --n) loaded.push_back(decode_source(in, state, format));
  if (!in.ok() || !in.at_end()) return false;
  boost::unordered_flat_set<std::uint32_t> sources;
  boost::unordered_flat_set<std::uint32_t> series;
  for (const LoadedSource& one : loaded) {
    const std::uint32_t id = one.source->id;
    if (shard_of_source(id) != shard || state.find_source(id) != nullptr || !sources.insert(id).second) return false;
    for (const auto& each : one.series) {
      if (state.find_series(each.series->id) != nullptr || !series.insert(each.series->id).second) return false;
    }
  }
  for (LoadedSource& one : loaded) {
    state.insert(std::move(one.source));
    for (LoadedSeries& each : one.series) {
      each.series->label = state.labels.take(each.label.tags, each.label.field, each.label.unit, each.label.kind);
      state.insert(std::move(each.series));
    }
  }
  return true;
}

}  // namespace tidemark
