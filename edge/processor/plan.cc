#include "edge/processor/plan.h"

#include <array>

#include "edge/bytes/byte_reader.h"
#include "edge/bytes/byte_writer.h"

namespace tidemark {
namespace {

constexpr std::uint8_t kFormat = 2;
constexpr std::uint8_t kFirstFormat = 1;  // without suspicions and expired series; journals may still hold it

/// A plan of one group cannot hold more; a larger count is damage, and must not be allocated.
constexpr std::uint64_t kMostEntries = 4'000'000;

std::uint64_t count_of(ByteReader& in) {
  const std::uint64_t n = in.varint();
  // Every entry takes a byte at least.
  if (n > kMostEntries || n > in.remaining()) in.mark_damaged();
  return in.ok() ? n : 0;
}

constexpr std::array<std::int64_t, 4> kUnits = {1'000'000'000, 1'000'000, 1'000, 1};

/// Columns, not rows: each compresses by its own pattern.
void encode_readings(ByteWriter& out, const std::vector<CountedReading>& readings) {
  out.varint(readings.size());
  std::int64_t before = 0;
  for (const CountedReading& r : readings) {
    out.svarint(static_cast<std::int64_t>(r.series) - before);
    before = r.series;
  }
  for (const CountedReading& r : readings) out.u8(r.flags);
  for (const CountedReading& r : readings) out.svarint(r.value.exponent);
  for (const CountedReading& r : readings) out.svarint(r.value.coefficient);
  std::size_t unit = 0;
  for (const CountedReading& r : readings) {
    while (r.time.ns % kUnits[unit] != 0) ++unit;
  }
  out.u8(static_cast<std::uint8_t>(unit));
  before = 0;
  for (const CountedReading& r : readings) {
    const std::int64_t time = r.time.ns / kUnits[unit];
    out.svarint(time - before);
    before = time;
  }
}

void decode_readings(ByteReader& in, std::vector<CountedReading>& readings) {
  readings.resize(count_of(in));
  std::int64_t before = 0;
  for (CountedReading& r : readings) {
    before = saturating_add(before, in.svarint());
    r.series = static_cast<std::uint32_t>(before);
  }
  for (CountedReading& r : readings) {
    r.flags = in.u8();
    if (r.flags > CountedReading::kKnown) in.mark_damaged();
  }
  for (CountedReading& r : readings) {
    const std::int64_t exponent = in.svarint();
    if (exponent < kLeastExponent || exponent > kGreatestExponent) in.mark_damaged();
    r.value.exponent = in.ok() ? static_cast<std::int32_t>(exponent) : 0;
  }
  for (CountedReading& r : readings) {
    r.value.coefficient = in.svarint();
    constexpr std::int64_t bound = 1'000'000'000'000'000'000;
    if (r.value.coefficient >= bound || r.value.coefficient <= -bound) in.mark_damaged();
  }
  const std::uint8_t unit = in.u8();
  if (unit >= kUnits.size()) {
    in.mark_damaged();
    return;
  }
  before = 0;
  for (CountedReading& r : readings) {
    before = saturating_add(before, in.svarint());
    if (__builtin_mul_overflow(before, kUnits[unit], &r.time.ns) || r.time < kEarliestEvent || r.time > kLatestEvent) {
      in.mark_damaged();
      return;
    }
  }
}

void encode_definitions(ByteWriter& out, const Plan& plan) {
  out.varint(plan.streams.size());
  for (const StreamConfigured& s : plan.streams) {
    out.varint(s.stream);
    out.bytes(s.name);
    s.settings.encode(out);
    out.varint(s.version);
    out.bytes(s.fingerprint);
    out.i64(s.grid.size.ns);
    out.i64(s.grid.offset.ns);
    out.varint(s.components.bits());
  }
  out.varint(plan.sources.size());
  for (const NewSource& s : plan.sources) {
    out.varint(s.source);
    out.varint(s.stream);
    out.bytes(s.name);
  }
  out.varint(plan.series.size());
  for (const NewSeries& s : plan.series) {
    out.varint(s.series);
    out.varint(s.source);
    out.varint(s.version);
    out.bytes(s.tags);
    out.bytes(s.field);
    out.bytes(s.unit);
    out.u8(static_cast<std::uint8_t>(s.kind));
  }
}

void decode_definitions(ByteReader& in, Plan& plan) {
  plan.streams.resize(count_of(in));
  for (StreamConfigured& s : plan.streams) {
    s.stream = static_cast<std::uint32_t>(in.varint());
    s.name = in.bytes();
    s.settings = StreamSettings::decode(in);
    s.version = static_cast<std::uint32_t>(in.varint());
    s.fingerprint = in.bytes();
    s.grid.size = {in.i64()};
    s.grid.offset = {in.i64()};
    s.components = ComponentSet(static_cast<std::uint32_t>(in.varint()));
    if (s.grid.size.ns <= 0 || (s.components.bits() & ~Parts::kKnown) != 0) in.mark_damaged();
  }
  plan.sources.resize(count_of(in));
  for (NewSource& s : plan.sources) {
    s.source = static_cast<std::uint32_t>(in.varint());
    s.stream = static_cast<std::uint32_t>(in.varint());
    s.name = in.bytes();
    if (s.source >= kMostIds) in.mark_damaged();
  }
  plan.series.resize(count_of(in));
  for (NewSeries& s : plan.series) {
    s.series = static_cast<std::uint32_t>(in.varint());
    s.source = static_cast<std::uint32_t>(in.varint());
    s.version = static_cast<std::uint32_t>(in.varint());
    s.tags = in.bytes();
    s.field = in.bytes();
    s.unit = in.bytes();
    s.kind = static_cast<FieldKind>(in.u8());
    if (s.kind > FieldKind::state || s.series >= kMostIds) in.mark_damaged();
  }
}

void encode_deliveries(ByteWriter& out, const std::vector<DeliveryChange>& deliveries) {
  out.varint(deliveries.size());
  for (const DeliveryChange& d : deliveries) out.u8(static_cast<std::uint8_t>(d.kind));
  std::int64_t before = 0;
  for (const DeliveryChange& d : deliveries) {
    if (d.kind != DeliveryChange::Kind::taken) continue;
    out.svarint(static_cast<std::int64_t>(d.packet_id) - before);
    before = d.packet_id;
  }
  for (const DeliveryChange& d : deliveries) out.u64(d.value);
}

void decode_deliveries(ByteReader& in, std::vector<DeliveryChange>& deliveries) {
  deliveries.resize(count_of(in));
  for (DeliveryChange& d : deliveries) {
    const std::uint8_t kind = in.u8();
    if (kind > 2) in.mark_damaged();
    d.kind = static_cast<DeliveryChange::Kind>(kind);
  }
  std::int64_t before = 0;
  for (DeliveryChange& d : deliveries) {
    if (d.kind != DeliveryChange::Kind::taken) continue;
    before = saturating_add(before, in.svarint());
    d.packet_id = static_cast<std::uint16_t>(before);
  }
  for (DeliveryChange& d : deliveries) d.value = in.u64();
}

void encode_counts(ByteWriter& out, const Plan& plan) {
  out.varint(plan.taken.size());
  std::int64_t before = 0;
  for (const Taken& t : plan.taken) {
    out.svarint(static_cast<std::int64_t>(t.source) - before);
    before = t.source;
  }
  for (const Taken& t : plan.taken) out.varint(t.messages);
  for (const Taken& t : plan.taken) out.varint(t.readings);
  out.varint(plan.counts.size());
  for (const Count& c : plan.counts) {
    out.u8(static_cast<std::uint8_t>(c.scope));
    out.varint(c.id);
    out.u8(static_cast<std::uint8_t>(c.counter));
    out.varint(c.n);
  }
  out.varint(plan.sequences.size());
  before = 0;
  for (const SequenceTaken& s : plan.sequences) {
    out.svarint(static_cast<std::int64_t>(s.source) - before);
    before = s.source;
  }
  for (const SequenceTaken& s : plan.sequences) out.u8(static_cast<std::uint8_t>(s.verdict));
  for (const SequenceTaken& s : plan.sequences) out.varint(s.modulus);
  for (const SequenceTaken& s : plan.sequences) out.varint(s.number);
}

void decode_counts(ByteReader& in, Plan& plan) {
  plan.taken.resize(count_of(in));
  std::int64_t before = 0;
  for (Taken& t : plan.taken) {
    before = saturating_add(before, in.svarint());
    t.source = static_cast<std::uint32_t>(before);
  }
  for (Taken& t : plan.taken) t.messages = static_cast<std::uint32_t>(in.varint());
  for (Taken& t : plan.taken) t.readings = static_cast<std::uint32_t>(in.varint());
  plan.counts.resize(count_of(in));
  for (Count& c : plan.counts) {
    const std::uint8_t scope = in.u8();
    c.id = static_cast<std::uint32_t>(in.varint());
    const std::uint8_t counter = in.u8();
    c.n = in.varint();
    if (scope > 2 || !is_counter(counter)) in.mark_damaged();
    c.scope = static_cast<Count::Scope>(scope);
    c.counter = static_cast<Counter>(counter);
  }
  plan.sequences.resize(count_of(in));
  before = 0;
  for (SequenceTaken& s : plan.sequences) {
    before = saturating_add(before, in.svarint());
    s.source = static_cast<std::uint32_t>(before);
  }
  for (SequenceTaken& s : plan.sequences) {
    const std::uint8_t verdict = in.u8();
    if (verdict > static_cast<std::uint8_t>(SequenceVerdict::unknown)) in.mark_damaged();
    s.verdict = static_cast<SequenceVerdict>(verdict);
  }
  for (SequenceTaken& s : plan.sequences) s.modulus = in.varint();
  for (SequenceTaken& s : plan.sequences) s.number = in.varint();
}

void encode_suspicions(ByteWriter& out, const std::vector<ClockSuspected>& suspicions) {
  out.varint(suspicions.size());
  for (const ClockSuspected& s : suspicions) {
    out.varint(s.source);
    out.u8(s.suspicion ? 1 : 0);
    if (s.suspicion) s.suspicion->encode(out);
  }
}

void decode_suspicions(ByteReader& in, std::vector<ClockSuspected>& suspicions) {
  suspicions.resize(count_of(in));
  for (ClockSuspected& s : suspicions) {
    s.source = static_cast<std::uint32_t>(in.varint());
    const std::uint8_t there = in.u8();
    if (there > 1) in.mark_damaged();
    if (there == 1) s.suspicion = ClockSuspicion::decode(in);
  }
}

void encode_endings(ByteWriter& out, const Plan& plan) {
  out.varint(plan.panes.size());
  std::int64_t before = 0;
  for (const PaneEmitted& p : plan.panes) {
    out.svarint(static_cast<std::int64_t>(p.series) - before);
    before = p.series;
  }
  for (const PaneEmitted& p : plan.panes) out.u8(static_cast<std::uint8_t>(p.kind));
  before = 0;
  for (const PaneEmitted& p : plan.panes) {
    out.svarint(saturating_subtract(p.start.ns, before));
    before = p.start.ns;
  }
  out.varint(plan.sealed.size());
  before = 0;
  for (const Sealed& s : plan.sealed) {
    out.u8(s.one_series ? 1 : 0);
    out.varint(s.id);
    out.svarint(saturating_subtract(s.through.ns, before));
    before = s.through.ns;
  }
  out.varint(plan.dropped.size());
  for (const SeriesDropped& d : plan.dropped) {
    out.varint(d.series);
    out.u8(d.expired ? 1 : 0);
  }
}

void decode_endings(ByteReader& in, Plan& plan, std::uint8_t format) {
  plan.panes.resize(count_of(in));
  std::int64_t before = 0;
  for (PaneEmitted& p : plan.panes) {
    before = saturating_add(before, in.svarint());
    p.series = static_cast<std::uint32_t>(before);
  }
  for (PaneEmitted& p : plan.panes) {
    const std::uint8_t kind = in.u8();
    if (kind > static_cast<std::uint8_t>(PaneKind::delta)) in.mark_damaged();
    p.kind = static_cast<PaneKind>(kind);
  }
  before = 0;
  for (PaneEmitted& p : plan.panes) {
    before = saturating_add(before, in.svarint());
    p.start = {before};
  }
  plan.sealed.resize(count_of(in));
  before = 0;
  for (Sealed& s : plan.sealed) {
    s.one_series = in.u8() != 0;
    s.id = static_cast<std::uint32_t>(in.varint());
    before = saturating_add(before, in.svarint());
    s.through = {before};
  }
  plan.dropped.resize(count_of(in));
  for (SeriesDropped& d : plan.dropped) {
    d.series = static_cast<std::uint32_t>(in.varint());
    const std::uint8_t expired = format == kFirstFormat ? std::uint8_t{0} : in.u8();
    if (expired > 1) in.mark_damaged();
    d.expired = expired == 1;
  }
}

}  // namespace

void StreamSettings::encode(ByteWriter& out) const {
  out.svarint(out_of_orderness.ns);
  out.svarint(lateness.ns);
  out.svarint(idle_timeout.ns);
  out.svarint(evict_after.ns);
  out.svarint(late_flush.ns);
  out.u8(static_cast<std::uint8_t>((drop_duplicates ? 1 : 0) | (watermark_per_series ? 2 : 0)));
}

StreamSettings StreamSettings::decode(ByteReader& in) {
  StreamSettings settings;
  settings.out_of_orderness = {in.svarint()};
  settings.lateness = {in.svarint()};
  settings.idle_timeout = {in.svarint()};
  settings.evict_after = {in.svarint()};
  settings.late_flush = {in.svarint()};
  const std::uint8_t flags = in.u8();
  settings.drop_duplicates = (flags & 1) != 0;
  settings.watermark_per_series = (flags & 2) != 0;
  return settings;
}

bool Plan::empty() const {
  return streams.empty() && sources.empty() && series.empty() && deliveries.empty() && taken.empty() &&
         counts.empty() && sequences.empty() && readings.empty() && suspicions.empty() && panes.empty() &&
         sealed.empty() && dropped.empty();
}

void Plan::clear() {
  streams.clear();
  sources.clear();
  series.clear();
  deliveries.clear();
  taken.clear();
  counts.clear();
  sequences.clear();
  readings.clear();
  suspicions.clear();
  panes.clear();
  sealed.clear();
  dropped.clear();
}

std::uint32_t Plan::decoded_readings() const {
  std::uint32_t n = 0;
  for (const Taken& t : taken) n += t.readings;
  return n;
}

std::string Plan::encode() const {
  ByteWriter out;
  out.u8(kFormat);
  out.i64(arrival.ns);
  encode_definitions(out, *this);
  encode_deliveries(out, deliveries);
  encode_counts(out, *this);
  encode_readings(out, readings);
  encode_suspicions(out, suspicions);
  encode_endings(out, *this);
  return out.take();
}

std::optional<Plan> Plan::decode(std::string_view bytes) {
  ByteReader in(bytes);
  Plan plan;
  const std::uint8_t format = in.u8();
  if (format != kFormat && format != kFirstFormat) return std::nullopt;
  plan.arrival = {in.i64()};
  decode_definitions(in, plan);
  decode_deliveries(in, plan.deliveries);
  decode_counts(in, plan);
  decode_readings(in, plan.readings);
  if (format != kFirstFormat) decode_suspicions(in, plan.suspicions);
  decode_endings(in, plan, format);
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return plan;
}

}  // namespace tidemark
