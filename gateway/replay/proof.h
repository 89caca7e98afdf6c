// What can be proved of a log by reading it: that nothing is missing, altered or there twice, that the ledgers balance,
// and that what each source's ledger says was emitted is what the log holds.
//
// An event that its topic did not take is parked at its gateway, and a tombstone says what was in it. The fold is then
// not whole, which is a difference; but one whose size is known: what the ledgers say more than the log holds must have
// its place in what was parked, and what has none is another difference.
//
// Operation: `take` every row in order, then `finish`; afterwards problems() says everything that is wrong, each with
// its figures. Any rows are safe. Concurrency: one thread. About 40 bytes of memory a window, 30 an event.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "edge/event/event.h"
#include "edge/event/tombstone.h"
#include "edge/ledger/ledger.h"
#include "edge/store/store.h"

namespace tidemark {

/// What the fold holds of one window's whole pane.
struct ProvenWindow {
  std::uint32_t revision = 0;
  std::uint64_t count = 0;
  std::uint64_t content = 0;  // content_of its state
};

/// Stands for a state's bytes.
std::uint64_t content_of(const WindowState& state);

struct ProofFigures {
  std::uint64_t events = 0;
  std::uint64_t panes = 0;
  std::uint64_t windows = 0;
  std::uint64_t readings = 0;  // Σ count of the fold
  std::uint64_t epochs = 0;
  std::uint64_t reports = 0;  // standings checked: the last of each source
  ParkedTotal parked;
};

class Proof {
 public:
  enum class Of : std::uint8_t {
    own_log,      // one appliance's: its positions have no holes, nothing is there twice
    central_log,  // several gateways', in partitions: what was sent again is there twice, epochs interleave
  };
  explicit Proof(Of of = Of::own_log) : of_(of) {}

  /// `decoded`: the row's event, where it is decoded already.
  void take(const LogRow& row, std::uint32_t partition = 0, const Event* decoded = nullptr);
  /// Of a central log: positions of a partition that are gone by retention. Before the rows after them.
  void lost(std::uint32_t partition, std::uint64_t first, std::uint64_t last);
  void finish();

  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }
  void add_problem(std::string text) { problems_.push_back(std::move(text)); }
  /// What is no difference, yet somebody should know.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }
  void add_note(std::string text) { notes_.push_back(std::move(text)); }

  /// The position of the first row, 0: there was none. Above 1 the beginning is gone, and the fold cannot be complete.
  [[nodiscard]] std::uint64_t first_position() const { return first_position_; }
  [[nodiscard]] bool complete() const {
    return beginning_gone_.empty() && (of_ == Of::central_log || first_position_ <= 1);
  }
  /// Events of a central log that came again, byte for byte.
  [[nodiscard]] std::uint64_t repeats() const { return repeats_; }
  [[nodiscard]] ProofFigures figures() const;

  [[nodiscard]] std::optional<ProvenWindow> window(const std::string& gateway, const SeriesIdentity& series,
                                                   ComponentSet components, EventTime start) const;
  /// Whether the log holds this event, or one of its epoch after it.
  [[nodiscard]] bool reaches(const std::string& gateway, std::uint64_t epoch, std::uint64_t sequence) const {
    const auto found = epochs_.find({gateway, epoch});
    return found != epochs_.end() && found->second.last >= sequence;
  }
  /// Σ count of the fold.
  [[nodiscard]] std::uint64_t emitted(const std::string& gateway, const std::string& stream,
                                      const std::string& source) const;
  /// The last report's ledger of a source; null: none came.
  [[nodiscard]] const Ledger* reported(const std::string& gateway, const std::string& stream,
                                       const std::string& source) const;

 private:
  using SourceName = std::tuple<std::string, std::string, std::string>;  // gateway, stream, source
  struct Epoch {
    std::uint64_t first = 0;  // of its sequences that came
    std::uint64_t last = 0;
    std::uint64_t previous_epoch = 0;
    std::uint64_t previous_sequence = 0;
    bool from_middle = false;                                          // its beginning went with the log's
    bool followed = false;                                             // its successor has begun
    std::optional<Digest> digest;                                      // of the events up to `last`
    boost::unordered_flat_map<std::uint64_t, std::uint64_t> contents;  // of its events, by sequence
  };
  struct Report {
    std::uint64_t position = 0;
    std::uint64_t sequence = 0;
    Ledger ledger;
    bool newer = false;         // it has counters that this version does not know
    std::uint64_t in_fold = 0;  // Σ count of the fold when it was met
    std::uint64_t parked = 0;   // readings of its gateway's parked events that were met before it
  };
  struct Parked {
    ParkedTotal total;
    std::uint64_t lacking =
        0;              // readings that ledgers say and the log does not hold, as far as they can be parked ones
    std::string first;  // which event, for messages
  };
  struct Key {
    std::uint32_t series = 0;
    std::int64_t start = 0;
    friend bool operator==(const Key&, const Key&) = default;
    friend std::size_t hash_value(const Key& key) {
      return static_cast<std::size_t>(
          ((std::uint64_t{key.series} << 40) ^ (static_cast<std::uint64_t>(key.start) >> 6)) * 0x9e3779b97f4a7c15);
    }
  };
  struct Series {
    std::string name;          // for messages
    std::uint32_t source = 0;  // index into emitted_
  };

  bool follow_position(const LogRow& row);
  bool follow_epoch(const LogRow& row, const Event& event, std::uint32_t partition);
  [[nodiscard]] bool settled(const EventHeader& header) const;
  void take_windows(const EventHeader& header, const WindowBatch& batch, std::uint64_t position);
  void take_report(const EventHeader& header, const SourceReport& report, std::uint64_t position);
  std::uint32_t series_of(const std::string& gateway, const SeriesIdentity& series, ComponentSet components);
  std::uint32_t source_of(SourceName name);
  void check_chain();
  void check_reports();
  void check_parked();

  Of of_;
  std::set<std::uint32_t> beginning_gone_;  // partitions of a central log
  std::uint64_t repeats_ = 0;
  std::vector<std::string> problems_;
  std::vector<std::string> notes_;
  std::uint64_t first_position_ = 0;
  std::uint64_t next_position_ = 0;
  std::map<std::pair<std::string, std::uint64_t>, Epoch> epochs_;
  std::map<std::string, std::uint32_t, std::less<>> series_numbers_;
  std::vector<Series> series_;
  std::map<SourceName, std::uint32_t> source_numbers_;
  std::vector<std::uint64_t> emitted_;
  boost::unordered_flat_map<Key, ProvenWindow> windows_;
  std::map<SourceName, Report> reports_;
  std::map<std::string, Parked, std::less<>> parked_;  // by gateway
  std::uint64_t events_ = 0;
  std::uint64_t panes_ = 0;
};

}  // namespace tidemark
