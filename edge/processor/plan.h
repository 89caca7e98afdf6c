// A Plan: the decisions of one group, in columns. It holds results, not inputs: resolved readings with their verdicts,
// panes emitted, windows sealed, ledger changes. Recovery applies Plans and never decides again, so a new
// configuration, a new version or a fired timer cannot change what was committed.
//
// The columns are applied in the order of the members below. Within a group that equals the order in which the
// decisions were made: definitions come before what refers to them, messages and counts touch nothing that readings
// touch, and panes and sealings are decided at the end of the group.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edge/ledger/ledger.h"
#include "edge/processor/clock_suspicion.h"
#include "edge/processor/sequence_window.h"
#include "edge/stream/stream_definition.h"
#include "edge/time/instant.h"
#include "edge/value/decimal.h"
#include "edge/window/pane.h"
#include "edge/window/window_grid.h"

namespace tidemark {

/// Ids of sources and series are never used again. So many come of a thousand changes to 60,000 of them; a plan or
/// shard that says more is damaged, and must not be given the room.
inline constexpr std::uint64_t kMostIds = 1u << 26;

/// What of a stream's definition `apply` needs: durable, so that a plan is applied by the definition it was made under.
struct StreamSettings {
  Duration out_of_orderness{};
  Duration lateness{};
  Duration idle_timeout{};
  Duration evict_after{};
  Duration late_flush{};
  bool drop_duplicates = true;
  bool watermark_per_series = false;
  friend bool operator==(const StreamSettings&, const StreamSettings&) = default;

  void encode(ByteWriter& out) const;
  static StreamSettings decode(ByteReader& in);
};

/// A stream appears, changes its settings, or starts a new version (rule 9: window, offset, fields or aggregates
/// changed).
struct StreamConfigured {
  std::uint32_t stream = 0;
  std::string name;
  StreamSettings settings;
  std::uint32_t version = 0;  // 1, 2, ...
  std::string fingerprint;    // what makes a version
  WindowGrid grid;
  ComponentSet components;
};

struct NewSource {
  std::uint32_t source = 0;
  std::uint32_t stream = 0;
  std::string name;
};

struct NewSeries {
  std::uint32_t series = 0;
  std::uint32_t source = 0;
  std::uint32_t version = 0;
  std::string tags;  // packed: name, value, name, value, each with its length
  std::string field;
  std::string unit;
  FieldKind kind = FieldKind::gauge;
};

/// Changes of the redelivery table, in order.
struct DeliveryChange {
  enum class Kind : std::uint8_t { taken = 0, retired = 1, cleared = 2 };
  Kind kind = Kind::taken;
  std::uint16_t packet_id = 0;  // taken
  std::uint64_t value = 0;      // taken: the hash; retired: how many entries
  std::uint64_t ordinal = 0;    // taken; not durable
};

/// Messages of a source that were decoded, and how many readings they held.
struct Taken {
  std::uint32_t source = 0;
  std::uint32_t messages = 0;
  std::uint32_t readings = 0;
};

/// A reading that counts.
struct CountedReading {
  static constexpr std::uint8_t kDelta = 1;       // for a sealed window, or accepted in spite of its clock
  static constexpr std::uint8_t kMovesClock = 2;  // trusted: moves the watermark
  static constexpr std::uint8_t kExempt = 4;      // not looked up as a duplicate, nor remembered as a point
  static constexpr std::uint8_t kInexact = 8;
  static constexpr std::uint8_t kRestamped = 16;
  static constexpr std::uint8_t kBadClock = 32;
  static constexpr std::uint8_t kNewGeneration = 64;  // its source's clock was set back: the watermark begins afresh
  static constexpr std::uint8_t kKnown = 127;

  std::uint32_t series = 0;
  EventTime time;
  Decimal value;
  std::uint8_t flags = 0;
};

/// n more in a counter of the gateway, a stream or a source.
struct Count {
  enum class Scope : std::uint8_t { gateway = 0, stream = 1, source = 2 };
  Scope scope = Scope::gateway;
  std::uint32_t id = 0;
  Counter counter{};
  std::uint64_t n = 0;
};

struct SequenceTaken {
  std::uint32_t source = 0;
  std::uint64_t number = 0;
  std::uint64_t modulus = 0;
  SequenceVerdict verdict{};
};

/// What speaks at the end of the group for a step of the source's clock (rule 13); nullopt: nothing any more.
struct ClockSuspected {
  std::uint32_t source = 0;
  std::optional<ClockSuspicion> suspicion;
};

struct PaneEmitted {
  std::uint32_t series = 0;
  EventTime start;
  PaneKind kind{};
};

/// Every window that ends at or before `through` is evicted: of one series, or of all series of a source.
struct Sealed {
  bool one_series = false;
  std::uint32_t id = 0;
  EventTime through;
};

struct SeriesDropped {
  std::uint32_t series = 0;
  bool expired = false;  // by silence: it may come back, and must then find what was sealed
};

struct Plan {
  ArrivalTime arrival;  // of the group's last message; sources in `taken` were last heard then
  std::vector<StreamConfigured> streams;
  std::vector<NewSource> sources;
  std::vector<NewSeries> series;
  std::vector<DeliveryChange> deliveries;
  std::vector<Taken> taken;
  std::vector<Count> counts;
  std::vector<SequenceTaken> sequences;
  std::vector<CountedReading> readings;
  std::vector<ClockSuspected> suspicions;
  std::vector<PaneEmitted> panes;
  std::vector<Sealed> sealed;
  std::vector<SeriesDropped> dropped;

  [[nodiscard]] bool empty() const;
  void clear();

  /// How many readings the group decoded: kept beside the journal row, for the ledger, should the row be damaged.
  [[nodiscard]] std::uint32_t decoded_readings() const;

  [[nodiscard]] std::string encode() const;

  /// Nullopt: not a plan this version can read. Any bytes are safe.
  static std::optional<Plan> decode(std::string_view bytes);
};

}  // namespace tidemark
