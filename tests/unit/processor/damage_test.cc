// What a start does where a journal row or a shard is damaged: nothing leaves twice, no revision has two contents, the
// ledger balances.
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "edge/event/event.h"
#include "edge/processor/processor.h"

namespace tidemark {
namespace {

constexpr std::int64_t kNoon = 1'772'366'400'000'000'000;

ProcessorSettings settings() {
  StreamDefinition stream;
  stream.name = "climate";
  stream.topic = "plant/{device}/climate";
  stream.source = "{device}";
  stream.time = "t";
  stream.components = ComponentSet(Parts::kKnown);
  stream.lateness = seconds(10);
  ProcessorSettings out;
  out.streams.push_back(stream);
  return out;
}

/// What readers have after every event that was committed.
struct Log {
  struct Window {
    std::uint32_t revision = 0;
    std::uint64_t count = 0;
  };
  std::map<std::tuple<std::uint32_t, std::string, std::int64_t>, Window> windows;  // version, source, start
  std::uint64_t deltas = 0;
  int conflicts = 0;

  void take(const std::vector<SeriesPane>& panes) {
    for (const SeriesPane& one : panes) {
      if (one.pane->kind == PaneKind::delta) {
        deltas += one.pane->state.count();
        continue;
      }
      Window& window = windows[{one.series->version, one.series->source, one.pane->start.ns}];
      conflicts += one.pane->revision <= window.revision ? 1 : 0;
      window = {one.pane->revision, one.pane->state.count()};
    }
  }
  [[nodiscard]] std::uint64_t readings() const {
    std::uint64_t n = deltas;
    for (const auto& [key, window] : windows) n += window.count;
    return n;
  }
};

struct Row {
  std::string plan;
  std::uint32_t readings = 0;
  std::vector<std::string> events;
};

class History {
 public:
  History() : processor_(*Processor::create(settings())) { keep(processor_->start(now_)); }

  void send(const std::string& device, std::int64_t second, int value) {
    topic_ = "plant/" + device + "/climate";
    payload_ =
        "{\"t\":" + std::to_string((kNoon + seconds(second).ns) / 1'000'000) + ",\"v\":" + std::to_string(value) + "}";
    Message message;
    message.topic = topic_;
    message.payload = payload_;
    message.payload_size = payload_.size();
    message.packet_id = static_cast<std::uint16_t>(++ordinal_);
    message.arrival = now_.arrival;
    processor_->message(message, ordinal_, now_.monotonic);
  }

  /// The group ends `after` later.
  void group(Duration after = milliseconds(100)) {
    now_.arrival = now_.arrival + after;
    now_.monotonic = now_.monotonic + after;
    keep(processor_->end_group(now_));
  }

  /// A start at which the rows named are damaged, and those from `shards` lost; `known`: the log is there.
  void restart(const std::vector<std::size_t>& damaged, bool known, bool lose_shards = false) {
    auto fresh = std::move(*Processor::create(settings()));
    Recovery& recovery = fresh->recovery();
    if (lose_shards) {
      for (std::uint32_t shard = 0; shard <= kWholeGatewayShard; ++shard) {
        const bool lost = shard != kWholeGatewayShard;
        if (lost)
          recovery.lost_shard(shard);
        else
          CHECK(recovery.shard(shard, rows_.size(), processor_->shard(shard)));
      }
    }
    for (std::size_t i = lose_shards ? rows_.size() : 0; i < rows_.size(); ++i) {
      const bool whole = std::find(damaged.begin(), damaged.end(), i) == damaged.end();
      if (whole) {
        CHECK(recovery.row(i + 1, rows_[i].plan));
      } else {
        recovery.damaged(i + 1, rows_[i].readings, known ? rows_[i].events : std::vector<std::string>{});
      }
    }
    processor_ = std::move(fresh);
    keep(processor_->start(now_));
  }

  [[nodiscard]] const Log& log() const { return log_; }
  [[nodiscard]] std::size_t rows() const { return rows_.size(); }
  [[nodiscard]] const State& state() const { return processor_->state(); }
  [[nodiscard]] Ledger sum() const {
    Ledger all = state().gateway;
    for (const StreamState& stream : state().streams) all.merge(stream.total);
    return all;
  }

 private:
  void keep(const Group& group) {
    log_.take(group.panes);
    Row row{group.plan, group.readings, {}};
    EventHeader header;
    header.gateway = "g";
    header.epoch = 1;
    header.sequence = rows_.size() + 1;
    if (!group.panes.empty()) row.events.push_back(encode_window_batch(header, group.panes));
    rows_.push_back(std::move(row));
  }

  Now now_{{kNoon}, {1'000'000'000}};
  std::unique_ptr<Processor> processor_;
  std::vector<Row> rows_;
  Log log_;
  std::string topic_;
  std::string payload_;
  std::uint64_t ordinal_ = 0;
};

/// Two readings of a sealed window wait, then a third comes with the group in which they leave.
History with_delta() {
  History history;
  history.send("a", 5, 1);
  history.send("a", 40, 2);  // the first window leaves and is sealed
  history.group();
  history.send("a", 6, 3);
  history.group();
  history.send("a", 7, 4);
  history.group(seconds(4));
  history.send("a", 8, 5);
  history.group(seconds(2));
  return history;
}

TEST_CASE("a delta that left with a damaged row does not leave again, as far as the log knows it") {
  for (const bool known : {true, false}) {
    CAPTURE(known);
    History history = with_delta();
    REQUIRE(history.log().deltas == 3);
    history.restart({history.rows() - 1}, known);
    history.group(seconds(20));
    history.group(hours(2));
    // Not known: the two that waited before the row leave a second time.
    CHECK(history.log().deltas == (known ? 3 : 5));
    CHECK(history.log().conflicts == 0);
    const Ledger sum = history.sum();
    CHECK(sum.imbalance() == "");
    CHECK(sum[Counter::readings] == 5);
    if (known) {
      CHECK(sum[Counter::damaged] == 0);
      CHECK(sum[Counter::emitted] == 5);
      CHECK(history.log().readings() == 5);
    }
  }
}

TEST_CASE("damage that is met again at the next start counts no more than once") {
  History history = with_delta();
  const std::size_t damaged = history.rows() - 1;
  history.restart({damaged}, true);
  history.restart({damaged}, true);
  history.restart({damaged}, true);
  history.group(hours(2));
  CHECK(history.log().deltas == 3);
  CHECK(history.log().conflicts == 0);
  CHECK(history.sum()[Counter::readings] == 5);
  CHECK(history.sum().imbalance() == "");
}

TEST_CASE("after a lost shard a stream begins a new version: no revision gets a second content") {
  History history;
  history.send("a", 5, 1);
  history.send("a", 15, 2);  // the first window has left, with revision 1
  history.group();
  REQUIRE(history.log().windows.size() == 1);
  history.restart({}, true, true);
  history.send("a", 6, 3);  // of that window: its source is new to us
  history.send("a", 60, 4);
  history.group();
  history.group(hours(2));
  CHECK(history.log().conflicts == 0);
  CHECK(history.log().windows.size() == 3);  // one of the old version, two of the new
  CHECK(history.sum().imbalance() == "");
}

}  // namespace
}  // namespace tidemark
