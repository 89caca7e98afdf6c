#include "edge/store/schema.h"
#include "tests/unit/store/fixture.h"

namespace tidemark::test {
namespace {

LogRow row_of(std::uint64_t position, const std::string& bytes) {
  return {position, {0xfedcba9876543210, position + 100, bytes}};
}

TEST_CASE("a parked event is kept as it was, once, in the order of the log, also across starts") {
  Folder folder;
  {
    Started started = start(options_of(folder.file()));
    REQUIRE(started.store->park(row_of(9, "nine"), ArrivalTime{1}));
    REQUIRE(started.store->park(row_of(4, "four"), ArrivalTime{2}));
    // The second word is not heard: a repeat never changes what was parked.
    REQUIRE(started.store->park(row_of(9, "other"), ArrivalTime{3}));
  }
  Started started = start(options_of(folder.file()));
  REQUIRE(started.store->park(row_of(4, "other"), ArrivalTime{4}));
  CHECK(started.store->parked() == std::vector<std::uint64_t>{4, 9});
  const auto rows = started.store->read_parked(1, 1'000).value();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].position == 4);
  CHECK(rows[0].event.bytes == "four");
  CHECK(rows[1].position == 9);
  CHECK(rows[1].event.bytes == "nine");
  CHECK(rows[1].event.epoch == 0xfedcba9876543210);
  CHECK(rows[1].event.sequence == 109);
  CHECK(started.store->read_parked(5, 1'000).value().at(0).position == 9);
  CHECK(started.store->read_parked(1, 1).value().size() == 1);
  CHECK(started.store->figures().parked == 2);
  CHECK(started.store->figures().parked_dropped == 0);
}

TEST_CASE("of parked events the oldest go at the bound and are counted, and the newest always stays") {
  Folder folder;
  StoreOptions options = options_of(folder.file());
  options.max_parked_bytes = 3'500;
  for (std::uint64_t life = 0; life < 2; ++life) {
    Started started = start(options);
    for (std::uint64_t i = 1; i <= 5; ++i) {
      const std::uint64_t number = life * 5 + i;
      REQUIRE(started.store->park(row_of(number, noise(1'000, number)), ArrivalTime{0}));
      const StoreFigures figures = started.store->figures();
      CHECK(figures.parked_bytes <= 3'500);
      CHECK(figures.parked + figures.parked_dropped == number);
    }
  }
  Started started = start(options);
  CHECK(started.store->parked() == std::vector<std::uint64_t>{8, 9, 10});
  CHECK(started.store->figures().parked_dropped == 7);
  REQUIRE(started.store->park(row_of(11, noise(10'000, 11)), ArrivalTime{0}));
  CHECK(started.store->parked() == std::vector<std::uint64_t>{11});
  CHECK(started.store->figures().parked_dropped == 10);
}

TEST_CASE("a parked event whose row is damaged is left out, and what is around it is there") {
  Folder folder;
  {
    Started started = start(options_of(folder.file()));
    for (const std::uint64_t position : {3u, 5u, 7u}) {
      REQUIRE(started.store->park(row_of(position, "event"), ArrivalTime{1}));
    }
    close(started);
  }
  auto opened = sqlite::Connection::open(folder.file(), "");
  REQUIRE(opened);
  REQUIRE((*opened)->execute("UPDATE parked SET position = 6 WHERE position = 5"));
  opened->reset();
  Started started = start(options_of(folder.file()));
  CHECK(started.store->parked() == std::vector<std::uint64_t>{3, 7});
  CHECK(started.store->read_parked(1, 1'000).value().size() == 2);
}

TEST_CASE("a file of the first version gets the table and keeps what it holds") {
  Folder folder;
  {
    Started started = start(options_of(folder.file()));
    commit(*started.store, group_of("plan"));
    close(started);
  }
  {
    auto opened = sqlite::Connection::open(folder.file(), "");
    REQUIRE(opened);
    REQUIRE((*opened)->execute("DROP TABLE parked; PRAGMA user_version=1"));
  }
  Started started = start(options_of(folder.file()));
  CHECK(started.rows.size() == 1);
  REQUIRE(started.store->park(row_of(1, "event"), ArrivalTime{1}));
  CHECK(started.store->figures().parked == 1);
}

}  // namespace
}  // namespace tidemark::test
