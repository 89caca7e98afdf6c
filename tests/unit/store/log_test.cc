#include "tests/unit/store/fixture.h"

namespace tidemark::test {
namespace {

LogEvent event_of(std::uint64_t sequence, std::uint64_t epoch = 5, std::size_t size = 10) {
  return {epoch, sequence, noise(size, sequence)};
}

std::vector<std::uint64_t> positions(const std::vector<LogRow>& rows) {
  std::vector<std::uint64_t> positions;
  for (const LogRow& row : rows) positions.push_back(row.position);
  return positions;
}

using Positions = std::vector<std::uint64_t>;

TEST_CASE("the log is read from any position, in order, up to a number of bytes but at least one row") {
  Folder folder;
  Started started = start(options_of(folder.file()));
  Store& store = *started.store;
  const std::vector<LogEvent> events = {event_of(1), event_of(2), event_of(3), event_of(4)};
  commit_events(store, events);
  CHECK(positions(read_all(store)) == Positions{1, 2, 3, 4});
  CHECK(positions(store.read_log(0, 1'000).value()) == Positions{1, 2, 3, 4});
  CHECK(positions(store.read_log(3, 1'000).value()) == Positions{3, 4});
  CHECK(store.read_log(5, 1'000).value().empty());
  CHECK(positions(store.read_log(1, 0).value()) == Positions{1});
  CHECK(positions(store.read_log(1, 20).value()) == Positions{1, 2});
  CHECK(positions(store.read_log(1, 29).value()) == Positions{1, 2});
  CHECK(positions(store.read_log(2, 30).value()) == Positions{2, 3, 4});
  CHECK(store.figures().log_rows == 4);
  CHECK(store.figures().log_first == 1);
  CHECK(store.figures().log_last == 4);
}

TEST_CASE("retention removes the oldest rows that were committed before a time") {
  Folder folder;
  Started started = start(options_of(folder.file()));
  Store& store = *started.store;
  for (std::uint64_t i = 1; i <= 6; ++i) {
    const std::vector<LogEvent> events = {event_of(i)};
    commit_events(store, events, ArrivalTime{static_cast<std::int64_t>(i * 10)});
  }
  CHECK(store.trim_log(ArrivalTime{10}, 100) == 0u);  // committed at 10 is not before 10
  CHECK(store.trim_log(ArrivalTime{11}, 100) == 1u);
  CHECK(store.trim_log(ArrivalTime{1'000}, 2) == 2u);
  CHECK(positions(read_all(store)) == Positions{4, 5, 6});
  CHECK(store.figures().log_rows == 3);
  CHECK(store.figures().log_first == 4);
}

TEST_CASE("a row that is not old keeps those behind it, whatever their times say") {
  Folder folder;
  Started started = start(options_of(folder.file()));
  Store& store = *started.store;
  for (const std::int64_t committed : {10, 500, 20}) {
    const std::vector<LogEvent> events = {event_of(1)};
    commit_events(store, events, ArrivalTime{committed});
  }
  CHECK(store.trim_log(ArrivalTime{100}, 100) == 1u);
  CHECK(positions(read_all(store)) == Positions{2, 3});
}

TEST_CASE("a group that does not say when it was committed is not trimmed") {
  Folder folder;
  Started started = start(options_of(folder.file()));
  const std::vector<LogEvent> events = {event_of(1)};
  GroupCommit group;
  group.events = events;
  commit(*started.store, group);
  CHECK(started.store->trim_log(ArrivalTime{INT64_MAX - 1}, 100) == 0u);
}

TEST_CASE("positions, last epoch and last sequence outlive the rows") {
  Folder folder;
  std::uint64_t bytes = 0;
  {
    Started started = start(options_of(folder.file()));
    const std::vector<LogEvent> events = {event_of(41, 9), event_of(42, 9)};
    commit_events(*started.store, events);
    CHECK(started.store->trim_log(ArrivalTime{100}, 100) == 2u);
    CHECK(started.store->figures().log_bytes == 0);
    CHECK(started.store->figures().log_first == 0);
  }
  {
    Started started = start(options_of(folder.file()));
    CHECK(started.recovered.last_epoch == 9);
    CHECK(started.recovered.last_sequence == 42);
    CHECK(started.store->figures().log_rows == 0);
    CHECK(started.store->figures().log_last == 2);
    const std::vector<LogEvent> events = {event_of(1, UINT64_MAX)};
    commit_events(*started.store, events);
    bytes = started.store->figures().log_bytes;
    CHECK(bytes > 0);
  }
  Started started = start(options_of(folder.file()));
  CHECK(positions(read_all(*started.store)) == Positions{3});
  CHECK(started.recovered.last_epoch == UINT64_MAX);
  CHECK(started.recovered.last_sequence == 1);
  CHECK(started.store->figures().log_bytes == bytes);
  CHECK(started.store->figures().log_first == 3);
}

TEST_CASE("a log at its bound refuses events until rows are trimmed, and nothing else") {
  Folder folder;
  StoreOptions options = options_of(folder.file());
  options.max_log_bytes = 1'000;
  Started started = start(options);
  Store& store = *started.store;
  std::uint64_t sequence = 0;
  while (!store.log_full()) {
    const std::vector<LogEvent> events = {event_of(++sequence, 5, 100)};
    commit_events(store, events, ArrivalTime{static_cast<std::int64_t>(sequence)});
  }
  CHECK(sequence >= 9);
  CHECK(sequence <= 11);
  CHECK(store.figures().log_bytes >= 1'000);
  const std::vector<LogEvent> one_more = {event_of(99)};
  GroupCommit group = group_of("plan");
  group.events = one_more;
  const auto refused = store.commit(group);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == StoreError::full);
  CHECK(refused.error().context.find("1000 bytes") != std::string::npos);
  CHECK(store.figures().journal_rows == sequence);
  CHECK(commit(store, group_of("plan without events")) == sequence + 1);
  CHECK(store.trim_log(ArrivalTime{3}, 100) == 2u);
  CHECK_FALSE(store.log_full());
  CHECK(commit(store, group) == sequence + 2);
  CHECK(read_all(store).back().position == sequence + 1);
}

TEST_CASE("figures of the log are the same after a start") {
  Folder folder;
  StoreFigures before;
  {
    Started started = start(options_of(folder.file()));
    for (std::uint64_t i = 1; i <= 50; ++i) {
      const std::vector<LogEvent> events = {event_of(i, 5, i * 17)};
      commit_events(*started.store, events, ArrivalTime{static_cast<std::int64_t>(i)});
    }
    CHECK(started.store->trim_log(ArrivalTime{20}, 100) == 19u);
    before = started.store->figures();
  }
  const StoreFigures after = start(options_of(folder.file())).store->figures();
  CHECK(after.log_rows == 31);
  CHECK(after.log_rows == before.log_rows);
  CHECK(after.log_bytes == before.log_bytes);
  CHECK(after.log_first == before.log_first);
  CHECK(after.log_last == before.log_last);
}

}  // namespace
}  // namespace tidemark::test
