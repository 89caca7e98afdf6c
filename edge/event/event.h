// The events of the log as plain values, and their bytes. One event is one record: FlatBuffers, described in
// docs/formats/event.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "edge/bytes/result.h"
#include "edge/time/instant.h"
#include "edge/window/pane.h"

namespace tidemark {

using Digest = std::array<std::uint8_t, 16>;

/// What a reader accepts at most. A writer stays far below: a record has to pass the log's own limit (Kafka: 1 MiB).
inline constexpr std::uint32_t kMaxEventBytes = 16u << 20;
inline constexpr std::uint32_t kMaxPanesPerEvent = 65'536;
inline constexpr std::uint32_t kMaxTextBytes = 4096;  // of any string

/// Identity = (gateway, epoch, sequence). Sequences of an epoch begin at 1 and have no gap. An epoch's first event
/// names the epoch before it and that one's last sequence (both 0: there was none).
struct EventHeader {
  std::string gateway;
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;
  std::uint64_t previous_epoch = 0;
  std::uint64_t previous_sequence = 0;
  Digest digest{};           // of this epoch's events before this one; zero in its first
  ArrivalTime committed_at;  // the gateway's wall clock, for people; nothing is computed from it
};

/// The digest after an event: the first 16 bytes of SHA-256(digest before ‖ the event's bytes).
Digest extend_digest(const Digest& before, std::string_view event);

/// A pane with the series it belongs to. Both outlive the encoding.
struct SeriesPane {
  const SeriesIdentity* series = nullptr;
  const Pane* pane = nullptr;
};

struct LedgerEntry {
  std::string counter;  // "received", "rejected.malformed", ...
  std::uint64_t value = 0;
  friend bool operator==(const LedgerEntry&, const LedgerEntry&) = default;
};

/// Where a source stands. An empty source stands for what belongs to no source of the stream; an empty stream for the
/// gateway itself.
struct SourceStanding {
  std::string stream;
  std::uint32_t version = 0;
  std::string source;
  std::uint32_t generation = 0;
  std::optional<EventTime> watermark;
  std::optional<EventTime> sealed_through;
  std::optional<ArrivalTime> last_arrival;
  Duration clock_offset{};
  std::optional<Duration> clock_lag;  // of its last message with a time behind the gateway's clock; below 0: ahead
  std::vector<LedgerEntry> ledger;    // non-zero counters, absolute, as of this event's sequence
  friend bool operator==(const SourceStanding&, const SourceStanding&) = default;
};

struct Heartbeat {
  std::string version;        // of the program
  std::string configuration;  // hash, hex
  bool clock_synchronised = false;
  std::uint64_t backlog = 0;  // log rows not yet acknowledged by Kafka
  friend bool operator==(const Heartbeat&, const Heartbeat&) = default;
};

/// One decoded pane. `series` points into the batch that holds it.
struct DecodedPane {
  std::uint32_t series = 0;  // index into WindowBatch::series
  Pane pane;
};

struct WindowBatch {
  std::vector<SeriesIdentity> series;
  std::vector<DecodedPane> panes;
};

struct SourceReport {
  std::vector<SourceStanding> sources;
};

/// In the central log: in the place of an event that its topic did not take. The header around it is that event's.
struct Tombstone {
  std::uint64_t bytes = 0;     // of the event
  std::uint64_t panes = 0;     // in the event
  std::uint64_t readings = 0;  // Σ count of them
  EventTime first_start{};     // of its windows the earliest start and the latest end; both 0 without panes
  EventTime last_end{};
  Digest digest_after{};  // of the epoch's events up to and with the event
  friend bool operator==(const Tombstone&, const Tombstone&) = default;
};

/// An event type this reader does not know: skipped and counted.
struct UnknownEvent {};

struct Event {
  EventHeader header;
  std::variant<UnknownEvent, WindowBatch, SourceReport, Heartbeat, Tombstone> body;
};

enum class EventError : std::uint8_t {
  not_an_event,  // no file identifier
  damaged,       // does not verify, or a value out of its range
  too_large,     // over one of the limits above
  newer,         // whole, but holds a kind of pane, field or component that only a newer reader can fold
};

/// Each returns the event's bytes. Equal arguments, equal bytes. Strings must be UTF-8 of at most kMaxTextBytes, panes
/// not empty and at most kMaxPanesPerEvent. The caller splits what would be too large for a record of the log: a pane
/// takes 15 to 60 bytes, a source with eight counters 180.
std::string encode_window_batch(const EventHeader& header, std::span<const SeriesPane> panes);
std::string encode_source_report(const EventHeader& header, const SourceReport& report);
std::string encode_heartbeat(const EventHeader& header, const Heartbeat& heartbeat);
std::string encode_tombstone(const EventHeader& header, const Tombstone& tombstone);

/// Verifies, with limits on depth and tables, before it reads; copies to aligned memory first. Any bytes are safe.
Result<Event, EventError> decode_event(std::string_view bytes);

/// Only the header: what a reader needs to apply the high-mark rule.
Result<EventHeader, EventError> decode_header(std::string_view bytes);

}  // namespace tidemark
