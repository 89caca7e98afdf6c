#include "tests/property/store/history.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "edge/store/sqlite.h"
#include "tests/property/store/model.h"
#include "tests/support/crash_vfs.h"
#include "tests/support/seeded_random.h"

namespace tidemark::test {
namespace {

constexpr std::uint64_t kPlenty = 1ull << 40;
constexpr const char* kFile = "state.db";

// The shape of one life.
struct Shape {
  StoreOptions options;
  Discipline discipline;
  CrashDisk::Faults faults;
  std::uint64_t steps = 0;
  std::uint64_t largest_plan = 0;
  std::uint64_t dies = 0;      // in a thousand steps
  std::uint64_t restarts = 0;  // in a thousand steps
  bool fills_up = false;

  Shape(SeededRandom& random, const Discipline& given, Phase phase) : discipline(given) {
    options.path = kFile;
    options.checkpoint_bytes = 5'000 + random.below(120'000);
    options.max_log_bytes = random.chance(1, 4) ? 4'000 + random.below(20'000) : kPlenty;
    options.max_dead_letter_bytes = random.chance(1, 2) ? 200 + random.below(4'000) : kPlenty;
    discipline.page_bytes = 512u << random.below(4);
    steps = 20 + random.below(100);
    largest_plan = random.chance(1, 2) ? 600 : 8'000;
    if (random.chance(1, 2)) {
      faults.read = static_cast<std::uint32_t>(random.below(100));
      faults.write = static_cast<std::uint32_t>(random.below(1'000));
      faults.sync = static_cast<std::uint32_t>(random.below(20'000));
    }
    dies = random.chance(1, 5) ? 0 : random.below(100);
    restarts = random.below(30);
    fills_up = random.chance(1, 4);
    if (phase == Phase::all) return;
    steps = 1 + random.below(6);
    faults = {.read = 1'000, .write = 10'000, .sync = 100'000};
    dies = 100;
    fills_up = true;
  }
};

// What one commit holds, and the views into it.
struct Group {
  std::string plan;
  std::vector<LogEvent> events;
  std::vector<DeadLetter> dead_letters;
  std::vector<ShardImage> shards;
  std::uint32_t readings = 0;
  ArrivalTime committed;

  [[nodiscard]] GroupCommit view() const { return {plan, readings, committed, events, dead_letters, shards}; }
};

class Life {
 public:
  Life(std::uint64_t seed, const Discipline& discipline, Phase phase)
      : random_(seed), shape_(random_, discipline, phase), disk_(seed ^ 0x5bd1e995u, random_.chance(1, 2)) {
    shape_.options.vfs = disk_.vfs();
  }

  Verdict run();

 private:
  using Settings = std::map<std::string, std::string, std::less<>>;

  void step();
  bool start();
  void commit();
  void trim();
  void read_some();
  void die(bool power);
  void close();
  void observe_and_compare(const Recovered& recovered, std::map<std::uint64_t, std::optional<Model::Group>> journal);
  void fail(const std::string& fault) {
    if (verdict_.fault.empty()) verdict_.fault = fault;
  }
  template <typename T>
  bool alive(const Result<T, StoreError>& result);
  std::string bytes(std::uint64_t at_most);
  Group draw();

  SeededRandom random_;
  Shape shape_;
  CrashDisk disk_;
  std::unique_ptr<Store> store_;
  Model model_;
  // What may have happened instead: an operation whose end was not seen. Also one refused for want of room, until the
  // next one succeeds: its frames may be whole in the WAL with only the padding behind them missing.
  std::vector<Model> in_doubt_;
  std::optional<Group> waiting_;  // refused for want of room: repeated as it is
  Settings unsaved_;              // put since the last commit
  std::int64_t now_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint64_t epoch_ = 1;
  bool healed_ = false;
  Verdict verdict_;
};

std::string Life::bytes(std::uint64_t at_most) {
  std::string text(random_.below(at_most + 1), '\0');
  const bool compressible = random_.chance(1, 2);
  for (char& byte : text) byte = static_cast<char>(compressible ? random_.below(4) : random_.next());
  return text;
}

Group Life::draw() {
  Group group;
  group.committed = ArrivalTime{now_};
  if (!random_.chance(1, 10)) {
    group.plan = bytes(shape_.largest_plan);
    group.readings = static_cast<std::uint32_t>(random_.below(600));
  }
  if (random_.chance(1, 2)) {
    for (std::uint64_t n = random_.below(4); n > 0; --n) group.events.push_back({epoch_, ++sequence_, bytes(1'500)});
  }
  if (random_.chance(1, 5)) {
    for (std::uint64_t n = random_.below(4); n > 0; --n) {
      DeadLetter letter;
      letter.topic = "plant/a";
      letter.reason = "malformed";
      letter.payload = bytes(256);
      group.dead_letters.push_back(std::move(letter));
    }
  }
  if (random_.chance(1, 40)) {
    for (std::uint32_t shard = 0; shard < kShards; ++shard) group.shards.push_back({shard, 0, bytes(300)});
  } else if (random_.chance(1, 2)) {
    group.shards.push_back({static_cast<std::uint32_t>(random_.below(kShards)), 0, bytes(3'000)});
  }
  return group;
}

// False: the process has ended. What failed with anything but `full` may or may not have happened.
template <typename T>
bool Life::alive(const Result<T, StoreError>& result) {
  if (result) return true;
  if (result.error().code == StoreError::full) return true;
  if (result.error().code != StoreError::broken) fail("unexpected: " + result.error().context);
  if (healed_) fail("broken without a fault: " + result.error().context);
  die(disk_.dead() || random_.chance(1, 3));
  return false;
}

void Life::die(bool power) {
  // Where a store that has failed is closed after all (a planted fault), the close still reaches the disk.
  if (shape_.discipline.abandon_when_broken) disk_.kill();
  store_.reset();
  disk_.kill();
  sqlite::close_abandoned();
  if (power) disk_.power_cut();
  disk_.restart();
  unsaved_.clear();
}

bool Life::start() {
  verdict_.starts += 1;
  if (random_.chance(shape_.dies, 200) && !healed_) disk_.die_after(1 + random_.below(80));
  auto opened = open_sqlite_store(shape_.options, shape_.discipline);
  if (!opened) {
    if (opened.error().code == StoreError::full) {
      if (healed_) fail("full with room: " + opened.error().context);
      disk_.set_quota(kPlenty);
      return false;
    }
    alive(opened);
    return false;
  }
  store_ = *std::move(opened);
  std::map<std::uint64_t, std::optional<Model::Group>> journal;
  const auto recovered = store_->recover({}, [&](const JournalRow& row) {
    if (!journal.empty() && journal.rbegin()->first >= row.position) fail("journal rows are out of order");
    journal[row.position] =
        row.plan ? std::optional(Model::Group{row.readings, *row.plan}) : std::optional<Model::Group>();
  });
  if (!alive(recovered)) return false;
  if (!recovered) {
    fail("recover says full");
    return false;
  }
  observe_and_compare(*recovered, std::move(journal));
  return store_ != nullptr;
}

void Life::observe_and_compare(const Recovered& recovered,
                               std::map<std::uint64_t, std::optional<Model::Group>> journal) {
  Observed observed;
  observed.recovered = recovered;
  observed.journal = std::move(journal);
  const auto log = store_->read_log(1, UINT64_MAX);
  if (!alive(log)) return;
  observed.log = *log;
  const auto dead_letters = store_->read_dead_letters(0, UINT64_MAX);
  if (!alive(dead_letters)) return;
  observed.dead_letters = *dead_letters;
  observed.figures = store_->figures();
  for (int i = 0; i < 8; ++i) {
    const std::string name = "setting " + std::to_string(i);
    if (auto value = store_->setting(name)) observed.settings[name] = *value;
  }
  std::string fault = difference(model_, observed);
  for (const Model& other : in_doubt_) {
    if (fault.empty()) break;
    const std::string other_fault = difference(other, observed);
    if (other_fault.empty()) {
      model_ = other;
      fault.clear();
    } else {
      fault += "; or, with what was cut short: " + other_fault;
    }
  }
  in_doubt_.clear();
  waiting_.reset();
  if (!fault.empty()) fail(fault);
  sequence_ = model_.last_sequence;
  if (random_.chance(1, 2)) epoch_ = random_.next();
}

void Life::commit() {
  const Group group = waiting_ ? *waiting_ : draw();
  const GroupCommit view = group.view();
  Model after = model_;
  after.commit(view, unsaved_);
  in_doubt_.push_back(after);
  const bool log_full = store_->log_full();
  const StoreFigures before = store_->figures();
  const auto done = store_->commit(view);
  if (!alive(done)) return;
  if (!done) {
    verdict_.full += 1;
    waiting_ = group;
    const StoreFigures now = store_->figures();
    if (now.log_rows != before.log_rows || now.journal_rows != before.journal_rows ||
        now.dead_letters != before.dead_letters) {
      fail("a commit that was refused has changed the figures");
    }
    if (log_full && random_.chance(1, 2)) {
      trim();
    } else if (random_.chance(1, 3)) {
      disk_.set_quota(kPlenty);
    }
    return;
  }
  verdict_.commits += 1;
  if (*done != after.position) fail("commit gave another position");
  model_ = std::move(after);
  in_doubt_.clear();
  unsaved_.clear();
  waiting_.reset();
}

void Life::trim() {
  const ArrivalTime before{now_ - static_cast<std::int64_t>(random_.below(30))};
  const std::uint64_t max_rows = 1 + random_.below(20);
  Model after = model_;
  after.trim(before, max_rows);
  // A trim is a commit of its own: settings go with it.
  for (const auto& [name, value] : unsaved_) after.settings[name] = value;
  in_doubt_.push_back(after);
  const auto done = store_->trim_log(before, max_rows);
  if (!alive(done) || !done) return;
  if (*done != model_.log.size() - after.log.size()) fail("trim removed another number of rows");
  model_ = std::move(after);
  // A trim that wrote nothing has not written over the frames of a refused commit either.
  if (*done > 0) in_doubt_.clear();
  unsaved_.clear();
}

void Life::read_some() {
  const std::uint64_t from = random_.below(model_.log_last + 2);
  const auto rows = store_->read_log(from, random_.below(4'000));
  if (!alive(rows)) return;
  auto expected = model_.log.lower_bound(from);
  if (rows->empty() && expected != model_.log.end()) fail("read_log found nothing");
  for (const LogRow& row : *rows) {
    if (expected == model_.log.end() || expected->first != row.position || expected->second.bytes != row.event.bytes) {
      fail("read_log gave another row");
      return;
    }
    ++expected;
  }
}

void Life::close() {
  const auto closed = store_->close();
  if (!alive(closed)) return;
  store_.reset();
  unsaved_.clear();
  // A clean close needs nothing of the next start: power may go at once.
  if (random_.chance(1, 3)) disk_.power_cut();
  disk_.restart();
}

void Life::step() {
  now_ += static_cast<std::int64_t>(random_.below(10));
  if (!store_) {
    if (!healed_) {
      disk_.set_faults(shape_.faults);
      if (shape_.fills_up && random_.chance(1, 3)) disk_.set_quota(disk_.used() + random_.below(20'000));
    }
    if (!start()) {
      // Opened, but not to the end: as good as dead.
      if (store_) die(random_.chance(1, 3));
      return;
    }
  }
  if (!healed_) {
    if (random_.chance(shape_.dies, 1'000)) disk_.die_after(1 + random_.below(60));
    if (random_.chance(shape_.restarts, 1'000)) return random_.chance(1, 2) ? die(random_.chance(1, 2)) : close();
    if (shape_.fills_up && random_.chance(1, 20)) {
      disk_.set_quota(random_.chance(1, 2) ? disk_.used() + random_.below(3'000) : kPlenty);
    }
  }
  if (random_.chance(1, 10)) {
    const std::string name = "setting " + std::to_string(random_.below(8));
    unsaved_[name] = bytes(40);
    store_->put_setting(name, unsaved_[name]);
  }
  commit();
  if (store_ && random_.chance(1, 15)) trim();
  if (store_ && random_.chance(1, 10)) read_some();
  if (store_) alive(store_->checkpoint_if_due());
}

Verdict Life::run() {
  for (std::uint64_t i = 0; i < shape_.steps && verdict_.fault.empty(); ++i) step();
  // Whatever has happened, without further faults it starts, and goes on, unaided.
  healed_ = true;
  disk_.set_faults({});
  disk_.set_quota(kPlenty);
  disk_.die_after(0);
  if (verdict_.fault.empty()) die(random_.chance(1, 2));
  const std::uint64_t commits = verdict_.commits;
  for (int i = 0; i < 40 && verdict_.fault.empty() && verdict_.commits < commits + 3; ++i) step();
  if (verdict_.fault.empty() && verdict_.commits < commits + 3) fail("it does not go on");
  if (verdict_.fault.empty()) close();
  if (verdict_.fault.empty()) start();
  disk_.kill();
  store_.reset();
  sqlite::close_abandoned();
  verdict_.power_cuts = disk_.counts().power_cuts;
  verdict_.io_faults = disk_.counts().faults;
  verdict_.operations = disk_.counts().operations;
  verdict_.history = disk_.history();
  return verdict_;
}

}  // namespace

Verdict live(std::uint64_t seed, const Discipline& discipline, Phase phase) {
  return Life(seed, discipline, phase).run();
}

}  // namespace tidemark::test
