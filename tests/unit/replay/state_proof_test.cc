// The state in a file against its log: a small appliance's file, sound or with one of the two changed.
#include "gateway/replay/state_proof.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "edge/processor/processor.h"
#include "tests/support/folder.h"

using namespace tidemark;
using tidemark::test::Folder;

namespace {

constexpr std::uint64_t kEpoch = 5;
constexpr std::int64_t kT0 = 1'735'689'600'000;  // ms; 2025-01-01

StreamDefinition climate() {
  StreamDefinition stream;
  stream.name = "climate";
  stream.topic = "plant/{device}";
  stream.source = "{device}";
  stream.time = "ts";
  stream.lateness = hours(1);
  stream.aggregates = {"count", "mean", "min", "max"};
  stream.components = ComponentSet(15);
  return stream;
}

/// A processor over a store, and the events as the pipeline would write them.
class Appliance {
 public:
  using Altered = std::function<void(Pane&)>;

  explicit Appliance(const std::string& path) {
    StoreOptions options;
    options.path = path;
    store_ = std::move(*Store::open(options));
    REQUIRE(store_->recover([](const auto&) {}, [](const auto&) {}));
    processor_ = std::move(*Processor::create({{climate()}, {}, 1000}));
    commit(processor_->start(now()));
  }

  /// Before it is logged, each pane is handed to this.
  Altered alter = [](Pane&) {};

  void reading(std::int64_t after_ms, const std::string& value) {
    const std::string payload = "{\"ts\":" + std::to_string(kT0 + after_ms) + ",\"t\":" + value + "}";
    Message message;
    message.topic = "plant/d1";
    message.payload = payload;
    message.payload_size = payload.size();
    message.arrival = now().arrival;
    processor_->message(message, 0, now().monotonic);
  }
  void end_group() { commit(processor_->end_group(now())); }
  void say_the_end(std::uint64_t sequence) {
    store_->put_setting("log.end", std::to_string(kEpoch) + " " + std::to_string(sequence));
  }
  std::uint64_t sequence() const { return header_.sequence; }
  void stop() {
    REQUIRE(store_->close());
    store_.reset();
  }

 private:
  static Now now() { return {{(kT0 + 3'600'000) * 1'000'000}, {seconds(1).ns}}; }

  void commit(Group group) {
    std::vector<LogEvent> events;
    std::vector<Pane> panes;
    std::vector<SeriesPane> written;
    panes.reserve(group.panes.size());
    for (const SeriesPane& item : group.panes) {
      panes.push_back(*item.pane);
      alter(panes.back());
      written.push_back({item.series, &panes.back()});
    }
    if (!written.empty()) {
      header_.gateway = "plant-7";
      header_.epoch = kEpoch;
      ++header_.sequence;
      const std::string bytes = encode_window_batch(header_, written);
      header_.digest = extend_digest(header_.digest, bytes);
      events.push_back({kEpoch, header_.sequence, bytes});
    }
    std::vector<ShardImage> shards;
    for (std::uint32_t shard = 0; group.every_shard && shard < kShards; ++shard) {
      shards.push_back({shard, 0, processor_->shard(shard)});
    }
    GroupCommit content;
    content.plan = group.plan;
    content.readings = group.readings;
    content.events = events;
    content.shards = shards;
    REQUIRE(store_->commit(content));
  }

  std::unique_ptr<Store> store_;
  std::unique_ptr<Processor> processor_;
  EventHeader header_;
};

struct Found {
  std::uint64_t compared = 0;
  std::string problems;
};

Found found_in(const std::string& path) {
  StoreOptions options;
  options.path = path;
  options.create = false;
  auto store = Store::open(options);
  REQUIRE(store);
  Proof proof;
  const auto rows = (*store)->read_log(1, 1 << 20);
  REQUIRE(rows);
  for (const LogRow& row : *rows) proof.take(row);
  proof.finish();
  const auto compared = prove_state(**store, "plant-7", proof);
  REQUIRE(compared);
  Found found{*compared, {}};
  for (const std::string& problem : proof.problems()) found.problems += problem + "\n";
  return found;
}

/// Two windows of three and two readings are emitted and still open, a third has one that is not.
Found after(const Appliance::Altered& alter, std::uint64_t more_at_the_end = 0) {
  const Folder folder;
  Appliance appliance(folder.file());
  appliance.alter = alter;
  for (int i = 0; i < 5; ++i) appliance.reading(i * 4'000, "21." + std::to_string(i + 1));
  appliance.reading(60'000, "30");
  appliance.end_group();
  appliance.say_the_end(appliance.sequence() + more_at_the_end);
  appliance.reading(60'001, "31");
  appliance.end_group();
  appliance.stop();
  return found_in(folder.file());
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the open windows of a sound file are what its log says") {
  const Found found = after([](Pane&) {});
  CHECK(found.problems == "");
  CHECK(found.compared == 2);
}

TEST_CASE("a pane with another value than the state's is found though every count is right") {
  const Found found = after([](Pane& pane) {
    if (pane.state.count() != 2) return;
    pane.state = WindowState(pane.state.kept());
    for (int i = 0; i < 2; ++i) pane.state.add(pane.start, make_decimal(99, 0));
  });
  CHECK(holds(found.problems, "source \"d1\", field \"t\", window"));
  CHECK(holds(found.problems, "revision 1 of the log is not what the state holds"));
  CHECK_FALSE(holds(found.problems, "emitted"));
}

TEST_CASE("a pane with other readings than the state has emitted is found with the difference") {
  const Found found = after([](Pane& pane) {
    if (pane.state.count() == 3) pane.state.add(pane.start, make_decimal(1, 0));
  });
  CHECK(holds(found.problems, "the state has emitted 3 readings, the log holds 4"));
  CHECK(holds(found.problems, "the state has emitted 5 readings, the log holds 6: 1 too many"));
}

TEST_CASE("a revision that the log does not have is found") {
  const Found found = after([](Pane& pane) { pane.revision += 1; });
  CHECK(holds(found.problems, "the state has emitted revision 1, the log holds 2"));
}

TEST_CASE("an end of the log that is missing is found by what the last stop wrote down") {
  CHECK(holds(after([](Pane&) {}, 2).problems, "the log ends before epoch 0000000000000005, sequence 3"));
}
