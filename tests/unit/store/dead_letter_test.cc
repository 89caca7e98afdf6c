#include "tests/unit/store/fixture.h"

namespace tidemark::test {
namespace {

DeadLetter letter_of(int number) {
  DeadLetter letter;
  letter.arrival = ArrivalTime{number};
  letter.stream = "climate";
  letter.source = "s-" + std::to_string(number);
  letter.topic = "plant/hall 3/\xff";
  letter.reason = "malformed";
  letter.payload = std::string("{\0", 2) + std::to_string(number);
  letter.payload_size = 300'000;
  return letter;
}

void commit_letters(Store& store, const std::vector<DeadLetter>& letters) {
  GroupCommit group;
  group.dead_letters = letters;
  commit(store, group);
}

TEST_CASE("dead letters are kept as they came, in order") {
  Folder folder;
  {
    Started started = start(options_of(folder.file()));
    commit_letters(*started.store, {letter_of(1), letter_of(2)});
    commit_letters(*started.store, {letter_of(3)});
  }
  Started started = start(options_of(folder.file()));
  const auto rows = started.store->read_dead_letters(0, 100).value();
  REQUIRE(rows.size() == 3);
  const DeadLetter expected = letter_of(2);
  CHECK(rows[1].id == 2);
  CHECK(rows[1].letter.arrival == expected.arrival);
  CHECK(rows[1].letter.stream == expected.stream);
  CHECK(rows[1].letter.source == expected.source);
  CHECK(rows[1].letter.topic == expected.topic);
  CHECK(rows[1].letter.reason == expected.reason);
  CHECK(rows[1].letter.payload == expected.payload);
  CHECK(rows[1].letter.payload_size == expected.payload_size);
  CHECK(started.store->read_dead_letters(2, 1).value().at(0).id == 2);
  CHECK(started.store->figures().dead_letters == 3);
  CHECK(started.store->figures().dead_letters_dropped == 0);
}

TEST_CASE("at their bound the oldest go and are counted, also across starts") {
  Folder folder;
  StoreOptions options = options_of(folder.file());
  options.max_dead_letter_bytes = 2'000;
  std::uint64_t sent = 0;
  StoreFigures before;
  for (int life = 0; life < 3; ++life) {
    Started started = start(options);
    for (int i = 0; i < 40; ++i) {
      commit_letters(*started.store, {letter_of(static_cast<int>(++sent))});
      const StoreFigures figures = started.store->figures();
      CHECK(figures.dead_letter_bytes <= 2'000);
      CHECK(figures.dead_letters + figures.dead_letters_dropped == sent);
    }
    before = started.store->figures();
  }
  Started started = start(options);
  const StoreFigures after = started.store->figures();
  CHECK(after.dead_letters == before.dead_letters);
  CHECK(after.dead_letter_bytes == before.dead_letter_bytes);
  CHECK(after.dead_letters_dropped == before.dead_letters_dropped);
  CHECK(after.dead_letters_dropped > 90);
  const auto rows = started.store->read_dead_letters(0, 1'000).value();
  CHECK(rows.size() == after.dead_letters);
  CHECK(rows.back().id == 120);
  CHECK(rows.front().id == after.dead_letters_dropped + 1);
}

TEST_CASE("with no room for any they are only counted") {
  Folder folder;
  StoreOptions options = options_of(folder.file());
  options.max_dead_letter_bytes = 0;
  {
    Started started = start(options);
    commit_letters(*started.store, {letter_of(1), letter_of(2)});
  }
  Started started = start(options);
  commit_letters(*started.store, {letter_of(3)});
  CHECK(started.store->figures().dead_letters == 0);
  CHECK(started.store->figures().dead_letters_dropped == 3);
}

}  // namespace
}  // namespace tidemark::test
