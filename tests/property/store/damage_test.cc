#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "edge/store/sqlite.h"
#include "edge/store/sqlite_store.h"
#include "tests/support/crash_vfs.h"
#include "tests/support/effort.h"
#include "tests/support/seeded_random.h"

namespace tidemark::test {
namespace {

constexpr std::uint64_t kGroups = 60;

// A file with something in every table, and what was put there.
struct Original {
  std::string file;
  std::vector<std::string> plans;   // of positions 1, 2, ...
  std::vector<std::string> events;  // of positions 1, 2, ...
  std::map<std::uint32_t, std::string> shards;
  std::uint64_t passed = 0;
};

std::string noise(SeededRandom& random, std::uint64_t size) {
  std::string text(size, '\0');
  for (char& byte : text) byte = static_cast<char>(random.next());
  return text;
}

Original make() {
  Original original;
  SeededRandom random(7);
  CrashDisk disk(7);
  StoreOptions options;
  options.path = "state.db";
  options.vfs = disk.vfs();
  options.max_dead_letter_bytes = 4'000;
  auto store = Store::open(options).value();
  REQUIRE(store->recover({}, {}));
  for (std::uint64_t i = 1; i <= kGroups; ++i) {
    const std::string plan = noise(random, random.below(3'000));
    const std::vector<LogEvent> events = {{9, 2 * i - 1, noise(random, random.below(400))},
                                          {9, 2 * i, noise(random, random.below(1'200))}};
    std::vector<DeadLetter> letters(1);
    letters[0].payload = noise(random, 200);
    std::vector<ShardImage> shards;
    for (std::uint32_t shard = 0; shard < kShards; ++shard) {
      if (i == 20 || shard == i) shards.push_back({shard, 0, noise(random, 900)});
    }
    for (const ShardImage& shard : shards) original.shards[shard.shard] = shard.body;
    if (i == 10) store->put_setting("gateway", "plant-7");
    REQUIRE(store->commit({plan, 3, ArrivalTime{static_cast<std::int64_t>(i)}, events, letters, shards}));
    original.plans.push_back(plan);
    for (const LogEvent& event : events) original.events.push_back(event.bytes);
  }
  REQUIRE(store->trim_log(ArrivalTime{6}, 1'000) == 10u);
  original.passed = 20;
  REQUIRE(store->close());
  original.file = *disk.contents("state.db");
  return original;
}

struct Outcome {
  std::string fault;
  bool refused = false;  // not opened, with a reason
  std::uint64_t damaged = 0;
};

// One start on `file`. What is handed over must be right or said to be damaged, and work must go on.
Outcome start(const Original& original, CrashDisk& disk, std::uint64_t extra, bool first) {
  Outcome outcome;
  StoreOptions options;
  options.path = "state.db";
  options.vfs = disk.vfs();
  auto opened = Store::open(options);
  if (!opened) {
    outcome.refused = true;
    if (opened.error().code != StoreError::broken && opened.error().code != StoreError::not_ours &&
        opened.error().code != StoreError::newer) {
      outcome.fault = opened.error().context;
    }
    // What was abandoned must not outlive the disk it is on.
    disk.kill();
    sqlite::close_abandoned();
    disk.restart();
    return outcome;
  }
  auto store = *std::move(opened);
  const auto broken = [&](const Failure<StoreError>& failure) {
    outcome.refused = true;
    outcome.fault = failure.code == StoreError::broken && first ? "" : failure.context;
    disk.kill();
    store.reset();
    sqlite::close_abandoned();
    disk.restart();
    return outcome;
  };
  std::uint64_t last = 0;
  std::uint64_t whole = 0;
  const auto recovered = store->recover({}, [&](const JournalRow& row) {
    if (last != 0 && row.position != last + 1) outcome.fault = "positions are not in order";
    last = row.position;
    if (!row.plan) {
      outcome.damaged += 1;
    } else if (row.position <= kGroups && *row.plan != original.plans[row.position - 1]) {
      outcome.fault = "a plan is wrong";
    } else {
      whole += 1;
    }
  });
  if (!recovered) return broken(recovered.error());
  for (const ShardImage& shard : recovered->shards) {
    if (shard.body != original.shards.at(shard.shard)) outcome.fault = "a shard is wrong";
  }
  if (recovered->shards.size() + recovered->damaged_shards.size() != kShards) outcome.fault = "a shard is missing";
  outcome.damaged += recovered->damaged_shards.size();
  // Until the second start has written the state out, the journal must be there.
  if (extra < 3 && whole == 0 && outcome.damaged == 0) outcome.fault = "the journal is gone";

  const auto log = store->read_log(1, UINT64_MAX);
  if (!log) return broken(log.error());
  std::uint64_t events = 0;
  for (const LogRow& row : *log) {
    if (row.position > original.events.size()) continue;
    events += 1;
    if (row.event.bytes != original.events[row.position - 1]) outcome.fault = "an event is wrong";
  }
  const bool log_damaged = events + store->figures().log_first - 1 < original.events.size();
  if (log_damaged) outcome.damaged += 1;
  if (log_damaged && store->figures().damaged_rows == 0) outcome.fault = "events are gone and nobody counted";
  const auto letters = store->read_dead_letters(0, UINT64_MAX);
  if (!letters) return broken(letters.error());
  const auto gateway = store->setting("gateway");
  if (gateway && *gateway != "plant-7") outcome.fault = "a setting is wrong";

  const std::string plan = "more " + std::to_string(extra);
  const std::vector<LogEvent> more = {{10, extra, plan}};
  std::vector<DeadLetter> letter(1);
  for (int i = 0; i < 5; ++i) {
    const auto done = store->commit({plan, 1, ArrivalTime{100}, more, letter, {}});
    if (!done) return broken(done.error());
  }
  const auto trimmed = store->trim_log(ArrivalTime{10}, 20);
  if (!trimmed) return broken(trimmed.error());
  std::vector<ShardImage> shards;
  for (const auto& [shard, body] : original.shards) shards.push_back({shard, 0, body});
  // The second start writes the state out, and with it the damage is past.
  const auto last_commit =
      store->commit({plan, 1, ArrivalTime{100}, {}, {}, first ? std::vector<ShardImage>() : shards});
  if (!last_commit) return broken(last_commit.error());
  if (const auto closed = store->close(); !closed) return broken(closed.error());
  return outcome;
}

// Starts on `file` three times; true: it was refused at the first.
bool survive(const Original& original, std::uint64_t seed, const std::string& file, std::uint64_t& damaged) {
  CrashDisk disk(seed);
  disk.put("state.db", file);
  const Outcome first = start(original, disk, 1, true);
  CHECK(first.fault == "");
  if (first.refused) return true;
  damaged += first.damaged > 0 ? 1 : 0;
  CHECK(start(original, disk, 2, false).fault == "");
  CHECK(start(original, disk, 3, false).fault == "");
  return false;
}

TEST_CASE("one flipped bit anywhere is noticed or does no harm, and work goes on") {
  const Original original = make();
  const char* from_text = std::getenv("STORE_SEED");
  const std::uint64_t from = from_text != nullptr ? std::stoull(from_text) : 1;
  const std::uint64_t flips = effort("STORE_FLIPS", 4'000);
  std::uint64_t refused = 0;
  std::uint64_t damaged = 0;
  for (std::uint64_t seed = from; seed < from + flips; ++seed) {
    SeededRandom random(seed);
    std::string file = original.file;
    const std::uint64_t offset = random.chance(1, 5) ? random.below(600) : random.below(file.size());
    const auto mask = static_cast<unsigned char>(1u << random.below(8));
    file[offset] = static_cast<char>(static_cast<unsigned char>(file[offset]) ^ mask);
    CAPTURE(seed);
    CAPTURE(offset);
    CAPTURE(static_cast<int>(mask));
    if (survive(original, seed, file, damaged)) refused += 1;
  }
  MESSAGE(flips << " flips: " << damaged << " noticed and mended, " << refused << " refused");
}

TEST_CASE("a lost block of 4 KiB is noticed, and work goes on unless it held a list SQLite needs") {
  const Original original = make();
  constexpr std::size_t kBlock = 4'096;
  std::uint64_t refused = 0;
  std::uint64_t damaged = 0;
  const std::uint64_t blocks = original.file.size() / kBlock;
  for (std::uint64_t seed = 0; seed < 2 * blocks; ++seed) {
    SeededRandom random(seed);
    std::string file = original.file;
    const std::uint64_t block = seed / 2;
    file.replace(block * kBlock, kBlock, seed % 2 == 0 ? std::string(kBlock, '\0') : noise(random, kBlock));
    CAPTURE(block);
    if (survive(original, seed, file, damaged)) refused += 1;
  }
  // Three blocks: two hold parts of the list of tables, one a table's page and the list of free pages, without which
  // the table cannot be replaced.
  CHECK(refused <= 2 * 3);
  MESSAGE(2 * blocks << " blocks: " << damaged << " noticed and mended, " << refused << " refused");
}

}  // namespace
}  // namespace tidemark::test
